#include "detect/race/memory.h"

#include "detect/base/thread.h"
#include "detect/race/atomics/asleep.h"
#include "detect/race/race.h"
#include "detect/race/record_fast.h"
#include "detect/race/updates/update.h"
#include "detect/shadow/claim.h"
#include "detect/shadow/read_set.h"
#include "detect/shadow/summary.h"

static void forget_all(struct thread *thread, uintptr_t first, uintptr_t last)
{
	cells_clear(thread, first, last);
	shadow_clear(first, last - first);
}

/* Whoever has the atomic location alone that may sleep there. */
static void wake_granule(struct detector *detector, const struct thread *thread,
			 struct shadow shadow)
{
	uint64_t read = load_acquire(shadow.read);

	if (shadow_form(read) == SHADOW_ASLEEP)
		atomic_wake(detector, thread, read);
}

/* The granule of @address is only in part of the memory that begins. */
static void clear_part(struct detector *detector, struct thread *thread, uintptr_t granule,
		       uint32_t bytes)
{
	struct shadow shadow = shadow_of(granule);
	uint64_t word;

	wake_granule(detector, thread, shadow);
	word = load_acquire(shadow.write);
	if (shadow_form(word) == SHADOW_ATOMIC)
		atomic_forget(detector, thread, word, bytes);
	race_take_bytes(detector, thread, race_place(shadow, granule, true), bytes, 0);
	race_take_bytes(detector, thread, race_place(shadow, granule, false), bytes, 0);
}

void access_memory_begins(struct detector *detector, struct thread *thread, uintptr_t start,
			  size_t size_bytes)
{
	uintptr_t end = start + size_bytes;
	uintptr_t first = (start + SHADOW_GRANULE - 1) & ~(uintptr_t)(SHADOW_GRANULE - 1);
	uintptr_t last = end & ~(uintptr_t)(SHADOW_GRANULE - 1);

	if (!size_bytes || !shadow_covers(start) || !shadow_covers(end - 1))
		return;
	memory_flush(detector, thread);
	memory_forget_ahead(thread);
	update_life_changes(detector, start, size_bytes);
	if (start < first)
		clear_part(detector, thread, first - SHADOW_GRANULE,
			   race_bytes_in(first - SHADOW_GRANULE, start, end));
	if (last < end && last >= first)
		clear_part(detector, thread, last, race_bytes_in(last, start, end));
	if (first < last)
		forget_all(thread, first, last);
}

#define MARK_ALWAYS 1024u /* bytes of a block whose end is noted even where untouched */

/* The thread's own write, @write, may have replaced reads that it may race with
 * (note_replaced() in classify.c): compares these with the free. */
static void meet_replaced(struct race_step *step, uint64_t write)
{
	for (uint32_t i = 0; i < REPLACED_READS; i++) {
		struct replaced_read *replaced = &step->thread->accesses.replaced[i];

		if (replaced->granule != step->granule ||
		    !shadow_is_same_epoch(write, replaced->write) ||
		    race_is_ordered(step->thread, replaced->read))
			continue;
		replaced->granule = 0;
		step->site = step->access->site;
		step->other = replaced->read;
		step->other_is_write = false;
		step->other_is_freed = false;
		step->other_origin = replaced->origin;
		step->other_site = origin_site(step->detector, replaced->origin);
		step->shared_bytes = shadow_bytes(replaced->read);
		race_classify(step);
	}
}

/* Is a read of the access's memory among those? */
static bool has_replaced(const struct thread *thread, const struct access *access)
{
	for (uint32_t i = 0; i < REPLACED_READS; i++)
		if (thread->accesses.replaced[i].granule + SHADOW_GRANULE - access->address <
		    access->size_bytes + SHADOW_GRANULE)
			return true;
	return false;
}

