#include "detect/deadlock/gone.h"

#include "detect/base/held_locks.h"
#include "detect/base/report.h"
#include "detect/base/thread.h"
#include "detect/deadlock/misuse.h"

void gone_end(struct detector *detector, struct thread *thread)
{
	runtime_lock(&detector->lock);
	if (thread->state == THREAD_CREATED || thread->state == THREAD_RUNNING)
		detector->alive_count--;
	if (thread->memory)
		misuse_thread_gone(detector, thread);
	thread->state = THREAD_ENDED;
	if (thread->is_detached)
		thread_bury(detector, thread);
	runtime_unlock(&detector->lock);
}

static void report_fork_victim(struct detector *detector, struct thread *thread,
			       struct thread *owner, struct sync_object *object)
{
	const struct held_lock *held = held_locks_find(&owner->held, object);
	struct finding *finding;

	runtime_lock(&detector->lock);
	finding = report_begin(detector, FINDING_FORK_HOLDING_LOCK);
	if (held)
		report_event(finding, owner->id, ACTION_HOLD, object, held->stack);
	report_event(finding, thread->id, ACTION_WAIT, object, thread->waiting.wait.stack);
	report_emit(detector, finding, thread->waiting.wait.stack);
	runtime_unlock(&detector->lock);
}

void gone_check_owner(struct detector *detector, struct thread *thread)
{
	struct sync_object *object = thread->waiting.wait.object;
	struct thread *owner;

	if (thread->waiting.wait.kind != WAIT_LOCK || !object || !object->info)
		return;
	/* relaxed: an owner that is gone does not change. */
	owner = detector_thread(detector, load_relaxed(&object->owner));
	if (!owner || owner == thread)
		return;
	/* The parent's threads still release what is shared with it. */
	if (owner->state == THREAD_LOST && owner->memory &&
	    !(object->info->attributes & (SYNC_PROCESS_SHARED | SYNC_NAMED)))
		report_fork_victim(detector, thread, owner, object);
	else if (owner->state == THREAD_ENDING && !detector->hooks->is_alive(detector, owner))
		gone_end(detector, owner);
}
