#include "detect/deadlock/misuse.h"

#include "base/atomic.h"
#include "detect/base/held_locks.h"
#include "detect/base/thread.h"
#include "detect/base/report.h"

/* Who holds @object exclusively by our books, and where it took it. */
static void add_holder(struct detector *detector, struct finding *finding,
		       struct sync_object *object)
{
	/* relaxed: for display. */
	const struct thread *owner = detector_thread(detector, load_relaxed(&object->owner));
	const struct held_lock *held =
		owner && owner->memory ? held_locks_find(&owner->held, object) : NULL;

	if (held)
		report_event(finding, owner->id, ACTION_HOLD, object, held->stack);
}

static void report_misuse(struct detector *detector, enum finding_kind kind, struct thread *thread,
			  enum finding_action action, struct sync_object *object, stack_id stack)
{
	struct finding *finding;

	runtime_lock(&detector->lock);
	finding = report_begin(detector, kind);
	add_holder(detector, finding, object);
	report_holds(report_event(finding, thread->id, action, object, stack), thread);
	report_emit(detector, finding, stack);
	runtime_unlock(&detector->lock);
}

void misuse_released(struct detector *detector, struct thread *thread, struct sync_object *object,
		     stack_id stack, enum real_state real)
{
	if (real == REAL_FREE)
		report_misuse(detector, FINDING_UNLOCK_UNLOCKED, thread, ACTION_RELEASE, object,
			      stack);
	else if (real == REAL_HELD_BY_OTHER)
		report_misuse(detector, FINDING_UNLOCK_NOT_OWNER, thread, ACTION_RELEASE, object,
			      stack);
	else if (real == REAL_HELD_BY_CALLER)
		store_relaxed(&detector->has_unseen_order, true); /* its lock call passed unseen */
}

void misuse_destroyed(struct detector *detector, struct thread *thread, struct sync_object *object,
		      stack_id stack, enum real_state real)
{
	if (real == REAL_HELD_BY_CALLER || real == REAL_HELD_BY_OTHER || real == REAL_HELD)
		report_misuse(detector, FINDING_DESTROY_LOCKED, thread, ACTION_DESTROY, object,
			      stack);
}

static struct destroyed_lock *destroyed_entry(struct detector *detector, uintptr_t address)
{
	return &detector->destroyed[(address >> 3) % DESTROYED_KEPT];
}

/* relaxed: a look-up checks the address, and a finding is made at leisure. */
void misuse_note_destroyed(struct detector *detector, struct thread *thread,
			   const struct sync_object *object, stack_id stack)
{
	struct destroyed_lock *entry = destroyed_entry(detector, object->address);

	thread->is_referenced = true;
	store_relaxed(&entry->address, (uintptr_t)0);
	store_relaxed(&entry->thread, thread->id);
	store_relaxed(&entry->stack, stack);
	store_release(&entry->address, object->address); /* misuse_used_destroyed() */
}

void misuse_used_destroyed(struct detector *detector, struct thread *thread,
			   struct sync_object *object, stack_id stack)
{
	const struct destroyed_lock *entry = destroyed_entry(detector, object->address);
	struct finding *finding;

	runtime_lock(&detector->lock);
	finding = report_begin(detector, FINDING_LOCK_DESTROYED);
	/* acquire: pairs with misuse_note_destroyed(). */
	if (load_acquire(&entry->address) == object->address)
		report_event(finding, entry->thread, ACTION_DESTROY, object, entry->stack);
	report_holds(report_event(finding, thread->id, ACTION_ACQUIRE, object, stack), thread);
	report_emit(detector, finding, stack);
	runtime_unlock(&detector->lock);
}

void misuse_waited_without(struct detector *detector, struct thread *thread,
			   struct sync_object *condition, struct sync_object *mutex,
			   stack_id stack, bool is_refused)
{
	struct finding *finding;

	runtime_lock(&detector->lock);
	finding = report_begin(detector, FINDING_WAIT_WITHOUT_LOCK);
	if (is_refused)
		finding->severity = SEVERITY_WARNING;
	add_holder(detector, finding, mutex);
	report_event(finding, thread->id, ACTION_WAIT, mutex, stack);
	report_event(finding, thread->id, ACTION_WAIT, condition, stack);
	report_emit(detector, finding, stack);
	runtime_unlock(&detector->lock);
}

void misuse_refused(struct detector *detector, struct thread *thread, struct sync_object *object,
		    stack_id stack)
{
	report_misuse(detector, FINDING_SELF_LOCK_REFUSED, thread, ACTION_REFUSED, object, stack);
}

void misuse_abandoned(struct detector *detector, struct thread *thread,
		      struct sync_object *object, stack_id stack)
{
	report_misuse(detector, FINDING_ABANDONED_ROBUST, thread, ACTION_RELEASE, object, stack);
}

void misuse_copied(struct detector *detector, struct thread *thread, struct sync_object *object,
		   struct thread *holder, stack_id stack)
{
	struct finding *finding;

	runtime_lock(&detector->lock);
	finding = report_begin(detector, FINDING_LOCK_COPIED);
	for (uint32_t i = 0; i < holder->held.count; i++)
		if (holder->held.locks[i].object->info &&
		    holder->held.locks[i].object->info->kind == object->info->kind)
			report_event(finding, holder->id, ACTION_HOLD, holder->held.locks[i].object,
				     holder->held.locks[i].stack);
	report_event(finding, thread->id, ACTION_WAIT, object, stack);
	report_emit(detector, finding, stack);
	runtime_unlock(&detector->lock);
}

static void report_left_behind(struct detector *detector, struct thread *thread,
			       const struct held_lock *held)
{
	struct sync_info *info = held->object->info;
	struct finding *finding;

	/* A robust mutex tells its next owner; a semaphore is nobody's. */
	if (!info || (info->attributes & SYNC_ROBUST) || info->kind == OBJECT_SEMAPHORE ||
	    info->kind == OBJECT_FILE_LOCK)
		return;
	/* It may have been released by code that does not come through us. */
	if (held->mode == LOCK_EXCLUSIVE &&
	    !detector->hooks->may_hold(detector, thread, held->object))
		return;
	finding = report_begin(detector, FINDING_EXIT_HOLDING_LOCK);
	report_event(finding, thread->id, ACTION_HOLD, held->object, held->stack);
	report_event(finding, thread->id, ACTION_END, held->object, 0);
	report_emit(detector, finding, held->stack);
}

void misuse_thread_gone(struct detector *detector, struct thread *thread)
{
	for (uint32_t i = 0; i < thread->held.count; i++)
		report_left_behind(detector, thread, &thread->held.locks[i]);
}

static void report_leak(struct detector *detector, const struct thread *thread)
{
	struct finding *finding = report_begin(detector, FINDING_THREAD_LEAK);
	struct finding_event *event;

	event = report_event(finding, thread->creator, ACTION_CREATE, NULL, thread->created);
	if (event)
		event->target = thread->id;
	report_event(finding, thread->id, ACTION_END, NULL, 0);
	report_emit(detector, finding, thread->created);
}

void misuse_process_ended(struct detector *detector)
{
	for (thread_id id = 1; id <= detector->threads.last; id++) {
		struct thread *thread = detector_thread(detector, id);

		if (!thread || thread->is_detached || thread->is_joined || thread->is_adopted)
			continue;
		if (thread->state == THREAD_ENDED ||
		    (thread->state == THREAD_ENDING &&
		     !detector->hooks->is_alive(detector, thread))) {
			if (thread->memory)
				misuse_thread_gone(detector, thread);
			report_leak(detector, thread);
		}
	}
}
