#include "detect/race/race.h"

#include "detect/base/assumed.h"
#include "detect/race/atomics/atomic_location.h"
#include "detect/race/memory.h"
#include "detect/race/updates/update.h"

/* Not by a hash: who looks at two places in turn would forget one of them for ever, as the other
 * one may be new to each look, and that one known. */
void race_await(struct thread *thread, uintptr_t granule, uint32_t bytes)
{
	struct awaited_place *awaited = thread->accesses.awaited;
	uint32_t at = 0;

	while (at < AWAITED_PLACES && awaited[at].granule != granule)
		at++;
	if (at == AWAITED_PLACES)
		at = thread->accesses.awaited_turn++ % AWAITED_PLACES;
	awaited[at] = (struct awaited_place){granule, thread->clocks.recorded_epoch, bytes};
}

/*
 * May the thread's last look at @place have seen what others have stored there since?  What it
 * tells of may take some epochs.  The first store since has left a pending release, but later ones
 * have not, and it may have seen one of these.
 */
static bool may_be_seen(const struct thread *thread, const struct awaited_place *place)
{
	return clock_is_recent(&thread->clocks, place->epoch) ||
	       pending_release_may_be_seen(thread, place->granule, place->bytes, place->epoch);
}

/* Was that look over before the store @word?  Its thread knows of the look's epoch, and has not
 * made an assumed acquire amid it. */
static bool is_look_over(const struct race_step *step, const struct awaited_place *place,
			 uint64_t word)
{
	const struct thread *thread = step->thread;
	bool is_over;

	/* relaxed: as in find_own_read() */
	if (clock_is_recent(&thread->clocks, place->epoch) ||
	    load_relaxed(&thread->clocks.assumed_epoch) >= place->epoch)
		return false;
	runtime_lock(&step->detector->lock);
	is_over = assumed_knows_of(step->detector, word,
				   shadow_plain(thread->slot, place->epoch, 0));
	runtime_unlock(&step->detector->lock);
	return is_over;
}

/*
 * The store that ended a loop may have come between the loop's last check and its load.
 * It has left no pending release if its thread had made an assumed acquire in the middle
 * of this epoch, as the reads then seemed ordered; nor if it was a locked instruction, the
 * first one there.  So the thread looks again at the places that its loops have waited for.
 */
static bool is_ordered_by_wait(struct race_step *step)
{
	struct thread *thread = step->thread;

	for (uint32_t i = 0; i < AWAITED_PLACES; i++) {
		const struct awaited_place *place = &thread->accesses.awaited[i];
		struct cell store;
		uint64_t word;

		if (!place->granule || !may_be_seen(thread, place))
			continue;
		word = load_acquire(shadow_of(place->granule).write);
		if (shadow_form(word) == SHADOW_ATOMIC && place->granule != step->granule)
			atomic_acquire_late(step->detector, thread, word);
		store = pending_release_find_store(step, place->granule, place->bytes);
		if (store.word && !race_is_ordered(thread, store.word) &&
		    !is_look_over(step, place, store.word)) {
			ordering_note(step->detector, thread, place->granule, &store);
			memory_assume_acquired(step->detector, thread, race_base(store.word), 0);
		}
	}
	return race_is_ordered(thread, step->other);
}

bool race_is_ordered_late(struct race_step *step)
{
	struct detector *detector = step->detector;
	struct thread *thread = step->thread;

	if (pending_release_acquire(step) && !step->is_write)
		stale_reads_order(thread, step->access);
	if (thread->accesses.stale_read_count && (!step->stale || step->is_write))
		stale_reads_acquire(detector, thread);
	if (thread->accesses.has_pending && !step->access->is_late) {
		memory_flush(detector, thread);
		if (thread->accesses.acquires_due)
			atomic_catch_up(detector, thread);
	}
	if (pending_release_acquire_silent(step, step->other) ||
	    (!step->access->is_late &&
	     (memory_acquire_unseen(detector, thread, step->other, step->granule) ||
	      is_ordered_by_wait(step))))
		return true;
	/* What the other thread had pending may have been left with this one meanwhile. */
	pending_release_acquire(step);
	if (!step->access->is_late && !race_is_ordered(thread, step->other))
		assume_again(detector, memory_before_join(detector, thread));
	return race_is_ordered(thread, step->other);
}

bool race_is_after(struct detector *detector, struct thread *thread, uint64_t word)
{
	static const struct access none;
	struct race_step step = {
		.detector = detector, .thread = thread, .access = &none, .other = word};

	if (race_is_ordered(thread, word))
		return true;
	memory_settle(detector, thread);
	return race_is_ordered(thread, word) || pending_release_acquire(&step) ||
	       pending_release_acquire_silent(&step, word);
}
