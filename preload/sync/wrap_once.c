/*
 * Once: pthread_once, call_once and the guards of C++ statics.
 *
 * The body may be left by a C++ exception.  Only frames with a personality
 * routine can clean up then, so this file is compiled with -fexceptions.
 * What such frames need of libgcc is found when an exception comes: whoever
 * throws has loaded it, and to need it ourselves would have each program load it.
 */
#define _GNU_SOURCE
/* Selects the clean-up handlers of <pthread.h> that need no personality routine. */
#undef __EXCEPTIONS
#include <dlfcn.h>
#include <pthread.h>
#include <threads.h>
#include <unwind.h>

#include "detect/deadlock/wait.h"
#include "detect/race/atomics/atomic_location.h"
#include "detect/sync/once.h"
#include "preload/guest/export.h"
#include "preload/guest/guest.h"
#include "preload/guest/real.h"
#include "preload/results/sink.h"
#include "preload/sync/wrap_lock.h"

#define ONCE_DONE 2 /* glibc's value of a pthread_once_t whose body has run */

/* --- Of libgcc ------------------------------------------------------------------- */

static void *find_in_libgcc(const char *name)
{
	void *library = dlopen("libgcc_s.so.1", RTLD_LAZY | RTLD_LOCAL);

	return library ? dlsym(library, name) : NULL;
}

_Unwind_Reason_Code __gcc_personality_v0(int version, _Unwind_Action actions,
					 _Unwind_Exception_Class exception_class,
					 struct _Unwind_Exception *exception,
					 struct _Unwind_Context *context);

/* Without libgcc there are no clean-ups. */
_Unwind_Reason_Code __gcc_personality_v0(int version, _Unwind_Action actions,
					 _Unwind_Exception_Class exception_class,
					 struct _Unwind_Exception *exception,
					 struct _Unwind_Context *context)
{
	_Unwind_Personality_Fn real = find_in_libgcc("__gcc_personality_v0");

	return real ? real(version, actions, exception_class, exception, context)
		    : _URC_CONTINUE_UNWIND;
}

__asm__(".hidden _Unwind_Resume");

/* Clean-ups end with it.  An unwinder that comes through this frame has nothing to do in it. */
void _Unwind_Resume(struct _Unwind_Exception *exception)
{
	__typeof__(&_Unwind_Resume) real = find_in_libgcc("_Unwind_Resume");

	real(exception);
	__builtin_unreachable();
}

/* --- Calls ------------------------------------------------------------------------- */

struct once_call {
	struct guest_thread *self;
	struct sync_object *object;
	stack_id stack;
	void (*body)(void);
	struct once_call *outer;
	bool is_open; /* the body has begun and not ended yet */
	bool is_announced;
};

static void finish_body(struct once_call *call)
{
	struct guest_thread *self = call->self;

	if (!call->is_open)
		return;
	call->is_open = false;
	guest_raise(self);
	once_finished(&guest_detector, self->thread, call->object);
	guest_leave(self);
}

static void leave_body(struct once_call **call)
{
	finish_body(*call);
}

static void cancel_body(void *context)
{
	finish_body(context);
}

/* Runs in place of the program's body. */
static void run_body(void)
{
	struct guest_thread *self = guest_self;
	struct once_call *call __attribute__((cleanup(leave_body))) = self->once;

	self->once = call->outer;
	guest_raise(self);
	if (call->is_announced)
		wait_end(&guest_detector, self->thread);
	call->is_announced = false;
	once_begun(&guest_detector, self->thread, call->object, call->stack);
	call->is_open = true;
	guest_leave(self);
	pthread_cleanup_push(cancel_body, call);
	call->body();
	pthread_cleanup_pop(0);
	finish_body(call);
}

static void announce_wait(struct once_call *call)
{
	struct guest_thread *self = call->self;
	bool is_deadlocked;

	/* relaxed: a later owner announces its own waits, which finds a deadlock. */
	if (!load_relaxed(&call->object->owner))
		return;
	call->is_announced = true;
	guest_raise(self);
	is_deadlocked = once_wait_begin(&guest_detector, self->thread, call->object, call->stack);
	lock_wait_announced(self, is_deadlocked);
}

static void finish_call(struct once_call *call)
{
	struct guest_thread *self = call->self;

	guest_raise(self);
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

/* Removes the call from the list if its body was not run. */
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
	/* acquire: as in pthread_once itself. */
	if (load_acquire(control) == ONCE_DONE) {
		finish_call(&call);
		return 0;
	}
	announce_wait(&call);
	call.outer = call.self->once;
	call.self->once = &call;
	result = REAL(pthread_once)(control, run_body);
	forget_call(&call);
	finish_call(&call);
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
	announce_wait(&call);
	call.outer = call.self->once;
	call.self->once = &call;
	REAL(call_once)(flag, run_body);
	forget_call(&call);
	finish_call(&call);
}

EXPORT_ALIAS(__pthread_once, pthread_once)

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
	announce_wait(&call);
	must_run = REAL(__cxa_guard_acquire)(guard);
	if (!must_run) {
		finish_call(&call);
		return 0;
	}
	guest_raise(call.self);
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
		once_finished(&guest_detector, self->thread, object);
	/* Compiled code reads the guard's first byte, and calls us only if it is 0. */
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
