#include "detect/shadow/read_lines.h"

#include "detect/base/detector.h"
#include "detect/base/thread.h"
#include "detect/shadow/read_set.h"

_Static_assert(sizeof(struct read_line) == 64, "no two threads store to one cache line");
_Static_assert(READ_LINES_RECORDS *READ_LINES_SLOTS * sizeof(struct read_line) <=
		       SHADOW_READ_LINES_BYTES,
	       "all records have their room");

#define LOOKS 8u /* at records, for a free one */

/* A word with lines, and what was said of it before. */
struct record {
	uintptr_t granule;
	uint64_t word;	 /* without bytes; its serial grows with each life */
	uint64_t before; /* plain or of a set, without bytes; 0: nothing */
	origin_id before_origin;
};

/* The records belong to the process, as shadow memory does. */
static struct {
	struct record records[READ_LINES_RECORDS];
	uint32_t turn;
} table;

struct spin_lock read_lines_lock;

static struct record *record_of(uint64_t word)
{
	return &table.records[shadow_number(word) % READ_LINES_RECORDS];
}

static uint64_t without_bytes(uint64_t word)
{
	return word & ~(uint64_t)SHADOW_ALL_BYTES;
}

static uint64_t busy_word(uint64_t word)
{
	return word ^ (uint64_t)(SHADOW_LINES ^ SHADOW_BUSY) << SHADOW_FORM_SHIFT;
}

/* --- Which words are hot ---------------------------------------------------- */

/* Sets that are made by the way, for few other words, count as well; those that many
 * words of an array share are what sets are for. */
bool read_lines_is_hot(const struct detector *detector, struct thread *thread, uintptr_t granule)
{
	struct shadow_cache *cache = thread->memory->shadow;
	struct hot_read *hot = &cache->hot_reads[granule / SHADOW_GRANULE % HOT_READS];
	uint32_t after = detector->lines_after;

	if (hot->granule != granule || cache->quick_joins - hot->quick_joins > 4 * after)
		*hot = (struct hot_read){granule, 0, cache->quick_joins};
	if (++hot->new_sets < after)
		return false;
	hot->granule = 0;
	return true;
}

/* --- Records ---------------------------------------------------------------- */

/* Words go without notice when memory begins a new life.  Under read_lines_lock. */
static bool is_free(const struct record *record)
{
	uint64_t word;

	if (!record->granule)
		return record->word >> READ_LINES_SERIAL_SHIFT < READ_LINES_SERIAL_MAX;
	word = without_bytes(load_acquire(shadow_of(record->granule).read));
	return word != record->word && word != busy_word(record->word) &&
	       record->word >> READ_LINES_SERIAL_SHIFT < READ_LINES_SERIAL_MAX;
}

/* A record in its next life; NULL: few are free. */
static struct record *take_record(void)
{
	for (uint32_t i = 0; i < LOOKS; i++) {
		uint32_t index = table.turn++ % READ_LINES_RECORDS;
		struct record *record = &table.records[index];
		uint64_t serial = record->word >> READ_LINES_SERIAL_SHIFT;

		if (!is_free(record))
			continue;
		record->word = (serial + 1) << READ_LINES_SERIAL_SHIFT |
			       (uint64_t)index << SHADOW_EPOCH_SHIFT |
			       (uint64_t)SHADOW_LINES << SHADOW_FORM_SHIFT;
		return record;
	}
	return NULL;
}

static uint64_t make_under_lock(struct thread *thread, struct read_place place, uint64_t old,
				origin_id origin, origin_id mine)
{
	struct record *record = take_record();
	uint64_t word;

	if (!record)
		return 0;
	word = record->word | shadow_bytes(old);
	record->granule = place.granule;
	record->before_origin = origin;
	store_relaxed(&record->before, without_bytes(old)); /* relaxed: the exchange orders it */
	read_line_note(place.word, word, *thread->clocks.current, mine);
	if (compare_exchange_acq_rel(place.word, &old, word))
		return word;
	record->granule = 0;
	return 0;
}

uint64_t read_lines_make(struct thread *thread, struct read_place place, uint64_t old,
			 origin_id origin, origin_id mine)
{
	uint64_t word;

	/* The words of atomic locations are somewhere else. */
	if (place.word != shadow_of(place.granule).read || !spin_lock(&read_lines_lock))
		return 0;
	word = make_under_lock(thread, place, old, origin, mine);
	spin_unlock(&read_lines_lock);
	return word;
}

void read_lines_each_word(void (*each)(void *context, uint64_t word), void *context)
{
	for (uint32_t i = 0; i < READ_LINES_RECORDS; i++)
		each(context, load_relaxed(&table.records[i].before)); /* relaxed: may be old */
}

/* --- Folding ---------------------------------------------------------------- */

struct folding {
	uint64_t word;
	struct origin_part parts[ORIGIN_PARTS];
	uint32_t part_count;
};

/* The read that @line has in the life of @word, as a plain word without bytes; 0: none. */
static uint64_t read_of_line(const struct read_line *line, uint32_t slot, uint64_t word)
{
	uint64_t stamp = load_acquire(&line->stamp);

	if ((stamp & READ_LINES_SERIAL_MAX) != word >> READ_LINES_SERIAL_SHIFT)
		return 0;
	return shadow_plain(slot, stamp >> READ_LINES_SERIAL_BITS, 0);
}

/* A thread may be between the two stores of its line. */
static uint64_t settle_line(const struct read_line *line, uint32_t slot, uint64_t word,
			    origin_id *origin)
{
	uint64_t read = read_of_line(line, slot, word);

	*origin = 0;
	for (uint32_t tries = 0; read && !origin_find(&line->origin, read, origin); tries++) {
		if (tries == 2 * SPIN_PAUSES)
			break;
		spin_wait(tries < SPIN_PAUSES ? tries : SPIN_PAUSES);
		read = read_of_line(line, slot, word);
	}
	return read;
}

static uint64_t take_line(void *context, uint32_t slot)
{
	struct folding *folding = context;
	uint32_t last = folding->part_count;
	origin_id origin;
	uint64_t read =
		settle_line(&read_lines_of(folding->word)[slot], slot, folding->word, &origin);

	if (read && last < ORIGIN_PARTS) {
		folding->parts[last] = (struct origin_part){
			(uint16_t)slot, (uint8_t)shadow_bytes(folding->word), origin};
		folding->part_count++;
	}
	return read;
}

void read_lines_fold(struct detector *detector, struct thread *thread, struct read_place place,
		     uint64_t word)
{
	const struct record *record = record_of(word);
	struct folding folding = {.word = word};
	uint64_t busy = busy_word(word);
	uint64_t expected = word;
	uint64_t folded;
	origin_id origin;

	if (!compare_exchange_acq_rel(place.word, &expected, busy))
		return;
	folded = read_set_merge(detector, thread, record->before, take_line, &folding);
	origin = origin_join_all(detector, record->before_origin, shadow_slot(record->before),
				 shadow_bytes(word), folding.parts, folding.part_count);
	if (folded)
		folded |= shadow_bytes(word);
	/* Memory that begins a new life has no busy words. */
	if (!compare_exchange_acq_rel(place.word, &busy, folded))
		return;
	if (folded)
		origin_put(place.origin, place.word, origin, folded);
	if (shadow_form(folded) == SHADOW_SET)
		read_set_mark(detector, detector->read_sets, place.granule);
}
