#include "detect/deadlock/misuse.h"

#include "base/atomic.h"
#include "base/hash.h"
#include "detect/base/held_locks.h"
#include "detect/base/thread.h"
#include "detect/base/report.h"
#include "detect/deadlock/wait_graph.h"

/* Adds who holds @object exclusively, as far as was seen, and where it took it. */
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

bool misuse_is_refused(const struct sync_object *object)
{
	return object->info &&
	       object->info->attributes & (SYNC_CHECKED | SYNC_RECURSIVE | SYNC_ROBUST);
}

static void lower_if_refused(struct finding *finding, const struct sync_object *object)
{
	if (!misuse_is_refused(object))
		return;
	finding->severity = SEVERITY_WARNING;
	finding->details |= DETAIL_REFUSED;
}

static void report_misuse(struct detector *detector, enum finding_kind kind, struct thread *thread,
			  enum finding_action action, struct sync_object *object, stack_id stack)
{
	struct finding *finding;

	runtime_lock(&detector->lock);
	finding = report_begin(detector, kind);
	if (kind == FINDING_UNLOCK_UNLOCKED || kind == FINDING_UNLOCK_NOT_OWNER)
		lower_if_refused(finding, object);
	add_holder(detector, finding, object);
	if (action == ACTION_FREE) {
		finding->details |= DETAIL_FREED;
		action = ACTION_DESTROY;
	}
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
		store_relaxed(&detector->has_unseen_order, true); /* its lock call was not seen */
}

/* How many of those that wait at @object have been woken, though we may see them there. */
static uint32_t woken_count(const struct sync_info *info)
{
	if (info->kind == OBJECT_CONDITION)
		return info->extra->wake_count;
	return info->kind == OBJECT_SEMAPHORE &&
	       (!info->extra->is_value_known || info->extra->value > 0) ? UINT32_MAX : 0;
}

static bool waits_there(const struct thread *thread, const struct sync_object *object,
			const struct wait *wait)
{
	const struct sync_extra *extra = object->info->extra;

	if (wait->object != object || thread->waiting.is_cancelled)
		return false;
	return wait->kind == WAIT_CONDITION || wait->kind == WAIT_TOKEN ||
	       (wait->kind == WAIT_BARRIER && extra->barrier_size &&
		thread->waiting.barrier_round == extra->barrier_round);
}

/*
 * A thread other than @asking that certainly waits at @object, and its wait in *@wait: it is
 * not woken yet, and the kernel says that it sleeps there.  NULL if there is none.  Those with
 * @mutex, which may be NULL, do not count.  Called without detector.lock.
 */
static const struct thread *find_waiter(struct detector *detector, const struct thread *asking,
					const struct sync_object *object,
					const struct sync_object *mutex, struct wait *wait)
{
	const struct thread *found = NULL;
	uint32_t count = 0;
	struct wait there;

	if (!object->info || !object->info->extra ||
	    object->info->attributes & (SYNC_PROCESS_SHARED | SYNC_NAMED))
		return NULL;
	for (thread_id id = 1; id <= detector->threads.last; id++) {
		const struct thread *thread = detector_thread(detector, id);

		if (!thread || !thread->memory || thread == asking ||
		    !wait_read(thread, &there) || !waits_there(thread, object, &there) ||
		    (mutex && there.mutex == mutex))
			continue;
		found = thread;
		*wait = there;
		count++;
	}
	if (!found || count <= woken_count(object->info))
		return NULL;
	/* A thread that sleeps at the mutex has left the condition. */
	there = *wait;
	there.excludes_mutex = true;
	return detector->hooks->is_asleep(detector, found, &there) ? found : NULL;
}

/* Reports what @thread does to @object if another thread waits there.  False: none does. */
static bool report_waited(struct detector *detector, enum finding_kind kind, struct thread *thread,
			  enum finding_action action, struct sync_object *object, stack_id stack)
{
	struct wait wait;
	const struct thread *waiter = find_waiter(detector, thread, object, NULL, &wait);
	struct finding *finding;

	if (!waiter)
		return false;
	runtime_lock(&detector->lock);
	finding = report_begin(detector, kind);
	finding->details = DETAIL_WAITED;
	report_event(finding, waiter->id, ACTION_WAIT, object, wait.stack);
	report_holds(report_event(finding, thread->id, action, object, stack), thread);
	report_emit(detector, finding, stack);
	runtime_unlock(&detector->lock);
	return true;
}

