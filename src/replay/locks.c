/* Locks of a replay: mutexes, spin locks, file locks, streams, rwlocks. */
#include "detect/base/held_locks.h"
#include "detect/data/wait.h"
#include "detect/deadlock/wait.h"
#include "replay/replay.h"
#include "detect/life/life.h"
#include "detect/sync/lock.h"
#include "detect/deadlock/misuse.h"
#include "detect/sync/mutex.h"
#include "detect/sync/rwlock.h"

static bool is_recursive(const struct primitive *lock)
{
	return lock->facts.facts & FACT_RECURSIVE;
}

static bool has_waiting_writer(const struct primitive *lock)
{
	for (const struct actor *waiter = lock->waiters; waiter; waiter = waiter->next_waiter)
		if (waiter->mode == LOCK_EXCLUSIVE)
			return true;
	return false;
}

static bool can_take(const struct primitive *lock, const struct actor *actor, enum lock_mode mode)
{
	if (lock->owner)
		return lock->owner == actor && is_recursive(lock);
	if (mode == LOCK_EXCLUSIVE)
		return lock->reader_count == 0;
	return mode == LOCK_SHARED || !has_waiting_writer(lock);
}

static void take_lock(struct replay *replay, struct actor *actor, struct primitive *lock,
		      struct sync_object *object, enum lock_mode mode, stack_id stack)
{
	if (mode == LOCK_EXCLUSIVE) {
		lock->owner = actor;
		lock->count++;
	} else {
		lock->reader_count++;
	}
	if (lock->kind == OBJECT_RWLOCK)
		rwlock_acquired(&replay->detector, actor->thread, object, mode, stack);
	else
		mutex_acquired(&replay->detector, actor->thread, object, stack);
	if (lock->is_owner_dead)
		mutex_inherited(actor->thread, object);
	lock->is_owner_dead = false;
}

/* A copy of a lock that was held then: no thread will ever release it. */
static void check_copy(struct replay *replay, struct actor *actor, struct primitive *lock,
		       struct sync_object *object, stack_id stack)
{
	if (lock->is_copy && lock->owner && lock->owner->thread &&
	    !held_locks_find(&lock->owner->thread->held, object))
		misuse_copied(&replay->detector, actor->thread, object, lock->owner->thread, stack);
}

static void wait_for_lock(struct replay *replay, struct actor *actor, struct primitive *lock,
			  struct sync_object *object, enum lock_mode mode, bool is_timed,
			  stack_id stack)
{
	struct wait wait = {
		.kind = WAIT_LOCK,
		.mode = mode,
		.is_timed = is_timed,
		.object = object,
		.stack = stack,
	};

	actor->mode = mode;
	replay_block(actor, lock, WAITS_FOR_LOCK, is_timed, stack);
	check_copy(replay, actor, lock, object, stack);
	wait_begin(&replay->detector, actor->thread, &wait);
}

/* The next waiter that can take @lock now, or NULL. */
static struct actor *find_next(const struct primitive *lock)
{
	bool are_writers_first = lock->facts.facts & FACT_WRITERS_FIRST;

	for (struct actor *waiter = lock->waiters; waiter; waiter = waiter->next_waiter)
		if ((!are_writers_first || waiter->mode == LOCK_EXCLUSIVE) &&
		    can_take(lock, waiter, waiter->mode))
			return waiter;
	for (struct actor *waiter = lock->waiters; waiter && are_writers_first;
	     waiter = waiter->next_waiter)
		if (can_take(lock, waiter, waiter->mode))
			return waiter;
	return NULL;
}

static void take_mutex_back(struct replay *replay, struct actor *actor, struct primitive *mutex)
{
	mutex->owner = actor;
	mutex->count++;
	condition_wait_end(&replay->detector, actor->thread, &actor->condition, actor->is_woken);
	if (mutex->is_owner_dead)
		mutex_inherited(actor->thread, actor->condition.mutex);
	mutex->is_owner_dead = false;
}

void replay_grant(struct replay *replay, struct primitive *lock)
{
	struct actor *next = find_next(lock);

	for (; next; next = find_next(lock)) {
		replay_leave_queue(lock, next);
		if (next->waits_for == WAITS_FOR_MUTEX) {
			take_mutex_back(replay, next, lock);
		} else {
			struct sync_object *object =
				sync_find(&replay->detector.objects, lock->address);

			wait_end(&replay->detector, next->thread);
			if (object && object->info)
				take_lock(replay, next, lock, object, next->mode, next->stack);
		}
		replay_unblock(replay, next);
	}
}

/* True if libc returns EDEADLK instead of waiting for ever. */
static bool is_refused(const struct primitive *lock, const struct actor *actor)
{
	return lock->owner == actor &&
	       (lock->kind == OBJECT_RWLOCK || (lock->facts.facts & FACT_CHECKED));
}

static void lock_call(struct replay *replay, struct actor *actor, struct primitive *lock,
		      enum lock_mode mode, const struct script_event *event)
{
	enum event_how how = event_rows[event->verb].how;
	struct sync_object *object = replay_object(replay, actor, lock, event);
	stack_id stack = replay_stack(replay, actor, event);
	struct detector *detector = &replay->detector;
	bool is_timed = how == HOW_TIMED;

