#include "detect/shadow/read_lines.h"

#include "detect/base/detector.h"
#include "detect/base/thread.h"
#include "detect/shadow/claim.h"
#include "detect/shadow/read_set.h"

_Static_assert(sizeof(struct read_line) == 64, "no two threads store to one cache line");
_Static_assert(READ_LINES_RECORDS *READ_LINES_SLOTS * sizeof(struct read_line) <=
		       SHADOW_READ_LINES_BYTES,
	       "all records have their room");

#define LOOKS 8u	/* at records, for a free one */
#define NOTE_SLEEPS 40u /* some 40 ms */

/* A word with lines, and what was said of its granule before. */
struct record {
	uintptr_t granule;
	uint64_t word; /* its serial grows with each life */
	struct cell_list before;
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

/* --- Which granules are hot -------------------------------------------------- */

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
	word = load_acquire(shadow_of(record->granule).read);
	return word != record->word && word != read_lines_busy(record->word) &&
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

static bool make_under_lock(struct detector *detector, uint64_t *place, uintptr_t granule,
			    uint64_t old, const struct cell_list *before)
{
	struct record *record = take_record();
	uint64_t found = old;

	if (!record)
		return false;
	record->granule = granule;
	record->before = *before;
	for (uint32_t i = before->count; i < CELLS_MAX; i++)
		record->before.cells[i].word = 0;
	if (claim_exchange(detector, place, &found, record->word))
		return true;
	if (found != old)
		record->granule = 0;
	return false;
}

bool read_lines_make(struct detector *detector, struct thread *thread, uint64_t *place,
		     uintptr_t granule, uint64_t old, const struct cell_list *before)
{
	bool is_made;

	/* The words of atomic locations are somewhere else. */
	if (place != shadow_of(granule).read || !spin_lock(&read_lines_lock))
		return false;
	is_made = make_under_lock(detector, place, granule, old, before);
	spin_unlock(&read_lines_lock);
	if (is_made)
		cells_free(thread, old);
	return is_made;
}

void read_lines_each_word(void (*each)(void *context, uint64_t word), void *context)
{
	/* relaxed: they may be old. */
	for (uint32_t i = 0; i < READ_LINES_RECORDS * CELLS_MAX; i++)
		each(context,
		     load_relaxed(&table.records[i / CELLS_MAX].before.cells[i % CELLS_MAX].word));
}

/* --- Lines ------------------------------------------------------------------ */

/* Where @line has the last read of @bytes, or has room for it; NULL: nowhere. */
static struct read_note *find_note(struct read_line *line, uint64_t stamp, uint32_t bytes)
{
	struct read_note *unused = NULL;

	for (uint32_t i = 0; i < READ_NOTES; i++) {
		struct read_note *note = &line->notes[i];

		/* relaxed: the line is the thread's own. */
		if ((load_relaxed(&note->stamp) ^ stamp) & READ_LINES_SERIAL_MAX)
			unused = note;
		else if ((load_relaxed(&note->read) & SHADOW_ALL_BYTES) == bytes)
			return note;
	}
	return unused;
}

/* Epochs of 24 bits tell which stamp a note's other half belongs to, as tags of 8 bits do not. */
#define NOTED_EPOCH(epoch) ((uint32_t)(epoch) << SHADOW_FORM_SHIFT)

bool read_line_note(struct detector *detector, const uint64_t *place, uint64_t word,
		    uint64_t current, uint32_t bytes, origin_id origin)
{
	uint64_t stamp = read_line_stamp(word, current);
	struct read_note *note = find_note(read_line_of(word, current), stamp, bytes);

	if (!note)
		return false;
	/* relaxed: the epoch says whether it belongs to the stamp. */
	store_relaxed(&note->read, (uint64_t)origin_tagged(origin, current) << 32 |
					   NOTED_EPOCH(shadow_epoch(current)) | bytes);
	/* Orders the line before both looks at the shadow words. */
	exchange_acq_rel(&note->stamp, stamp);
	return claim_has_left(detector, place, word);
}

/* What a note says. */
struct noted_read {
	uint64_t word; /* plain; 0: nothing, in the life of the record's word */
	origin_id origin;
};

static struct noted_read try_note(const struct read_note *note, uint32_t slot, uint64_t word,
				  bool *is_torn)
{
	uint64_t stamp = load_acquire(&note->stamp);
	uint64_t read = load_acquire(&note->read);
	uint64_t epoch = stamp >> READ_LINES_SERIAL_BITS;
	uint32_t origin = (uint32_t)(read >> 32);
	struct noted_read found = {0, 0};

	*is_torn = false;
	if ((stamp & READ_LINES_SERIAL_MAX) != word >> READ_LINES_SERIAL_SHIFT)
		return found;
	found.word = shadow_plain(slot, epoch, (uint32_t)read & SHADOW_ALL_BYTES);
	*is_torn = ((uint32_t)read ^ NOTED_EPOCH(epoch)) >> SHADOW_FORM_SHIFT ||
		   !origin_find(&origin, found.word, &found.origin);
	return found;
}

/* A thread may be between the two stores of its note: the bytes are the same before and after,
 * the origin is not known if it does not go on for long. */
static struct noted_read load_note(const struct read_note *note, uint32_t slot, uint64_t word)
{
	struct noted_read read = {0, 0};
	bool is_torn = true;

