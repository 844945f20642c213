/* Waits of a replay: conditions, semaphores, barriers, once calls. */
#include "detect/deadlock/wait.h"
#include "replay/replay.h"
#include "detect/sync/barrier.h"
#include "detect/deadlock/misuse.h"
#include "detect/sync/once.h"
#include "detect/sync/semaphore.h"

static void release_mutex(struct replay *replay, struct actor *actor, struct primitive *mutex)
{
	if (mutex->owner != actor)
		return;
	mutex->owner = NULL;
	mutex->count = 0;
	replay_grant(replay, mutex);
}

void replay_wait(struct replay *replay, struct actor *actor, const struct script_event *event)
{
	struct primitive *condition = replay_primitive(replay, event->object);
	struct primitive *mutex = replay_primitive(replay, event->second);
	struct detector *detector = &replay->detector;
	stack_id stack = replay_stack(replay, actor, event);
	bool is_timed = event_rows[event->verb].how == HOW_TIMED;

	actor->condition = (struct condition_wait){
		.condition = replay_object(replay, actor, condition, event),
		.mutex = replay_object(replay, actor, mutex, event),
		.stack = stack,
	};
	if (!actor->condition.condition || !actor->condition.mutex)
		return;
	if (mutex->owner != actor)
		misuse_waited_without(detector, actor->thread, actor->condition.condition,
				      actor->condition.mutex, stack, false);
	replay_add_call(replay, actor, stack);
	actor->mode = LOCK_EXCLUSIVE;
	actor->signalled = condition;
	actor->mutex = mutex;
	replay_block(actor, condition, WAITS_FOR_SIGNAL, is_timed, stack);
	condition_wait_begin(detector, actor->thread, &actor->condition, is_timed);
	release_mutex(replay, actor, mutex);
}

void replay_end_condition_wait(struct replay *replay, struct actor *actor, bool is_woken)
{
	replay_leave_queue(actor->primitive, actor);
	actor->is_woken = is_woken;
	replay_block(actor, actor->mutex, WAITS_FOR_MUTEX, false, actor->stack);
	replay_grant(replay, actor->mutex);
}

static void signal_condition(struct replay *replay, struct actor *actor,
			     const struct script_event *event, bool is_broadcast)
{
	struct primitive *condition = replay_primitive(replay, event->object);
	struct sync_object *object = replay_object(replay, actor, condition, event);

	if (!object)
		return;
	condition_signalled(&replay->detector, actor->thread, object, is_broadcast,
			    replay_stack(replay, actor, event));
	while (condition->waiters) {
		replay_end_condition_wait(replay, condition->waiters, true);
		if (!is_broadcast)
			return;
	}
}

void replay_signal(struct replay *replay, struct actor *actor, const struct script_event *event)
{
	signal_condition(replay, actor, event, false);
}

void replay_broadcast(struct replay *replay, struct actor *actor, const struct script_event *event)
{
	signal_condition(replay, actor, event, true);
}

void replay_sem_wait(struct replay *replay, struct actor *actor, const struct script_event *event)
{
	enum event_how how = event_rows[event->verb].how;
	struct primitive *semaphore = replay_primitive(replay, event->object);
	struct sync_object *object = replay_object(replay, actor, semaphore, event);
	stack_id stack = replay_stack(replay, actor, event);
	struct detector *detector = &replay->detector;

	if (!object)
		return;
	if (how != HOW_TRIES)
		semaphore_wanted(detector, actor->thread, object, how == HOW_TIMED, stack);
	if (semaphore->value) {
		semaphore->value--;
		semaphore_taken(detector, actor->thread, object, stack);
	} else if (how != HOW_TRIES) {
		replay_block(actor, semaphore, WAITS_FOR_TOKEN, how == HOW_TIMED, stack);
		semaphore_wait_begin(detector, actor->thread, object, how == HOW_TIMED, stack);
	}
}

void replay_post(struct replay *replay, struct actor *actor, const struct script_event *event)
{
	struct primitive *semaphore = replay_primitive(replay, event->object);
	struct sync_object *object = replay_object(replay, actor, semaphore, event);
	struct actor *waiter = semaphore->waiters;

	if (!object)
		return;
	semaphore_posted(&replay->detector, actor->thread, object,
			 replay_stack(replay, actor, event));
	if (!waiter) {
		semaphore->value++;
		return;
	}
	replay_leave_queue(semaphore, waiter);
	wait_end(&replay->detector, waiter->thread);
	semaphore_taken(&replay->detector, waiter->thread, object, waiter->stack);
	replay_unblock(replay, waiter);
}