	if (!object)
		return;
	if (lock->is_destroyed) {
		life_used_destroyed(detector, actor->thread, object, ACTION_ACQUIRE, stack);
		return;
	}
	if (lock->is_unusable)
		return;
	if (mode != LOCK_EXCLUSIVE)
		mode = rwlock_read_mode(object);
	if (how != HOW_TRIES && lock->kind == OBJECT_RWLOCK)
		rwlock_wanted(detector, actor->thread, object, mode, is_timed, stack);
	else if (how != HOW_TRIES)
		mutex_wanted(detector, actor->thread, object, is_timed, stack);
	if (can_take(lock, actor, mode))
		take_lock(replay, actor, lock, object, mode, stack);
	else if (how != HOW_TRIES && is_refused(lock, actor))
		misuse_refused(detector, actor->thread, object, stack);
	else if (how != HOW_TRIES)
		wait_for_lock(replay, actor, lock, object, mode, is_timed, stack);
}

void replay_acquire(struct replay *replay, struct actor *actor, const struct script_event *event)
{
	lock_call(replay, actor, replay_primitive(replay, event->object), LOCK_EXCLUSIVE, event);
}

void replay_write_lock(struct replay *replay, struct actor *actor, const struct script_event *event)
{
	lock_call(replay, actor, replay_primitive(replay, event->object), LOCK_EXCLUSIVE, event);
}

void replay_read_lock(struct replay *replay, struct actor *actor, const struct script_event *event)
{
	lock_call(replay, actor, replay_primitive(replay, event->object), LOCK_SHARED, event);
}

/* A trace may begin in the middle of a run: its first states are not known. */
static enum real_state real_state(const struct replay *replay, const struct primitive *lock,
				  const struct actor *actor)
{
	if (replay->script.is_trace)
		return REAL_UNKNOWN;
	if (lock->owner)
		return lock->owner == actor ? REAL_HELD_BY_CALLER : REAL_HELD_BY_OTHER;
	return lock->reader_count ? REAL_HELD : REAL_FREE;
}

static void give_lock_up(struct primitive *lock)
{
	if (lock->owner && --lock->count == 0)
		lock->owner = NULL;
	else if (!lock->owner && lock->reader_count)
		lock->reader_count--;
}

/* @actor releases a lock that it does not hold: checked kinds refuse that; other locks
 * are free then. */
static bool release_strange(struct replay *replay, struct actor *actor, struct primitive *lock,
			    struct sync_object *object, stack_id stack)
{
	mutex_releasing_unheld(&replay->detector, actor->thread, object, stack,
			       real_state(replay, lock, actor));
	if (lock->owner != actor &&
	    (lock->facts.facts & (FACT_CHECKED | FACT_RECURSIVE | FACT_ROBUST)))
		return false;
	if (lock->owner)
		lock->count = 1;
	return true;
}

static void release_abandoned(struct replay *replay, struct actor *actor, struct primitive *lock,
			      struct sync_object *object, stack_id stack)
{
	misuse_abandoned(&replay->detector, actor->thread, object, stack);
	object->generation &= ~SYNC_ABANDONED;
	lock->is_unusable = true;
}

void replay_release(struct replay *replay, struct actor *actor, const struct script_event *event)
{
	struct primitive *lock = replay_primitive(replay, event->object);
	struct sync_object *object = replay_object(replay, actor, lock, event);
	stack_id stack = replay_stack(replay, actor, event);
	bool is_held;

	if (!object)
		return;
	if (lock->is_destroyed) {
		life_used_destroyed(&replay->detector, actor->thread, object, ACTION_RELEASE,
				    stack);
		return;
	}
	is_held = lock->kind == OBJECT_RWLOCK
			  ? rwlock_releasing(&replay->detector, actor->thread, object)
			  : mutex_releasing(&replay->detector, actor->thread, object);
	if (!is_held && !release_strange(replay, actor, lock, object, stack))
		return;
	if (is_held && (object->generation & SYNC_ABANDONED) && lock->count == 1)
		release_abandoned(replay, actor, lock, object, stack);
	give_lock_up(lock);
	replay_grant(replay, lock);
}

void replay_refused(struct replay *replay, struct actor *actor, const struct script_event *event)
{
	struct primitive *lock = replay_primitive(replay, event->object);
	struct sync_object *object = replay_object(replay, actor, lock, event);

	if (object)
		misuse_refused(&replay->detector, actor->thread, object,
			       replay_stack(replay, actor, event));
}

void replay_consistent(struct replay *replay, struct actor *actor, const struct script_event *event)
{
	struct primitive *lock = replay_primitive(replay, event->object);
	struct sync_object *object = replay_object(replay, actor, lock, event);

	if (object)
		object->generation &= ~SYNC_ABANDONED;
}

/* Nothing happens until its acquire event; if none follows, the thread waits at the
 * end of the trace: finish_requests(). */
void replay_request(struct replay *replay, struct actor *actor, const struct script_event *event)
{
	(void)replay;
	(void)actor;
	(void)event;
}
