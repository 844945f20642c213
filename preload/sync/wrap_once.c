/*
 * Once: pthread_once, call_once and the guards of C++ statics.
 *
 * The body may be left by a C++ exception, which only a frame with a
 * personality routine sees; so this file is compiled with -fexceptions.  The
 * personality of C is libgcc's.  It is referred to weakly: a program that
 * throws has it loaded, and without it there is nothing to be seen.
 */
#define _GNU_SOURCE
/* The clean-up handlers of <pthread.h> that need no personality routine. */
#undef __EXCEPTIONS
#include <pthread.h>
#include <threads.h>

#include "detect/deadlock/wait.h"
#include "detect/race/atomic_location.h"
#include "detect/sync/once.h"
#include "preload/guest/export.h"
#include "preload/guest/guest.h"
#include "preload/process/policy.h"
#include "preload/guest/real.h"
#include "preload/results/sink.h"
#include "preload/sync/wrap_lock.h"

__asm__(".weak __gcc_personality_v0");

#define ONCE_DONE 2 /* glibc's value of a pthread_once_t whose body was run */

struct once_call {
	struct guest_thread *self;
	struct sync_object *object;
	stack_id stack;
	void (*body)(void);
	struct once_call *outer;
	bool is_open; /* the body has begun and not ended yet */
	bool is_announced;
};

static void finish_body(struct once_call *call, bool is_done)
{
	struct guest_thread *self = call->self;

	if (!call->is_open)
		return;
	call->is_open = false;
	self->guard = (uintptr_t)__builtin_frame_address(0);
	fence_signal();
	once_finished(&guest_detector, self->thread, call->object, is_done);
	guest_leave(self);
}

static void leave_body(struct once_call **call)
{
	finish_body(*call, false);
}

static void cancel_body(void *context)
{
	finish_body(context, false);
}

/* Runs in place of the program's body. */
static void run_body(void)
{
	struct guest_thread *self = guest_self;
	struct once_call *call __attribute__((cleanup(leave_body))) = self->once;

	self->once = call->outer;
	self->guard = (uintptr_t)__builtin_frame_address(0);
	fence_signal();
	if (call->is_announced)
		wait_end(&guest_detector, self->thread);
	call->is_announced = false;
	once_begun(&guest_detector, self->thread, call->object, call->stack);
	call->is_open = true;
	guest_leave(self);
	pthread_cleanup_push(cancel_body, call);
	call->body();
	pthread_cleanup_pop(0);
	finish_body(call, true);
}

static void announce(struct once_call *call)
{
	struct guest_thread *self = call->self;
	bool is_deadlocked;

	/* relaxed: an owner that comes later announces itself in turn. */
	if (!load_relaxed(&call->object->owner))
		return;
	call->is_announced = true;
	self->guard = (uintptr_t)__builtin_frame_address(0);
	fence_signal();
	is_deadlocked = once_wait_begin(&guest_detector, self->thread, call->object, call->stack);
	sink_blocked(&guest_detector, self->thread, &self->slot);
	guest_leave(self);
	if (is_deadlocked)
		policy_deadlocked();
}

static void pass(struct once_call *call)
{
	struct guest_thread *self = call->self;

	self->guard = (uintptr_t)__builtin_frame_address(0);
	fence_signal();
	if (call->is_announced) {
		wait_end(&guest_detector, self->thread);
		sink_unblocked(self->slot);
	}
	if (call->object->stamp && !guest_has_passed(self, call->object))
		once_passed(&guest_detector, self->thread, call->object);
	guest_leave(self);
}

static bool begin_call(struct once_call *call, uintptr_t address, void (*body)(void),
		       const struct unwind_start *start)
{
	struct guest_thread *self = guest_enter();

	call->self = self;
	if (!self)
		return false;
	call->stack = guest_stack(self, start);
	call->object = lock_object(self, OBJECT_ONCE, address, call->stack);
	call->body = body;
	call->is_open = false;
	call->is_announced = false;
	guest_leave(self);
	return call->object;
}

/* Its body may have been cancelled: nobody else takes the call off the list. */
static void forget_call(struct once_call *call)
{
	if (call->self->once == call)
		call->self->once = call->outer;
}

EXPORT int pthread_once(pthread_once_t *control, void (*body)(void))
{
	struct unwind_start start = unwind_start_here();
	struct once_call call;
	int result;

	if (!begin_call(&call, (uintptr_t)control, body, &start))
		return REAL(pthread_once)(control, body);
	/* acquire: as pthread_once itself. */
	if (load_acquire(control) == ONCE_DONE) {
		pass(&call);
		return 0;
	}
	announce(&call);
	call.outer = call.self->once;
	call.self->once = &call;
	result = REAL(pthread_once)(control, run_body);
	forget_call(&call);
	pass(&call);
	return result;
}

EXPORT void call_once(once_flag *flag, void (*body)(void))
{
	struct unwind_start start = unwind_start_here();
	struct once_call call;

	if (!begin_call(&call, (uintptr_t)flag, body, &start)) {
		REAL(call_once)(flag, body);
		return;
	}
	announce(&call);
	call.outer = call.self->once;
	call.self->once = &call;
	REAL(call_once)(flag, run_body);
	forget_call(&call);
	pass(&call);
}

EXPORT_ALIAS(__pthread_once, pthread_once)

/* --- Guards of C++ statics ---------------------------------------------------- */

EXPORT int __cxa_guard_acquire(uint64_t *guard);
EXPORT void __cxa_guard_release(uint64_t *guard);
EXPORT void __cxa_guard_abort(uint64_t *guard);

EXPORT int __cxa_guard_acquire(uint64_t *guard)
{
	struct unwind_start start = unwind_start_here();
	struct once_call call;
	int must_run;

	if (!begin_call(&call, (uintptr_t)guard, NULL, &start))
		return REAL(__cxa_guard_acquire)(guard);
	announce(&call);
	must_run = REAL(__cxa_guard_acquire)(guard);
	if (!must_run) {
		pass(&call);
		return 0;
	}
	call.self->guard = (uintptr_t)__builtin_frame_address(0);
	fence_signal();
	if (call.is_announced) {
		wait_end(&guest_detector, call.self->thread);
		sink_unblocked(call.self->slot);
	}
	once_begun(&guest_detector, call.self->thread, call.object, call.stack);
	guest_leave(call.self);
	return must_run;
}

static void end_guard(uint64_t *guard, bool is_done)
{
	struct guest_thread *self = guest_enter();
	struct sync_object *object;

	if (!self)
		return;
	object = sync_find(&guest_detector.objects, (uintptr_t)guard);
	if (object && lock_is_kind(object, OBJECT_ONCE))
		once_finished(&guest_detector, self->thread, object, is_done);
	/* Compilers look at the guard's first byte before they call us. */
	if (is_done && guest_observes_memory)
		atomic_release(&guest_detector, self->thread, (uintptr_t)guard);
	guest_leave(self);
}

EXPORT void __cxa_guard_release(uint64_t *guard)
{
	end_guard(guard, true);
	REAL(__cxa_guard_release)(guard);
}

EXPORT void __cxa_guard_abort(uint64_t *guard)
{
	end_guard(guard, false);
	REAL(__cxa_guard_abort)(guard);
}
