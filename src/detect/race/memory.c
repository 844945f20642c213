#include "detect/race/memory.h"

#include "detect/base/assumed.h"
#include "detect/base/slot.h"
#include "detect/base/thread.h"
#include "detect/race/atomics/atomic_location.h"
#include "detect/race/race.h"
#include "detect/predicate/predicate.h"
#include "detect/race/updates/update.h"

/* --- Before clocks ----------------------------------------------------------- */

/* May @word, of one of a granule's planes, say that @thread accessed some of @bytes in
 * its present epoch? */
static bool may_be_mine(const struct thread *thread, uint64_t word, uint32_t bytes)
{
	if (!word || shadow_form(word) == SHADOW_FREED)
		return false;
	return shadow_form(word) != SHADOW_PLAIN ||
	       (shadow_is_same_epoch(word, *thread->clocks.current) && shadow_bytes(word) & bytes);
}

/* Number @i of the granules of a plane that @other has pending; the last is on its way to
 * shadow memory. */
static const struct pending_granule *pending_of(const struct thread *other, bool is_write,
						uint32_t i)
{
	return i < PENDING_GRANULES ? &other->accesses.pending[is_write][i]
				    : &other->accesses.under_way[is_write];
}

/* How many places of what @other has pending has @thread accessed in its present epoch?  relaxed:
 * the store that @thread acquires from was seen, and with it all that @other did before. */
static uint32_t count_met_pending(const struct thread *thread, const struct thread *other)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < 2 * (PENDING_GRANULES + 1); i++) {
		bool is_write = i > PENDING_GRANULES;
		const struct pending_granule *pending =
			pending_of(other, is_write, i % (PENDING_GRANULES + 1));
		uintptr_t granule = load_relaxed(&pending->granule);
		uint32_t bytes = load_relaxed(&pending->bytes);

		if (!granule)
			continue;
		if (may_be_mine(thread, load_relaxed(shadow_of(granule).write), bytes) ||
		    (is_write && may_be_mine(thread, load_relaxed(shadow_of(granule).read), bytes)))
			count += load_relaxed(&pending->is_mixed) ? 2 : 1;
	}
	return count;
}

static uint32_t count_met_late(struct detector *detector, const struct thread *thread,
			       uint64_t word)
{
	const struct thread *other;
	uint32_t count = 0;

	if (!thread->clocks.has_recorded || race_is_ordered(thread, word))
		return 0;
	runtime_lock(&detector->lock);
	other = slot_thread(detector, shadow_slot(word));
	if (other && other != thread && load_relaxed(&other->accesses.has_pending))
		count = count_met_pending(thread, other);
	runtime_unlock(&detector->lock);
	return count;
}

static uint8_t *count_held_back(struct detector *detector, uint32_t pair)
{
	return &detector->held_back[pair % HELD_BACK_PAIRS];
}

/* relaxed: a count that is a few too low does no harm. */
bool memory_holds_back(struct detector *detector, const struct finding_pairs *pairs)
{
	for (uint32_t i = 0; i < FINDING_PAIRS_MAX && pairs->numbers[i]; i++) {
		uint8_t *count = count_held_back(detector, pairs->numbers[i]);

		if (load_relaxed(count) >= HELD_BACK_MAX)
			return false;
		store_relaxed(count, (uint8_t)(load_relaxed(count) + 1));
	}
	return pairs->numbers[0];
}

static void assume(struct detector *detector, struct thread *thread, uint64_t word, uint32_t pair,
		   bool begins_epoch)
{
	struct clock_joiner by = memory_before_join(detector, thread);

	if (begins_epoch)
		clock_end_epoch((struct clock_releaser){thread});
	if (pair && load_relaxed(count_held_back(detector, pair)) >= HELD_BACK_MAX)
		pair = 0;
	assume_acquire(detector, by, shadow_slot(word), shadow_epoch(word), pair);
}

void memory_assume_acquire(struct detector *detector, struct thread *thread, uint64_t word,
			   uint32_t pair)
{
	memory_flush(detector, thread);
	assume(detector, thread, word, pair, count_met_late(detector, thread, word) > 0);
}

void memory_assume_acquired(struct detector *detector, struct thread *thread, uint64_t word,
			    uint32_t pair)
{
	memory_flush(detector, thread);
	assume(detector, thread, word, pair, count_met_late(detector, thread, word) == 1);
}

/* Has @thread read, in another granule than @granule, where @other has the write of a plain
 * move pending?  relaxed: as in has_met_pending() */
static bool has_read_pending(const struct detector *detector, const struct thread *thread,
			     const struct thread *other, uintptr_t granule)
{
	for (uint32_t i = 0; i <= PENDING_GRANULES; i++) {
		const struct pending_granule *pending = pending_of(other, true, i);
		const struct site *site = site_get(&detector->sites, load_relaxed(&pending->site));
		uintptr_t place = load_relaxed(&pending->granule);
		uint64_t word = place ? load_relaxed(shadow_of(place).read) : 0;

		if (!word || place == granule || !site || !(site->flags & SITE_PLAIN_MOVE))
			continue;
		if (shadow_form(word) != SHADOW_PLAIN ||
		    (shadow_slot(word) == thread->slot &&
		     shadow_bytes(word) & load_relaxed(&pending->bytes)))
			return true;
	}
	return false;
}

bool memory_acquire_unseen(struct detector *detector, struct thread *thread, uint64_t word,
			   uintptr_t granule)
{
	const struct thread *other;
	uint64_t unseen = 0;

	runtime_lock(&detector->lock);
	other = slot_thread(detector, shadow_slot(word));
	if (other && other != thread && has_read_pending(detector, thread, other, granule))
		unseen = shadow_plain(other->slot, load_relaxed(&other->clocks.recorded_epoch), 0);
	runtime_unlock(&detector->lock);
	if (unseen)
		memory_assume_acquired(detector, thread, unseen, 0);
	return unseen && race_is_ordered(thread, word);
}

/* In this order: recording may find that a load was an atomic one. */
void memory_settle(struct detector *detector, struct thread *thread)
{
	memory_flush(detector, thread);
	if (thread->accesses.acquires_due)
		atomic_catch_up(detector, thread);
	if (thread->accesses.stale_read_count)
		stale_reads_acquire(detector, thread);
}

void memory_before_order(struct detector *detector, struct thread *thread)
{
	if (thread->accesses.acquires_due)
		atomic_catch_up(detector, thread);
}

void memory_end_assumed_epoch(struct detector *detector, struct thread *thread)
{
	/* relaxed: a thread that acquires just now has made no access since. */
	if (!thread->clocks.has_recorded ||
	    load_relaxed(&thread->clocks.assumed_epoch) != thread->clocks.recorded_epoch)
		return;
	memory_flush(detector, thread);
	clock_end_epoch((struct clock_releaser){thread});
}

void memory_settle_lock(struct detector *detector, struct thread *thread,
			const struct sync_object *object)
{
	memory_settle(detector, thread);
	if (thread->accesses.stale_read_count)
		update_report_late(detector, thread);
	predicate_release(thread);
	if (thread->accesses.stale_read_count && object->info)
		stale_reads_split(thread, object->info->id);
}
