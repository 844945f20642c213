/* Threads of a replay: create, join, end; fork; signal handlers; ends of waits. */
#include "detect/base/thread.h"
#include "detect/data/wait.h"
#include "detect/deadlock/gone.h"
#include "detect/deadlock/wait.h"
#include "detect/detector.h"
#include "detect/sync/thread.h"
#include "replay/replay.h"
#include "detect/deadlock/hang.h"
#include "detect/sync/lock.h"

void replay_create(struct replay *replay, struct actor *actor, const struct script_event *event)
{
	struct thread *thread =
		thread_create(&replay->detector, actor->thread, replay_stack(replay, actor, event));

	if (thread)
		replay_start_actor(replay, replay_actor(replay, event->object), thread);
	else
		replay_fail(replay, event, "out of memory", "", "");
}

static void finish_join(struct replay *replay, struct actor *actor, struct actor *target,
			stack_id stack)
{
	thread_joined(&replay->detector, actor->thread, target->thread, stack);
	target->thread = NULL;
	target->is_joined = true;
}

void replay_join(struct replay *replay, struct actor *actor, const struct script_event *event)
{
	struct actor *target = replay_actor(replay, event->object);
	stack_id stack = replay_stack(replay, actor, event);
	bool is_timed = event_rows[event->verb].how == HOW_TIMED;
	struct wait wait = {.kind = WAIT_JOIN, .is_timed = is_timed, .stack = stack};

	if (!target->thread || target->is_detached || target->state == ACTOR_LOST) {
		replay_fail(replay, event, "'%s' cannot be joined: it is %s",
			    replay_actor_name(replay, target),
			    target->is_joined	  ? "joined already"
			    : target->is_detached ? "detached"
						  : "not there");
		return;
	}
	wait.target = target->thread->id;
	wait_begin(&replay->detector, actor->thread, &wait);
	if (target->state == ACTOR_ENDED) {
		wait_end(&replay->detector, actor->thread);
		finish_join(replay, actor, target, stack);
		return;
	}
	actor->target = target;
	replay_block(actor, NULL, WAITS_FOR_THREAD, is_timed, stack);
}

void replay_detach(struct replay *replay, struct actor *actor, const struct script_event *event)
{
	struct actor *target = replay_actor(replay, event->object);

	(void)actor;
	if (!target->thread || target->is_detached) {
		replay_fail(replay, event, "'%s' cannot be detached: it is %s",
			    replay_actor_name(replay, target),
			    target->is_detached ? "detached already" : "not there");
		return;
	}
	target->is_detached = true;
	thread_detached(&replay->detector, target->thread);
	if (target->state == ACTOR_ENDED) {
		gone_end(&replay->detector, target->thread);
		target->thread = NULL;
	}
}

/* @actor has ended: the next owner of its robust mutexes gets EOWNERDEAD. */
static void abandon_robust(struct replay *replay, struct actor *actor)
{
	for (uint32_t i = 1; i <= name_table_count(&replay->script.object_names); i++) {
		struct primitive *lock = &replay->primitives[i];

		if (lock->owner != actor || !(lock->facts.facts & FACT_ROBUST))
			continue;
		lock->owner = NULL;
		lock->count = 0;
		lock->is_owner_dead = true;
		replay_grant(replay, lock);
	}
}

static void wake_joiner(struct replay *replay, struct actor *ended)
{
	for (uint32_t i = 1; i <= name_table_count(&replay->script.thread_names); i++) {
		struct actor *joiner = &replay->actors[i];

		if (joiner->state != ACTOR_BLOCKED || joiner->waits_for != WAITS_FOR_THREAD ||
		    joiner->target != ended)
			continue;
		wait_end(&replay->detector, joiner->thread);
		finish_join(replay, joiner, ended, joiner->stack);
		replay_unblock(replay, joiner);
		return;
	}
}

