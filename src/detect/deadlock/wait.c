#include "detect/deadlock/wait.h"

#include "detect/base/thread.h"
#include "detect/deadlock/gone.h"
#include "detect/deadlock/hang.h"
#include "detect/deadlock/misuse.h"
#include "detect/deadlock/wait_graph.h"

static bool counts_as_blocked(const struct wait *wait)
{
	return !wait->is_timed;
}

void wait_end(struct detector *detector, struct thread *thread)
{
	/* One that began in a handler has ended it. */
	if (thread->waiting.wait.version % 2 == 0)
		return;
	/* It may have been left by a jump while it looked. */
	store_release(&thread->waiting.is_looking, false);
	/* release: pairs with wait_read(). */
	store_release(&thread->waiting.wait.version, thread->waiting.wait.version + 1);
	if (thread->waiting.wait.is_counted) {
		fetch_add_acq_rel(&detector->blocked_count, -1u);
		fence_full(); /* pairs with that of hang_check() */
	}
	hang_wait_ended(detector);
}

bool wait_begin(struct detector *detector, struct thread *thread, const struct wait *wait)
{
	uint64_t version;
	bool is_found;

	/* A wait that was left by a jump, or that a handler interrupts, is over
	 * for us: that of a running thread would close cycles that are none. */
	wait_end(detector, thread);
	version = thread->waiting.wait.version;
	thread->waiting.wait = *wait;
	thread->waiting.wait.is_counted = counts_as_blocked(wait);
	thread->waiting.wait.version = version;
	/* release: pairs with wait_read(). */
	store_release(&thread->waiting.wait.version, version + 1);
	if (thread->waiting.wait.is_counted)
		fetch_add_acq_rel(&detector->blocked_count, 1u);
	fence_full();
	gone_check_owner(detector, thread);
	store_release(&thread->waiting.is_looking, true);
	is_found = wait_find_deadlock(detector, thread, thread) || hang_check(detector, thread);
	if (!is_found && wait->kind == WAIT_CONDITION)
		misuse_waits_with(detector, thread);
	store_release(&thread->waiting.is_looking, false);
	return is_found;
}
