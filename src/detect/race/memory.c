#include "detect/race/memory.h"

#include "detect/base/thread.h"
#include "detect/race/atomic_location.h"
#include "detect/race/update.h"

/* In this order: recording may find that a load was an atomic one. */
void memory_settle(struct detector *detector, struct thread *thread)
{
	access_flush(detector, thread);
	if (thread->pending_atomic)
		atomic_catch_up(detector, thread);
	if (thread->basis_count)
		update_learn(detector, thread);
}
