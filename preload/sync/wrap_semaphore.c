/*
 * Semaphores.  A wait first tries: only if it would block is it announced.
 * sem_wait is a cancellation point in both cases.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdarg.h>

#include "detect/data/wait.h"
#include "detect/deadlock/wait.h"
#include "detect/life/life.h"
#include "detect/sync/semaphore.h"
#include "preload/guest/export.h"
#include "preload/guest/guest.h"
#include "preload/guest/perturb.h"
#include "preload/guest/real.h"
#include "preload/results/shared.h"
#include "preload/results/timeline.h"
#include "preload/sync/wrap_lock.h"

struct token_wait {
	struct guest_thread *self;
	struct sync_object *object;
	stack_id stack;
	bool is_timed;
};

/* Under the guard, in a signal handler: what it posts and takes is not counted. */
static void note_uncounted(sem_t *semaphore)
{
	struct sync_object *object;

	if (guest_state != GUEST_ON)
		return;
	object = sync_find(&guest_detector.objects, (uintptr_t)semaphore);
	if (object && lock_is_kind(object, OBJECT_SEMAPHORE))
		object->info->extra->is_value_known = false;
}

static bool wait_is_observed(struct token_wait *wait, sem_t *semaphore, bool is_timed,
			     bool can_block, const struct unwind_start *start)
{
	struct guest_thread *self = guest_enter();

	wait->self = self;
	if (!self) {
		note_uncounted(semaphore);
		return false;
	}
	wait->is_timed = is_timed;
	wait->object = lock_object_of_call(self, OBJECT_SEMAPHORE, (uintptr_t)semaphore, start,
					   &wait->stack);
	if (wait->object && can_block)
		semaphore_wanted(&guest_detector, self->thread, wait->object, is_timed,
				 wait->stack);
	guest_leave(self);
	return wait->object;
}

static void announce_wait(struct token_wait *wait, const struct unwind_start *start)
{
	struct guest_thread *self = wait->self;
	bool is_deadlocked;

	guest_raise(self);
	/* A wait always has a whole stack. */
	if (guest_wants_site_only(self))
		wait->stack = guest_stack(self, start);
	is_deadlocked = semaphore_wait_begin(&guest_detector, self->thread, wait->object,
					     wait->is_timed, wait->stack);
	lock_wait_announced(self, is_deadlocked || shared_blocked(self));
}

/* Also a cleanup handler, for a wait that is cancelled. */
static void end_wait(void *context)
{
	struct token_wait *wait = context;

	guest_raise(wait->self);
	wait_end(&guest_detector, wait->self->thread);
	lock_wait_ended(wait->self);
}

static void note_taken(struct token_wait *wait)
{
	guest_raise(wait->self);
	semaphore_taken(&guest_detector, wait->self->thread, wait->object, wait->stack);
	perturb_took(wait->self);
	guest_leave(wait->self);
}

#define WRAP_TOKEN_WAIT(name, parameters, arguments, end)                                          \
	EXPORT int name parameters                                                                 \
	{                                                                                          \
		struct unwind_start start = unwind_start_here();                                   \
		struct wait_limit limit = end;                                                     \
		struct token_wait wait;                                                            \
		int saved_errno = errno;                                                           \
		int result;                                                                        \
                                                                                                   \
		if (!wait_is_observed(&wait, semaphore, limit.is_there, !limit.is_odd, &start))    \
			return REAL(name) arguments;                                               \
		pthread_testcancel();                                                              \
		result = limit.is_odd ? REAL(name) arguments : REAL(sem_trywait)(semaphore);       \
		if (result != 0 && !limit.is_odd) {                                                \
			errno = saved_errno;                                                       \
			announce_wait(&wait, &start);                                              \
			pthread_cleanup_push(end_wait, &wait);                                     \
			result = REAL(name) arguments;                                             \
			pthread_cleanup_pop(0);                                                    \
			saved_errno = errno;                                                       \
			end_wait(&wait);                                                           \
		} else {                                                                           \
			saved_errno = errno;                                                       \
		}                                                                                  \
		if (result == 0)                                                                   \
			note_taken(&wait);                                                         \
		errno = saved_errno;                                                               \
		return result;                                                                     \
	}

WRAP_TOKEN_WAIT(sem_wait, (sem_t * semaphore), (semaphore), NO_LIMIT)
WRAP_TOKEN_WAIT(sem_timedwait, (sem_t *restrict semaphore, const struct timespec *restrict time),
		(semaphore, time), wait_limit(CLOCK_REALTIME, time))
WRAP_TOKEN_WAIT(sem_clockwait,
		(sem_t *restrict semaphore, clockid_t clock, const struct timespec *restrict time),
		(semaphore, clock, time), wait_limit(clock, time))

/* Of a thread without a memo of its lock calls. */
static __attribute__((noinline)) int slowly_sem_trywait(sem_t *semaphore)
{
	struct unwind_start start = unwind_start_here();
	struct token_wait wait;
	int result;

	if (!wait_is_observed(&wait, semaphore, false, false, &start))
		return REAL(sem_trywait)(semaphore);
	result = REAL(sem_trywait)(semaphore);
	if (result == 0)
		note_taken(&wait);
	lock_memo_open(wait.self);
	return result;
}

