#include "detect/race/memory.h"

#include "detect/base/thread.h"
#include "detect/race/atomic_location.h"
#include "detect/race/stale_read.h"

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