/* The usual free: all accesses to the granule come before.  False: some may not. */
static inline bool free_quickly(struct race_step *step, struct shadow shadow, uint64_t freed)
{
	uint64_t write = load_relaxed(shadow.write);
	uint64_t read = load_relaxed(shadow.read);
	origin_id mine = race_origin(step);

	if (!race_is_past(step->thread, write) || !race_is_past(step->thread, read) ||
	    !race_exchange(step->detector, race_place(shadow, step->granule, true), &write, freed,
			   mine))
		return false;
	origin_store(&shadow.origins->write, mine, freed);
	/* acquire, after the exchange: pairs with the other side's exchange and look. */
	return claim_look(shadow.read) == read &&
	       (!read || claim_exchange(step->detector, shadow.read, &read, 0));
}

static uint64_t freed_word(const struct race_step *step)
{
	return step->mine | (uint64_t)SHADOW_FREED << SHADOW_FORM_SHIFT;
}

/* Is the end of @granule noted even if it is untouched? */
static bool is_marked(const struct race_step *step, uintptr_t granule)
{
	return granule - step->access->address < MARK_ALWAYS;
}

/* Forgets the reads of up to @count granules whose write words are freed, while all come before.
 * Returns how many are done.  acquire, after that claim: pairs with the other side's exchange
 * and look. */
static uint32_t forget_reads(const struct race_step *step, uint64_t *reads, uint32_t count)
{
	uint64_t *turn = claim_turn_of(reads);
	uint64_t past = 0, taken;
	uint32_t done = 0;

	claim_mind_runs(reads);
	while (done < count && !load_acquire(&reads[done]))
		done++;
	if (done == count || !claim_begin(step->detector, turn, &taken))
		return done;
	for (; done < count; done++) {
		uint64_t read = load_acquire(&reads[done]);

		if (read != past && !race_is_past(step->thread, read))
			break;
		past = read;
		if (read)
			store_relaxed(&reads[done], 0); /* relaxed: claim_end() orders it */
	}
	claim_end(turn, taken);
	return done;
}

/* The same for up to @count granules of one page of each plane, under claims: while all accesses
 * come before.  Returns how many are done. */
static uint32_t free_past(struct race_step *step, uint32_t count)
{
	struct shadow shadow = shadow_of(step->granule);
	uint64_t freed = freed_word(step);
	uint32_t origin = origin_tagged(race_origin(step), freed);
	uint64_t *turn = claim_turn_of(shadow.write);
	uint64_t past = 0, past_read = 0, taken;
	uint32_t stored;

	if (!claim_begin(step->detector, turn, &taken))
		return 0;
	for (stored = 0; stored < count; stored++) {
		uint64_t write = load_acquire(&shadow.write[stored]);
		uint64_t read = load_acquire(&shadow.read[stored]);

		if ((write != past && !race_is_past(step->thread, write)) ||
		    (read != past_read && !race_is_past(step->thread, read)))
			break;
		past = write;
		past_read = read;
		if (!write && !read && !is_marked(step, step->granule + stored * SHADOW_GRANULE))
			continue;
		store_relaxed(&shadow.write[stored], freed); /* relaxed: claim_end() orders it */
		store_release(&shadow.origins[stored].write, origin); /* as in origin_store() */
	}
	claim_end(turn, taken);
	return forget_reads(step, shadow.read, stored);
}

/* Do all accesses that @word, found at @place, tells of come before? */
static bool is_all_past(const struct race_step *step, const uint64_t *place, uint64_t word)
{
	uint32_t next = 0;

	if (cells_are(word))
		return record_are_clear(step->thread, place, word, SHADOW_ALL_BYTES);
	return race_is_past(step->thread, word) ||
	       (shadow_form(word) == SHADOW_SET &&
		!read_set_unordered(step->detector, step->thread, word, &next));
}

#define RECORDS_AHEAD 8u

/* Of up to how many of @count words, all in one page. */
static uint32_t count_past(const struct race_step *step, const uint64_t *words, uint32_t count)
{
	uint64_t past = 0;
	uint32_t at = 0, alike;

	for (; at < count; at += alike) {
		uint64_t word = claim_ask_many(&words[at], &alike);

		if (word != past && !is_all_past(step, &words[at], word))
			return at;
		past = word;
		if (cells_are(word) && at + RECORDS_AHEAD < count)
			__builtin_prefetch(cells_of(words[at + RECORDS_AHEAD]).words);
	}
	return count;
}

