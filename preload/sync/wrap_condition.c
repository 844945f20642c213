#define _GNU_SOURCE
#include "preload/sync/wrap_condition.h"

#include <pthread.h>

#include "detect/base/held_locks.h"
#include "detect/data/wait.h"
#include "detect/deadlock/misuse.h"
#include "preload/guest/export.h"
#include "preload/guest/real.h"
#include "preload/results/timeline.h"

#define CONDITION_VERSION "GLIBC_2.3.2"
#define MUTEX_TYPE_MASK 3

static struct sync_object *find_condition(struct guest_thread *self, uintptr_t address,
					  stack_id stack)
{
	return lock_object(self, OBJECT_CONDITION, address, stack);
}

/* glibc gives a mutex of these kinds back for its owner alone: for others the wait
 * fails with EPERM before it has begun. */
static bool is_refused_to_others(const pthread_mutex_t *mutex)
{
	/* relaxed: set when it was initialised. */
	int kind = load_relaxed(&mutex->__data.__kind);
	int type = kind & MUTEX_TYPE_MASK;

	return type == PTHREAD_MUTEX_RECURSIVE || type == PTHREAD_MUTEX_ERRORCHECK ||
	       kind & LOCK_KIND_ROBUST;
}

static bool may_be_held_by_caller(struct sync_object *mutex)
{
	enum real_state real = lock_real_state(mutex);

	return real != REAL_FREE && real != REAL_HELD_BY_OTHER;
}

bool condition_call_begin(struct condition_call *call, uintptr_t condition, uintptr_t mutex,
			  struct wait_limit limit, const struct unwind_start *start)
{
	struct guest_thread *self = limit.is_odd ? NULL : guest_enter();
	struct condition_wait *wait = &call->wait;
	bool is_timed, is_deadlocked;

	call->self = self;
	if (!self)
		return false;
	wait->stack = guest_stack(self, start);
	wait->condition = find_condition(self, condition, wait->stack);
	wait->mutex = lock_object(self, OBJECT_MUTEX, mutex, wait->stack);
	if (!wait->condition || !wait->mutex) {
		guest_leave(self);
		return false;
	}
	if (!held_locks_find(&self->thread->held, wait->mutex) &&
	    !may_be_held_by_caller(wait->mutex)) {
		bool is_refused = is_refused_to_others((const pthread_mutex_t *)mutex);

		misuse_waited_without(&guest_detector, self->thread, wait->condition, wait->mutex,
				      wait->stack, is_refused);
		if (is_refused) {
			guest_leave(self);
			return false;
		}
	}
	/* relaxed: as in thread_join_begin(). */
	is_timed = limit.is_there || load_relaxed(&self->thread->waiting.is_cancelled);
	is_deadlocked = condition_wait_begin(&guest_detector, self->thread, wait, is_timed);
	lock_wait_announced(self, is_deadlocked);
	return true;
}

void condition_call_end(struct condition_call *call, bool is_woken)
{
	struct guest_thread *self = call->self;

	guest_raise(self);
	condition_wait_end(&guest_detector, self->thread, &call->wait, is_woken);
	lock_wait_ended(self);
}

void condition_call_cancelled(void *context)
{
	condition_call_end(context, false);
}

void condition_call_signal(uintptr_t condition, bool is_broadcast,
			   const struct unwind_start *start)
{
	struct guest_thread *self = guest_enter();
	struct sync_object *object;
	stack_id stack;

	if (!self)
		return;
	object = lock_object_of_call(self, OBJECT_CONDITION, condition, start, &stack);
	if (object) {
		condition_signalled(&guest_detector, self->thread, object, is_broadcast, stack);
		timeline_signalled(self, is_broadcast ? TIMELINE_BROADCAST : TIMELINE_SIGNAL,
				   object, stack);
	}
	guest_leave(self);
}

#define WRAP_WAIT(name, version, parameters, arguments, limit)                                     \
	EXPORT int name parameters                                                                 \
	{                                                                                          \
		struct unwind_start start = unwind_start_here();                                   \
		struct condition_call call;                                                        \
		int result;                                                                        \
                                                                                                   \
		if (!condition_call_begin(&call, (uintptr_t)condition, (uintptr_t)mutex, limit, \
					  &start))                                                 \
			return REAL_VERSION(name, version) arguments;                              \
		pthread_cleanup_push(condition_call_cancelled, &call);                             \
		result = REAL_VERSION(name, version) arguments;                                    \
		pthread_cleanup_pop(0);                                                            \
		condition_call_end(&call, result == 0);                                            \
		return result;                                                                     \
	}

WRAP_WAIT(pthread_cond_wait, CONDITION_VERSION,
	  (pthread_cond_t *restrict condition, pthread_mutex_t *restrict mutex), (condition, mutex),
	  NO_LIMIT)
WRAP_WAIT(pthread_cond_timedwait, CONDITION_VERSION,
	  (pthread_cond_t *restrict condition, pthread_mutex_t *restrict mutex,
	   const struct timespec *restrict until),
	  (condition, mutex, until), wait_limit(CLOCK_REALTIME, until))
WRAP_WAIT(pthread_cond_clockwait, NULL,
	  (pthread_cond_t *restrict condition, pthread_mutex_t *restrict mutex, clockid_t clock,
	   const struct timespec *restrict until),
	  (condition, mutex, clock, until), wait_limit(clock, until))

EXPORT int pthread_cond_signal(pthread_cond_t *condition)
{
	struct unwind_start start = unwind_start_here();

	condition_call_signal((uintptr_t)condition, false, &start);
	return REAL_VERSION(pthread_cond_signal, CONDITION_VERSION)(condition);
}

EXPORT int pthread_cond_broadcast(pthread_cond_t *condition)
{
	struct unwind_start start = unwind_start_here();

	condition_call_signal((uintptr_t)condition, true, &start);
	return REAL_VERSION(pthread_cond_broadcast, CONDITION_VERSION)(condition);
}

EXPORT int pthread_cond_init(pthread_cond_t *restrict condition,
			     const pthread_condattr_t *restrict attributes)
{
	struct unwind_start start = unwind_start_here();
	int result;

	lock_note_initialising(OBJECT_CONDITION, (uintptr_t)condition, &start);
	result = REAL_VERSION(pthread_cond_init, CONDITION_VERSION)(condition, attributes);
	if (result == 0)
		lock_note_init(OBJECT_CONDITION, (uintptr_t)condition, &start);
	return result;
}

/* The real call waits for threads that are still leaving: the life ends after it. */
EXPORT int pthread_cond_destroy(pthread_cond_t *condition)
{
	struct unwind_start start = unwind_start_here();
	bool ends = lock_note_destroying(OBJECT_CONDITION, (uintptr_t)condition, &start);
	int result = REAL_VERSION(pthread_cond_destroy, CONDITION_VERSION)(condition);

	if (ends)
		lock_note_end(OBJECT_CONDITION, (uintptr_t)condition);
	return result;
}
