#include "detect/race/pending_release.h"

#include "detect/base/detector.h"
#include "detect/base/slot.h"
#include "detect/base/thread.h"
#include "detect/race/memory.h"
#include "detect/shadow/read_set.h"

#define IS_SILENT 1u /* in a release, in place of bytes */

static void leave_with(struct detector *detector, uint64_t read, uint64_t release, uint32_t pair,
		       bool is_silent)
{
	struct thread *reader;

	runtime_lock(&detector->lock);
	reader = slot_thread(detector, shadow_slot(read));
	if (reader) {
		uint32_t at = shadow_slot(release) % PENDING_RELEASES;
		uint64_t *place = &reader->accesses.releases[at];
		uint64_t old = load_relaxed(place); /* relaxed: only a hint of its own */

		if (is_silent || (old & IS_SILENT && shadow_slot(old) == shadow_slot(release)))
			release |= IS_SILENT;
		/* release: pairs with pending_release_acquire(). */
		store_release(place, 0ul);
		store_release(&reader->accesses.release_pairs[at], pair);
		store_release(place, release);
	}
	runtime_unlock(&detector->lock);
}

void pending_release_leave(struct race_step *step, uint32_t pair, bool is_silent)
{
	/* Who acquires it is to find recorded what came before. */
	if (!step->access->is_late)
		memory_flush(step->detector, step->thread);
	leave_with(step->detector, step->other, race_base(step->mine), pair,
		   is_silent);
}

/* --- With all readers ------------------------------------------------------- */

static void leave_with_unordered(struct detector *detector, struct thread *thread, uint64_t read)
{
	uint64_t epoch = vclock_get(&thread->clocks.full, thread->slot);

	if (!race_is_ordered(thread, read))
		leave_with(detector, read, shadow_plain(thread->slot, epoch, 0), 0, false);
}

static void leave_with_readers(struct detector *detector, struct thread *thread, uint64_t word,
			       uint32_t bytes)
{
	uint32_t next = 0;
	uint64_t member;

	if (!(shadow_bytes(word) & bytes))
		return;
	if (shadow_form(word) == SHADOW_PLAIN)
		leave_with_unordered(detector, thread, word);
	while (shadow_form(word) == SHADOW_SET &&
	       (member = read_set_unordered(detector, thread, word, &next)) != 0)
		leave_with_unordered(detector, thread, member);
}

void pending_release_leave_all(struct detector *detector, struct thread *thread,
			       const uint64_t *place, uint32_t bytes)
{
	uint64_t word = load_acquire(place);
	struct cell_list list;

	if (!cells_are(word)) {
		leave_with_readers(detector, thread, word, bytes);
		return;
	}
	if (!cells_read(place, word, &list))
		return;
	for (uint32_t i = 0; i < list.count; i++)
		leave_with_readers(detector, thread, list.cells[i].word, bytes);
}

/* --- Acquiring -------------------------------------------------------------- */

bool pending_release_acquire(struct race_step *step)
{
	struct thread_accesses *accesses = &step->thread->accesses;
	uint32_t slot = shadow_slot(step->other);
	uint32_t at = slot % PENDING_RELEASES;
	uint64_t release = load_acquire(&accesses->releases[at]);
	uint32_t pair = load_acquire(&accesses->release_pairs[at]);

	if (!release || shadow_slot(release) != slot ||
	    shadow_epoch(release) < shadow_epoch(step->other))
		return false;
	/* It may be that of a later release, which has taken the place. */
	if (load_acquire(&accesses->releases[at]) != release)
		pair = 0;
	memory_assume_acquire(step->detector, step->thread, release, pair);
	return true;
}

bool pending_release_acquire_silent(struct race_step *step, uint64_t word)
{
	struct thread *thread = step->thread;

	for (unsigned i = 0; i < PENDING_RELEASES; i++) {
		uint64_t release = load_acquire(&thread->accesses.releases[i]);

		if (!(release & IS_SILENT))
			continue;
		memory_assume_acquire(step->detector, thread, release, 0);
		/* Once; unless there is a newer one. */
		compare_exchange_acq_rel(&thread->accesses.releases[i], &release,
					 release & ~(uint64_t)IS_SILENT);
	}
	return race_is_ordered(thread, word);
}