/* The living thread that holds @object, by our state. */
static const struct thread *living_holder(struct detector *detector,
					  const struct sync_object *object)
{
	/* relaxed: compared with what the object says. */
	const struct thread *owner = detector_thread(detector, load_relaxed(&object->owner));

	return owner && owner->memory && owner->state == THREAD_RUNNING &&
			       held_locks_find(&owner->held, object)
		       ? owner
		       : NULL;
}

/* Does a living thread hold @object, by our state and by the object's memory?  Not if it
 * held it before a fork, nor for objects on a stack, whose frame it may have left. */
static bool is_in_use(struct detector *detector, const struct thread *thread,
		      const struct sync_object *object, enum real_state real)
{
	const struct thread *owner = living_holder(detector, object);

	if (!owner || object->info->stack_thread || object->info->kind == OBJECT_SPIN)
		return false;
	return owner == thread ? real == REAL_HELD_BY_CALLER
			       : real == REAL_HELD_BY_OTHER &&
					 detector->hooks->may_hold(detector, owner, object);
}

void misuse_initialising(struct detector *detector, struct thread *thread,
			 struct sync_object *object, enum object_kind kind, stack_id stack,
			 enum real_state real)
{
	if (!object->info || object->info->kind != kind)
		return;
	if (is_in_use(detector, thread, object, real))
		report_misuse(detector, FINDING_INIT_IN_USE, thread, ACTION_INIT, object, stack);
	else
		report_waited(detector, FINDING_INIT_IN_USE, thread, ACTION_INIT, object, stack);
}

void misuse_destroyed(struct detector *detector, struct thread *thread, struct sync_object *object,
		      stack_id stack, enum real_state real)
{
	if (report_waited(detector, FINDING_DESTROY_LOCKED, thread, ACTION_DESTROY, object, stack))
		return;
	if (real == REAL_HELD_BY_CALLER || real == REAL_HELD_BY_OTHER || real == REAL_HELD)
		report_misuse(detector, FINDING_DESTROY_LOCKED, thread, ACTION_DESTROY, object,
			      stack);
}

bool misuse_is_held(struct detector *detector, const struct sync_object *object)
{
	const struct sync_info *info = object->info;
	const struct thread *owner = living_holder(detector, object);

	return owner && !owner->kernel_id_before_fork &&
	       (info->kind == OBJECT_MUTEX || info->kind == OBJECT_RWLOCK) &&
	       !(info->attributes & SYNC_PROCESS_SHARED) &&
	       detector->hooks->may_hold(detector, owner, object);
}

void misuse_freed(struct detector *detector, struct thread *thread, struct sync_object *object,
		  stack_id stack)
{
	report_misuse(detector, FINDING_DESTROY_LOCKED, thread, ACTION_FREE, object, stack);
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

void misuse_waits_with(struct detector *detector, struct thread *thread)
{
	const struct wait *own = &thread->waiting.wait;
	const struct sync_info *info = own->object->info;
	const struct thread *waiter;
	struct finding *finding;
	struct wait other;

	/* relaxed: who came second has set it, and announced its wait after that. */
	if (!info || !own->mutex || !load_relaxed(&info->extra->has_two_mutexes))
		return;
	waiter = find_waiter(detector, thread, own->object, own->mutex, &other);
	if (!waiter || !other.mutex)
		return;
	runtime_lock(&detector->lock);
	finding = report_begin(detector, FINDING_WAIT_TWO_MUTEXES);
	report_event(finding, waiter->id, ACTION_RELEASE, other.mutex, other.stack);
	report_event(finding, waiter->id, ACTION_WAIT, own->object, other.stack);
	report_event(finding, thread->id, ACTION_RELEASE, own->mutex, own->stack);
	report_event(finding, thread->id, ACTION_WAIT, own->object, own->stack);
	report_emit(detector, finding, hash_append(1, own->stack) + hash_append(1, other.stack));
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

	/* The next owner of a robust mutex is told; a semaphore has no owner, and locks of the
	 * program's own may be handed to others. */
	if (!info || (info->attributes & SYNC_ROBUST) || info->kind == OBJECT_SEMAPHORE ||
	    info->kind == OBJECT_FILE_LOCK || info->kind == OBJECT_OWN)
		return;
	/* Code that is not observed may have released it. */
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
