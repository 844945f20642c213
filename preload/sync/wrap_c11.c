/* C11 threads: glibc does not call the pthread symbols for them. */
#define _GNU_SOURCE
#include <pthread.h>
#include <threads.h>

#include "preload/guest/export.h"
#include "preload/guest/real.h"
#include "preload/sync/wrap_condition.h"
#include "preload/sync/wrap_lock.h"
#include "preload/sync/wrap_thread.h"

/* Runs in place of the program's function. */
static int run_c11(void *context)
{
	return (int)(intptr_t)thread_run(context);
}

/* The routine for thread_run(), which calls the program's function. */
static void *call_c11(void *context)
{
	struct guest_thread *self = context;

	return (void *)(intptr_t)self->c11_routine(self->c11_argument);
}

EXPORT int thrd_create(thrd_t *handle, thrd_start_t routine, void *argument)
{
	struct unwind_start start = unwind_start_here();
	struct guest_thread *child = thread_prepare(&start, call_c11, NULL);
	bool is_detached;
	int result;

	if (!child)
		return REAL(thrd_create)(handle, routine, argument);
	is_detached = child->thread->is_detached;
	child->argument = child;
	child->c11_routine = routine;
	child->c11_argument = argument;
	result = REAL(thrd_create)(handle, run_c11, child);
	thread_prepared(child, result == thrd_success);
	if (result == thrd_success && !is_detached)
		guest_set_handle(child, (uint64_t)*handle);
	return result;
}

EXPORT int thrd_join(thrd_t handle, int *result_of)
{
	struct unwind_start start = unwind_start_here();
	struct thread_join join;
	int result;

	if (!thread_join_begin(&join, (uint64_t)handle, false, &start))
		return REAL(thrd_join)(handle, result_of);
	pthread_cleanup_push(thread_join_cancelled, &join);
	result = REAL(thrd_join)(handle, result_of);
	pthread_cleanup_pop(0);
	thread_join_end(&join, result == thrd_success);
	return result;
}

EXPORT int thrd_detach(thrd_t handle)
{
	thread_note_detached((uint64_t)handle);
	return REAL(thrd_detach)(handle);
}

EXPORT void thrd_exit(int result)
{
	thread_note_exit();
	REAL(thrd_exit)(result);
	__builtin_unreachable();
}

EXPORT int cnd_init(cnd_t *condition)
{
	struct unwind_start start = unwind_start_here();
	int result;

	lock_note_initialising(OBJECT_CONDITION, (uintptr_t)condition, &start);
	result = REAL(cnd_init)(condition);
	if (result == thrd_success)
		lock_note_init(OBJECT_CONDITION, (uintptr_t)condition, &start);
	return result;
}

EXPORT void cnd_destroy(cnd_t *condition)
{
	struct unwind_start start = unwind_start_here();
	bool ends = lock_note_destroying(OBJECT_CONDITION, (uintptr_t)condition, &start);

	REAL(cnd_destroy)(condition);
	if (ends)
		lock_note_end(OBJECT_CONDITION, (uintptr_t)condition);
}

EXPORT int cnd_wait(cnd_t *condition, mtx_t *mutex)
{
	struct unwind_start start = unwind_start_here();
	struct condition_call call;
	int result;

	if (!condition_call_begin(&call, (uintptr_t)condition, (uintptr_t)mutex, NO_LIMIT, &start))
		return REAL(cnd_wait)(condition, mutex);
	pthread_cleanup_push(condition_call_cancelled, &call);
	result = REAL(cnd_wait)(condition, mutex);
	pthread_cleanup_pop(0);
	condition_call_end(&call, result == thrd_success);
	return result;
}

EXPORT int cnd_timedwait(cnd_t *restrict condition, mtx_t *restrict mutex,
			 const struct timespec *restrict until)
{
	struct unwind_start start = unwind_start_here();
	struct condition_call call;
	int result;

	if (!condition_call_begin(&call, (uintptr_t)condition, (uintptr_t)mutex,
				  wait_limit(CLOCK_REALTIME, until), &start))
		return REAL(cnd_timedwait)(condition, mutex, until);
	pthread_cleanup_push(condition_call_cancelled, &call);
	result = REAL(cnd_timedwait)(condition, mutex, until);
	pthread_cleanup_pop(0);
	condition_call_end(&call, result == thrd_success);
	return result;
}

EXPORT int cnd_signal(cnd_t *condition)
{
	struct unwind_start start = unwind_start_here();

	condition_call_signal((uintptr_t)condition, false, &start);
	return REAL(cnd_signal)(condition);
}

EXPORT int cnd_broadcast(cnd_t *condition)
{
	struct unwind_start start = unwind_start_here();

	condition_call_signal((uintptr_t)condition, true, &start);
	return REAL(cnd_broadcast)(condition);
}