/* The token was taken, by a call that the thread's memo does not have. */
static __attribute__((noinline)) int taken_sem_trywait(sem_t *semaphore)
{
	struct unwind_start start = unwind_start_here();
	struct token_wait wait;
	struct guest_thread *self;

	if (!wait_is_observed(&wait, semaphore, false, false, &start))
		return 0;
	note_taken(&wait);
	self = wait.self;
	if (self->thread->held.top[-1].object == wait.object) {
		guest_raise(self);
		lock_memo_learn(self, LOCK_MEMO_TRY, (uintptr_t)semaphore, &start);
		guest_leave(self);
	}
	return 0;
}

EXPORT int sem_trywait(sem_t *semaphore)
{
	const struct guest_thread *self = guest_known;
	int result = self->known_calls.sem_trywait(semaphore);

	if (UNLIKELY(result > 0))
		return slowly_sem_trywait(semaphore);
	if (LIKELY(result == 0) &&
	    UNLIKELY(!lock_memo_take_token(self, (uintptr_t)semaphore, __builtin_frame_address(0))))
		return taken_sem_trywait(semaphore);
	return result;
}

static __attribute__((noinline)) int slowly_sem_post(sem_t *semaphore)
{
	struct unwind_start start = unwind_start_here();
	struct guest_thread *self = guest_enter();
	struct sync_object *object;
	stack_id stack;

	if (self) {
		object = lock_object_of_call(self, OBJECT_SEMAPHORE, (uintptr_t)semaphore, &start,
					     &stack);
		perturb_gives(self);
		if (object)
			shared_posted(self, object);
		if (object) {
			semaphore_posted(&guest_detector, self->thread, object, stack);
			timeline_signalled(self, TIMELINE_POST, object, stack);
		}
		guest_leave(self);
	} else {
		note_uncounted(semaphore);
	}
	return REAL(sem_post)(semaphore);
}

EXPORT int sem_post(sem_t *semaphore)
{
	if (LIKELY(lock_memo_post(guest_known, (uintptr_t)semaphore)))
		return REAL(sem_post)(semaphore);
	return slowly_sem_post(semaphore);
}

static void begin_semaphore(sem_t *semaphore, uint32_t attributes, bool is_value_known,
			    uint32_t value, const struct unwind_start *start)
{
	struct guest_thread *self = guest_enter();
	struct sync_object *object;
	stack_id stack;

	if (!self)
		return;
	stack = guest_stack(self, start);
	object = lock_known(OBJECT_SEMAPHORE, (uintptr_t)semaphore);
	if (object && !(attributes & SYNC_NAMED))
		lock_ended(&guest_detector, object);
	life_forget_end(&guest_detector, (uintptr_t)semaphore);
	object = lock_object_make(self, OBJECT_SEMAPHORE, (uintptr_t)semaphore, stack);
	if (object && object->info) {
		object->info->attributes |= attributes;
		life_initialised(&guest_detector, self->thread, object, stack);
		if (is_value_known)
			semaphore_initialised(&guest_detector, object, value);
		shared_note(object->info);
	}
	guest_leave(self);
}

EXPORT int sem_init(sem_t *semaphore, int is_shared, unsigned int value)
{
	struct unwind_start start = unwind_start_here();
	int result;

	lock_note_initialising(OBJECT_SEMAPHORE, (uintptr_t)semaphore, &start);
	result = REAL(sem_init)(semaphore, is_shared, value);
	if (result == 0)
		begin_semaphore(semaphore, 0, true, value, &start);
	return result;
}

EXPORT int sem_destroy(sem_t *semaphore)
{
	struct unwind_start start = unwind_start_here();

	if (lock_note_destroying(OBJECT_SEMAPHORE, (uintptr_t)semaphore, &start))
		lock_note_end(OBJECT_SEMAPHORE, (uintptr_t)semaphore);
	return REAL(sem_destroy)(semaphore);
}

/* sem_close is not wrapped: the semaphore may be open several times, and its
 * life ends with its mapping. */
EXPORT sem_t *sem_open(const char *name, int flags, ...)
{
	struct unwind_start start = unwind_start_here();
	sem_t *semaphore;

	if (flags & 0100 /* O_CREAT */) {
		va_list rest;
		mode_t mode;
		unsigned int value;

		va_start(rest, flags);
		mode = va_arg(rest, mode_t);
		value = va_arg(rest, unsigned int);
		va_end(rest);
		semaphore = REAL(sem_open)(name, flags, mode, value);
	} else {
		semaphore = REAL(sem_open)(name, flags);
	}
	if (semaphore != SEM_FAILED)
		begin_semaphore(semaphore, SYNC_NAMED | SYNC_PROCESS_SHARED, false, 0, &start);
	return semaphore;
}
