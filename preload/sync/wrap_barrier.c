#define _GNU_SOURCE
#include <pthread.h>

#include "detect/sync/barrier.h"
#include "preload/guest/export.h"
#include "preload/guest/guest.h"
#include "preload/process/policy.h"
#include "preload/guest/real.h"
#include "preload/results/sink.h"
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
	sink_blocked(&guest_detector, self->thread, &self->slot);
	guest_leave(self);
	if (is_deadlocked)
		policy_deadlocked();
	result = REAL(pthread_barrier_wait)(barrier);
	self->guard = (uintptr_t)__builtin_frame_address(0);
	fence_signal();
	barrier_departed(&guest_detector, self->thread, object);
	sink_unblocked(self->slot);
	guest_leave(self);
	return result;
}

EXPORT int pthread_barrier_init(pthread_barrier_t *restrict barrier,
				const pthread_barrierattr_t *restrict attributes,
				unsigned int count)
{
	struct unwind_start start = unwind_start_here();
	int result = REAL(pthread_barrier_init)(barrier, attributes, count);
	struct guest_thread *self = result == 0 ? guest_enter() : NULL;
	struct sync_object *object;
	stack_id stack;

	if (!self)
		return result;
	stack = guest_stack(self, &start);
	object = sync_find(&guest_detector.objects, (uintptr_t)barrier);
	if (object)
		lock_ended(&guest_detector, object);
	object = lock_object_begin(self, OBJECT_BARRIER, (uintptr_t)barrier, stack);
	if (object && object->info)
		object->info->created = stack;
	guest_leave(self);
	return result;
}

/* The real call waits for threads that are still leaving: the life ends after it. */
EXPORT int pthread_barrier_destroy(pthread_barrier_t *barrier)
{
	int result = REAL(pthread_barrier_destroy)(barrier);
	struct guest_thread *self = result == 0 ? guest_enter() : NULL;
	struct sync_object *object;

	if (!self)
		return result;
	object = sync_find(&guest_detector.objects, (uintptr_t)barrier);
	if (object)
		lock_ended(&guest_detector, object);
	guest_leave(self);
	return result;
}