void replay_end(struct replay *replay, struct actor *actor, const struct script_event *event)
{
	struct thread *thread = actor->thread;

	(void)event;
	actor->state = ACTOR_ENDED;
	thread_ending(&replay->detector, thread);
	abandon_robust(replay, actor);
	wake_joiner(replay, actor);
	if (actor->is_detached && actor->thread) {
		gone_end(&replay->detector, actor->thread);
		actor->thread = NULL;
	}
	/* The threads that are left may all be blocked now. */
	hang_check(&replay->detector, NULL);
}

void replay_fork(struct replay *replay, struct actor *actor, const struct script_event *event)
{
	(void)event;
	detector_forked(&replay->detector, actor->thread);
	for (uint32_t i = 1; i <= name_table_count(&replay->script.thread_names); i++) {
		struct actor *other = &replay->actors[i];

		if (other != actor && other->state != ACTOR_UNBORN && other->state != ACTOR_ENDED)
			other->state = ACTOR_LOST;
	}
	if (actor->thread != replay->main_thread)
		replay->has_main_actor = true; /* no thread is left to join */
}

void replay_handler(struct replay *replay, struct actor *actor, const struct script_event *event)
{
	if (actor->handler_signal)
		replay_fail(replay, event, "'%s' is in a handler already",
			    replay_actor_name(replay, actor), "");
	actor->handler_signal = event->number;
	replay_signal_wait(replay, actor, event); /* the same happens-before edge */
}

void replay_handler_end(struct replay *replay, struct actor *actor,
			const struct script_event *event)
{
	if (!actor->handler_signal)
		replay_fail(replay, event, "'%s' is in no handler",
			    replay_actor_name(replay, actor), "");
	actor->handler_signal = 0;
}

void replay_block_signal(struct replay *replay, struct actor *actor,
			 const struct script_event *event)
{
	(void)replay;
	actor->signal_mask |= 1ull << (event->number - 1);
}

void replay_unblock_signal(struct replay *replay, struct actor *actor,
			   const struct script_event *event)
{
	(void)replay;
	actor->signal_mask &= ~(1ull << (event->number - 1));
}

void replay_at(struct replay *replay, struct actor *actor, const struct script_event *event)
{
	(void)replay;
	actor->line = event->number;
}

static void end_wait(struct replay *replay, struct actor *actor)
{
	if (actor->waits_for == WAITS_FOR_SIGNAL) {
		replay_end_condition_wait(replay, actor, false);
		return;
	}
	if (actor->primitive)
		replay_leave_queue(actor->primitive, actor);
	wait_end(&replay->detector, actor->thread);
	replay_unblock(replay, actor);
}

void replay_timeout(struct replay *replay, struct actor *actor, const struct script_event *event)
{
	if (actor->state == ACTOR_BLOCKED && actor->is_timed)
		end_wait(replay, actor);
	else
		replay_fail(replay, event, "'%s' is in no timed call that waits",
			    replay_actor_name(replay, actor), "");
}

/* The cancelled waiter had been woken already: as in glibc, another waiter gets the
 * wake-up. */
static void pass_wakeup_on(struct replay *replay, struct actor *actor)
{
	if (actor->is_woken && actor->signalled->waiters)
		replay_end_condition_wait(replay, actor->signalled->waiters, true);
	actor->is_woken = false;
}

void replay_cancelled(struct replay *replay, struct actor *actor, const struct script_event *event)
{
	bool can_be = actor->waits_for == WAITS_FOR_SIGNAL || actor->waits_for == WAITS_FOR_TOKEN ||
		      actor->waits_for == WAITS_FOR_THREAD;

	if (actor->state == ACTOR_BLOCKED && can_be)
		end_wait(replay, actor);
	else if (actor->state == ACTOR_BLOCKED && actor->waits_for == WAITS_FOR_MUTEX)
		pass_wakeup_on(replay, actor);
	else
		replay_fail(replay, event, "'%s' is in no wait that is a cancellation point",
			    replay_actor_name(replay, actor), "");
}