/* The same of both planes. */
static uint32_t count_dropped(const struct race_step *step, uint32_t count)
{
	struct shadow shadow = shadow_places(step->granule);

	count = count_past(step, shadow.write, count);
	return count_past(step, shadow.read, count);
}

#define PAST_LEAST 16u /* granules, for which a claim is worth while */
#define PAST_PAUSE 64u

/* How many words there are from @place on in its page. */
static uint32_t left_in_page(const uint64_t *place)
{
	return CLAIM_WORDS - (uintptr_t)place / sizeof(*place) % CLAIM_WORDS;
}

/* As many as may be; where there were few, tries again after some more. */
static uint32_t free_run(struct race_step *step, uintptr_t end, uintptr_t *next_try)
{
	struct shadow shadow = shadow_places(step->granule);
	size_t most = (end - step->granule) / SHADOW_GRANULE;
	uint32_t count = left_in_page(shadow.write);

	if (left_in_page(shadow.read) < count)
		count = left_in_page(shadow.read);
	if (most < count)
		count = (uint32_t)most;
	if (step->is_dropped)
		return count_dropped(step, count);
	if (step->granule < *next_try || count < PAST_LEAST)
		return 0;
	count = free_past(step, count);
	if (count < PAST_LEAST)
		*next_try = step->granule + PAST_PAUSE * SHADOW_GRANULE;
	return count;
}

/* The end of a granule's life is compared like a write. */
static void free_granule(struct race_step *step, bool meets)
{
	struct shadow shadow = shadow_of(step->granule);
	struct race_place place = race_place(shadow, step->granule, true);
	uint64_t freed = freed_word(step);
	uint64_t write;
	uint64_t read;

	if (!is_marked(step, step->granule) && !load_relaxed(shadow.write) &&
	    !load_relaxed(shadow.read))
		return;
	if (!meets && LIKELY(free_quickly(step, shadow, freed)))
		return;
	wake_granule(step->detector, step->thread, shadow);
	write = load_acquire(shadow.write);
	if (shadow_form(write) == SHADOW_ATOMIC)
		atomic_compare_end(step, write);
	meet_replaced(step, write);
	do {
		write = race_compare(step, place);
	} while (!race_exchange(step->detector, place, &write, freed, race_origin(step)));
	do {
		read = race_compare(step, race_place(shadow, step->granule, false));
	} while (!claim_exchange(step->detector, shadow.read, &read, 0));
	summary_revoke(step->granule);
	cells_free(step->thread, write);
	cells_free(step->thread, read);
	origin_put(&shadow.origins->write, shadow.write, race_origin(step), freed);
}

static void end_memory(struct detector *detector, struct thread *thread,
		       const struct access *access, bool is_dropped)
{
	uintptr_t end = access->address + access->size_bytes;
	uintptr_t granule = access->address & ~(uintptr_t)(SHADOW_GRANULE - 1);
	struct race_step step = {
		.detector = detector,
		.thread = thread,
		.access = access,
		.is_write = true,
		.is_freeing = true,
		.is_dropped = is_dropped,
		.keeps_callers = true,
		.bytes = SHADOW_ALL_BYTES,
	};
	uintptr_t next_try = 0;
	uint32_t count;
	bool meets;

	memory_flush(detector, thread);
	memory_forget_ahead(thread);
	if (!race_begin(detector, thread, access))
		return;
	update_life_changes(detector, access->address, access->size_bytes);
	meets = has_replaced(thread, access);
	for (; granule < end; granule += count * SHADOW_GRANULE) {
		step.granule = granule;
		memory_before_record(detector, thread);
		step.mine = *thread->clocks.current;
		count = meets ? 0 : free_run(&step, end, &next_try);
		if (!count) {
			free_granule(&step, meets);
			count = 1;
		}
	}
}

void access_memory_freed(struct detector *detector, struct thread *thread,
			 const struct access *access)
{
	end_memory(detector, thread, access, false);
}

void access_memory_dropped(struct detector *detector, struct thread *thread,
			   const struct access *access)
{
	end_memory(detector, thread, access, true);
}
