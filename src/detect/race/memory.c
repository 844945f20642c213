#include "detect/race/memory.h"

#include "detect/base/slot.h"
#include "detect/base/thread.h"
#include "detect/race/atomic_location.h"
#include "detect/race/stale_read.h"

/* May @word, of one of a granule's planes, say that @thread accessed some of @bytes in
 * its present epoch? */
static bool may_be_mine(const struct thread *thread, uint64_t word, uint32_t bytes)
{
	if (!word || shadow_form(word) == SHADOW_FREED)
		return false;
	return shadow_form(word) != SHADOW_PLAIN ||
	       (shadow_is_same_epoch(word, *thread->clocks.current) && shadow_bytes(word) & bytes);
}

/* Has @thread accessed in its present epoch what @other has pending?  relaxed: all that
 * @other has done by the store in question is seen, and no more is asked for. */
static bool has_met_pending(const struct thread *thread, const struct thread *other)
{
	for (uint32_t i = 0; i < 2 * PENDING_GRANULES; i++) {
		bool is_write = i >= PENDING_GRANULES;
		const struct pending_granule *pending =
			&other->accesses.pending[is_write][i % PENDING_GRANULES];
		uintptr_t granule = load_relaxed(&pending->granule);
		uint32_t bytes = load_relaxed(&pending->bytes);

		if (!granule)
			continue;
		if (may_be_mine(thread, load_relaxed(shadow_of(granule).write), bytes) ||
		    (is_write && may_be_mine(thread, load_relaxed(shadow_of(granule).read), bytes)))
			return true;
	}
	return false;
}

static bool has_met_late(struct detector *detector, const struct thread *thread, uint32_t slot)
{
	const struct thread *other;
	bool has_met;

	runtime_lock(&detector->lock);
	other = slot_thread(detector, slot);
	has_met = other && other != thread && load_relaxed(&other->accesses.pending_count) &&
		  has_met_pending(thread, other);
	runtime_unlock(&detector->lock);
	return has_met;
}

void memory_assume_acquire(struct detector *detector, struct thread *thread, uint64_t word)
{
	struct clock_joiner by = memory_before_join(detector, thread);
	uint32_t slot = shadow_slot(word);

	if (thread->clocks.has_recorded &&
	    vclock_get(&thread->clocks.full, slot) < shadow_epoch(word) &&
	    has_met_late(detector, thread, slot))
		clock_end_epoch((struct clock_releaser){thread});
	clock_assume(detector, by, slot, shadow_epoch(word));
}

/* In this order: recording may find that a load was an atomic one. */
void memory_settle(struct detector *detector, struct thread *thread)
{
	memory_flush(detector, thread);
	if (thread->accesses.acquire_count)
		atomic_catch_up(detector, thread);
	if (thread->accesses.stale_read_count)
		stale_reads_acquire(detector, thread);
}

void memory_end_assumed_epoch(struct detector *detector, struct thread *thread)
{
	/* relaxed: others set it again for a later epoch. */
	store_relaxed(&thread->accesses.is_assumed, 0);
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
	if (thread->accesses.stale_read_count && object->info)
		stale_reads_split(thread, object->info->id);
}
