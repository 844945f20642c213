#include "detect/race/memory.h"

#include "detect/base/thread.h"
#include "detect/race/atomic_location.h"
#include "detect/race/stale_read.h"

/* In this order: recording may find that a load was an atomic one. */
void memory_settle(struct detector *detector, struct thread *thread)
{
	access_flush(detector, thread);
	if (thread->pending_atomic)
		atomic_catch_up(detector, thread);
	if (thread->stale_read_count)
		stale_reads_acquire(detector, thread);
}
