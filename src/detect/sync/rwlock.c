#include "detect/sync/rwlock.h"

#include "base/hash.h"
#include "detect/base/held_locks.h"
#include "detect/base/report.h"
#include "detect/base/thread.h"

/* A lock held before both reads may exclude all writers; whether each of them takes it
 * is not known. */
static bool may_be_gated(const struct thread *thread, const struct held_lock *read)
{
	for (const struct held_lock *held = thread->held.locks; held < read; held++)
		if (held->mode == LOCK_EXCLUSIVE)
			return true;
	return false;
}

/* The second read waits behind a writer that waits for the first. */
static void report_recursion(struct detector *detector, struct thread *thread,
			     struct sync_object *object, const struct held_lock *held,
			     stack_id stack)
{
	struct finding *finding;
	struct finding_event *event;

	runtime_lock(&detector->lock);
	finding = report_begin(detector, FINDING_READ_RECURSION);
	if (may_be_gated(thread, held))
		finding->severity = SEVERITY_WARNING;
	event = report_event(finding, thread->id, ACTION_HOLD, object, held->stack);
	if (event)
		event->mode = HOLD_SHARED;
	event = report_event(finding, thread->id, ACTION_WAIT, object, stack);
	if (event)
		event->mode = HOLD_SHARED;
	report_holds(event, thread);
	report_emit(detector, finding, hash_append(hash_append(1, stack), held->stack));
	runtime_unlock(&detector->lock);
}

void rwlock_wanted(struct detector *detector, struct thread *thread, struct sync_object *object,
		   enum lock_mode mode, bool is_timed, stack_id stack)
{
	const struct held_lock *held = held_locks_find(&thread->held, object);

	if (!held)
		lock_wanted(detector, thread, object, mode, is_timed, stack);
	else if (mode == LOCK_SHARED_QUEUED && held->mode != LOCK_EXCLUSIVE && !is_timed)
		report_recursion(detector, thread, object, held, stack);
}

void rwlock_acquired(struct detector *detector, struct thread *thread, struct sync_object *object,
		     enum lock_mode mode, stack_id stack)
{
	struct held_lock *held = held_locks_find(&thread->held, object);

	if (held)
		held_locks_repeat(held);
	else
		lock_acquired(detector, thread, object, mode, stack);
}

bool rwlock_releasing(struct detector *detector, struct thread *thread, struct sync_object *object)
{
	struct held_lock *held = held_locks_find(&thread->held, object);

	if (!held)
		return false;
	if (held->recursion)
		held->recursion--;
	else
		lock_releasing(detector, thread, object, held);
	return true;
}