void replay_barrier(struct replay *replay, struct actor *actor, const struct script_event *event)
{
	struct primitive *barrier = replay_primitive(replay, event->object);
	struct sync_object *object = replay_object(replay, actor, barrier, event);
	stack_id stack = replay_stack(replay, actor, event);

	if (!object)
		return;
	replay_block(actor, barrier, WAITS_FOR_OTHERS, false, stack);
	barrier->value++;
	barrier_arrived(&replay->detector, actor->thread, object, stack);
	if (barrier->value < barrier->facts.number)
		return;
	barrier->value = 0;
	while (barrier->waiters) {
		struct actor *waiter = barrier->waiters;

		replay_leave_queue(barrier, waiter);
		barrier_departed(&replay->detector, waiter->thread, object);
		replay_unblock(replay, waiter);
	}
}

static void run_body(struct replay *replay, struct actor *actor, struct primitive *once,
		     struct sync_object *object, stack_id stack)
{
	once->once = ONCE_RUNNING;
	once->owner = actor;
	once_begun(&replay->detector, actor->thread, object, stack);
}

static void call_body_once(struct replay *replay, struct actor *actor, struct primitive *once,
			   const struct script_event *event)
{
	struct sync_object *object = replay_object(replay, actor, once, event);
	stack_id stack = replay_stack(replay, actor, event);

	if (!object)
		return;
	if (once->once == ONCE_NEW) {
		run_body(replay, actor, once, object, stack);
	} else if (once->once == ONCE_DONE) {
		once_passed(&replay->detector, actor->thread, object);
	} else {
		replay_block(actor, once, WAITS_FOR_BODY, false, stack);
		once_wait_begin(&replay->detector, actor->thread, object, stack);
	}
}

void replay_once_begin(struct replay *replay, struct actor *actor, const struct script_event *event)
{
	call_body_once(replay, actor, replay_primitive(replay, event->object), event);
}

void replay_once_pass(struct replay *replay, struct actor *actor, const struct script_event *event)
{
	struct primitive *once = replay_primitive(replay, event->object);

	if (once->once == ONCE_NEW)
		replay_fail(replay, event, "'%s' cannot pass '%s': its body has not been begun",
			    replay_actor_name(replay, actor), replay_primitive_name(replay, once));
	else
		call_body_once(replay, actor, once, event);
}

/* The body returns or is left; false, and an error, if @actor does not run it. */
static bool leave_body(struct replay *replay, struct actor *actor, struct primitive *once,
		       const struct script_event *event, bool is_done)
{
	struct sync_object *object = replay_object(replay, actor, once, event);

	if (!object)
		return false;
	if (once->once != ONCE_RUNNING || once->owner != actor) {
		replay_fail(replay, event, "'%s' does not run the body of '%s'",
			    replay_actor_name(replay, actor), replay_primitive_name(replay, once));
		return false;
	}
	once_finished(&replay->detector, actor->thread, object);
	once->owner = NULL;
	once->once = is_done ? ONCE_DONE : ONCE_NEW;
	return true;
}

/* The waiters for the body pass; if it failed, the first of them runs it. */
static void wake_callers(struct replay *replay, struct primitive *once)
{
	struct sync_object *object = sync_find(&replay->detector.objects, once->address);

	while (once->waiters && once->once != ONCE_RUNNING && object) {
		struct actor *waiter = once->waiters;

		replay_leave_queue(once, waiter);
		wait_end(&replay->detector, waiter->thread);
		if (once->once == ONCE_DONE)
			once_passed(&replay->detector, waiter->thread, object);
		else
			run_body(replay, waiter, once, object, waiter->stack);
		replay_unblock(replay, waiter);
	}
}

void replay_once_end(struct replay *replay, struct actor *actor, const struct script_event *event)
{
	struct primitive *once = replay_primitive(replay, event->object);

	if (leave_body(replay, actor, once, event, true))
		wake_callers(replay, once);
}

void replay_once_fail(struct replay *replay, struct actor *actor, const struct script_event *event)
{
	struct primitive *once = replay_primitive(replay, event->object);

	if (leave_body(replay, actor, once, event, false))
		wake_callers(replay, once);
}
