#define _GNU_SOURCE
#include <pthread.h>

#include "detect/sync/barrier.h"
#include "preload/guest/export.h"
#include "preload/guest/guest.h"
#include "preload/guest/real.h"
#include "preload/sync/wrap_lock.h"

EXPORT int pthread_barrier_wait(pthread_barrier_t *barrier)
{
	struct unwind_start start = unwind_start_here();
	struct guest_thread *self = guest_enter();
	struct sync_object *object;
	bool is_deadlocked;
	stack_id stack;
	int result;

	if (!self)
		return REAL(pthread_barrier_wait)(barrier);
	stack = guest_stack(self, &start);
	object = lock_object(self, OBJECT_BARRIER, (uintptr_t)barrier, stack);
	if (!object) {
		guest_leave(self);
		return REAL(pthread_barrier_wait)(barrier);
	}
	is_deadlocked = barrier_arrived(&guest_detector, self->thread, object, stack);
	lock_wait_announced(self, is_deadlocked);
	result = REAL(pthread_barrier_wait)(barrier);
	guest_raise(self);
	barrier_departed(&guest_detector, self->thread, object);
	lock_wait_ended(self);
	return result;
}

EXPORT int pthread_barrier_init(pthread_barrier_t *restrict barrier,
				const pthread_barrierattr_t *restrict attributes,
				unsigned int count)
{
	struct unwind_start start = unwind_start_here();
	int result;

	lock_note_initialising(OBJECT_BARRIER, (uintptr_t)barrier, &start);
	result = REAL(pthread_barrier_init)(barrier, attributes, count);
	if (result == 0)
		lock_note_init(OBJECT_BARRIER, (uintptr_t)barrier, &start);
	return result;
}

/* The real call waits for threads that are still leaving: the life ends after it. */
EXPORT int pthread_barrier_destroy(pthread_barrier_t *barrier)
{
	struct unwind_start start = unwind_start_here();
	bool ends = lock_note_destroying(OBJECT_BARRIER, (uintptr_t)barrier, &start);
	int result = REAL(pthread_barrier_destroy)(barrier);

	if (ends && result == 0) {
		barrier_ends(lock_known(OBJECT_BARRIER, (uintptr_t)barrier));
		lock_note_end(OBJECT_BARRIER, (uintptr_t)barrier);
	}
	return result;
}