	for (uint32_t tries = 0; is_torn && tries < SPIN_PAUSES + NOTE_SLEEPS; tries++) {
		if (tries)
			spin_wait(tries);
		read = try_note(note, slot, word, &is_torn);
	}
	return read;
}

/* --- Folding ---------------------------------------------------------------- */

struct folding {
	uint64_t word;
	uint32_t bytes; /* that are asked for */
	struct origin_part parts[ORIGIN_PARTS];
	uint32_t part_count;
};

/* A read_set_reader. */
static uint64_t find_read(void *context, uint32_t slot)
{
	struct folding *folding = context;
	const struct read_line *line = &read_lines_of(folding->word)[slot];
	struct noted_read last = {0, 0};

	for (uint32_t i = 0; i < READ_NOTES; i++) {
		struct noted_read read = load_note(&line->notes[i], slot, folding->word);

		if (!(folding->bytes & ~shadow_bytes(read.word)) &&
		    shadow_epoch(read.word) >= shadow_epoch(last.word))
			last = read;
	}
	if (last.word && folding->part_count < ORIGIN_PARTS)
		folding->parts[folding->part_count++] =
			(struct origin_part){(uint16_t)slot, (uint8_t)folding->bytes, last.origin};
	return last.word & ~(uint64_t)SHADOW_ALL_BYTES;
}

/* Splits classes of bytes, so that each has all of @bytes or none. */
static uint32_t split_classes(uint32_t *classes, uint32_t count, uint32_t bytes)
{
	for (uint32_t i = count; i-- > 0;) {
		uint32_t inside = classes[i] & bytes;

		if (!inside || inside == classes[i])
			continue;
		classes[count++] = classes[i] & ~bytes;
		classes[i] = inside;
	}
	return count;
}

/* Which bytes a note in the life of @word is of.  relaxed: the fold's exchange comes before. */
static uint32_t note_bytes(const struct read_note *note, uint64_t word)
{
	uint64_t serial = load_relaxed(&note->stamp) & READ_LINES_SERIAL_MAX;

	return serial == word >> READ_LINES_SERIAL_SHIFT
		       ? (uint32_t)load_relaxed(&note->read) & SHADOW_ALL_BYTES
		       : 0;
}

/* Which bytes have been read by the same threads, as far as is known. */
static uint32_t find_classes(const struct detector *detector, const struct record *record,
			     uint64_t word, uint32_t *classes)
{
	uint32_t count = 1;
	/* relaxed: who has a line got the slot before. */
	uint32_t slots = load_relaxed(&detector->next_slot);

	classes[0] = SHADOW_ALL_BYTES;
	for (uint32_t i = 0; i < record->before.count; i++)
		count = split_classes(classes, count, shadow_bytes(record->before.cells[i].word));
	for (uint32_t slot = 0; slot < slots && slot <= SHADOW_SLOT_MAX; slot++)
		for (uint32_t i = 0; i < READ_NOTES; i++)
			count = split_classes(
				classes, count,
				note_bytes(&read_lines_of(word)[slot].notes[i], word));
	return count;
}

/* What was said of @bytes, all of one class, before the lines. */
static struct cell find_before(const struct record *record, uint32_t bytes)
{
	for (uint32_t i = 0; i < record->before.count; i++)
		if (shadow_bytes(record->before.cells[i].word) & bytes)
			return record->before.cells[i];
	return (struct cell){0, 0};
}

static struct cell fold_class(struct detector *detector, struct thread *thread,
			      const struct record *record, uint64_t word, uint32_t bytes)
{
	struct folding folding = {.word = word, .bytes = bytes};
	struct cell cell = find_before(record, bytes);
	uint64_t base = cell.word & ~(uint64_t)SHADOW_ALL_BYTES;

	cell.word = read_set_merge(detector, thread, base, find_read, &folding);
	if (cell.word)
		cell.word |= bytes;
	if (folding.part_count)
		cell.origin = origin_join_all(detector, cell.origin, shadow_slot(base), bytes,
					      folding.parts, folding.part_count);
	return cell;
}

bool read_lines_fold(struct detector *detector, struct thread *thread, uint64_t *place,
		     uint64_t word, struct cell_list *list)
{
	const struct record *record = record_of(word);
	uint32_t classes[CELLS_MAX];
	uint64_t expected = word;
	uint32_t count;

	if (!claim_exchange(detector, place, &expected, read_lines_busy(word)))
		return false;
	count = find_classes(detector, record, word, classes);
	list->count = 0;
	for (uint32_t i = 0; i < count; i++) {
		struct cell cell = fold_class(detector, thread, record, word, classes[i]);

		if (cell.word)
			list->cells[list->count++] = cell;
	}
	return true;
}
