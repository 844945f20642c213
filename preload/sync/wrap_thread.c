/*
 * Threads: create, join, detach, exit.
 *
 * A created thread starts in our routine, which gives it its context before it
 * takes any lock, and sees its end whatever that is.
 */
#define _GNU_SOURCE
#include <aio.h>
#include <errno.h>
#include <limits.h>
#include <mqueue.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#include "detect/base/describe.h"
#include "detect/base/thread.h"
#include "detect/data/wait.h"
#include "detect/deadlock/gone.h"
#include "detect/deadlock/hang.h"
#include "detect/deadlock/wait.h"
#include "detect/detector.h"
#include "detect/sync/thread.h"
#include "preload/channels/signal_channels.h"
#include "preload/guest/access_words.h"
#include "preload/guest/export.h"
#include "preload/guest/guest.h"
#include "preload/guest/perturb.h"
#include "preload/heap/heap.h"
#include "preload/outside/outside.h"
#include "preload/process/policy.h"
#include "preload/instrument/races.h"
#include "preload/guest/real.h"
#include "preload/results/shared.h"
#include "preload/signals/signals.h"
#include "preload/results/sink.h"
#include "preload/sync/wrap_lock.h"
#include "preload/sync/wrap_thread.h"

#define TOP_BYTES 4096 /* glibc puts less than this above pthread_self() */
#define REAP_EVERY 16u

static uint32_t ended_detached_count; /* since reap_detached() */

/* --- Ends ------------------------------------------------------------------- */

/*
 * The last thread that could have woken the others may end instead of waiting.
 * Its destructors of thread-specific data run after that, and may still wake
 * one.  So if all others seem to hang, a destructor of ours checks again in the
 * last round.  Only then is its key created.
 */
static pthread_key_t last_look_key;
static pthread_once_t last_look_once = PTHREAD_ONCE_INIT;
static bool has_last_look;

static void look_last(void *round)
{
	struct guest_thread *self;
	bool is_hang;

	if ((uintptr_t)round < PTHREAD_DESTRUCTOR_ITERATIONS) {
		pthread_setspecific(last_look_key, (void *)((uintptr_t)round + 1));
		return;
	}
	self = guest_enter();
	if (!self)
		return;
	fetch_add_acq_rel(&outside_leaving_count, 1u);
	is_hang = hang_check(&guest_detector, self->thread);
	fetch_add_acq_rel(&outside_leaving_count, -1u);
	guest_leave(self);
	if (is_hang)
		policy_deadlocked();
}

static void make_last_look(void)
{
	has_last_look = pthread_key_create(&last_look_key, look_last) == 0;
}

static void look_back(void)
{
	if (!hang_is_likely(&guest_detector))
		return;
	REAL(pthread_once)(&last_look_once, make_last_look);
	if (has_last_look)
		pthread_setspecific(last_look_key, (void *)1);
}

/* What the process has done so far is known if it is killed. */
static void sum_up(struct thread *ending)
{
	runtime_lock(&guest_detector.lock);
	detector_sum_up(&guest_detector, ending);
	sink_update_counters(&guest_detector);
	runtime_unlock(&guest_detector.lock);
}

static void note_end(void *context)
{
	struct guest_thread *self = context;

	perturb_end(self);
	guest_raise(self);
	thread_ending(&guest_detector, self->thread);
	sum_up(self->thread);
	look_back();
	if (self->thread->is_detached)
		fetch_add_relaxed(&ended_detached_count, 1u); /* relaxed: a hint */
	lock_wait_ended(self);
}

/* Frees the contexts of detached threads that have ended. */
static void reap_detached(void)
{
	struct thread *thread;
	uint32_t slot = 0;

	if (load_relaxed(&ended_detached_count) < REAP_EVERY) /* relaxed: a hint */
		return;
	store_relaxed(&ended_detached_count, 0u);
	while ((thread = slot_next_thread(&guest_detector, &slot))) {
		struct guest_thread *guest = thread->guest;

		if (thread->state != THREAD_ENDING || !thread->is_detached ||
		    guest_detector.hooks->is_alive(&guest_detector, thread))
			continue;
		thread->guest = NULL;
		gone_end(&guest_detector, thread);
		if (guest)
			guest_free_thread(guest);
	}
}

/* --- Create ----------------------------------------------------------------- */

/* How far a stack of @stack_bytes reaches below @frame, in the thread's first
 * function.  Rather too little, as memory below belongs to others.  glibc keeps
 * thread-local data and the thread's descriptor at the top. */
static size_t bytes_below(uintptr_t frame, size_t stack_bytes)
{
	uintptr_t record = (uintptr_t)pthread_self();
	size_t above = (record > frame ? record - frame : 0) + TOP_BYTES;

	return stack_bytes > above ? stack_bytes - above : 0;
}

static void use_attributes(struct guest_thread *child, const pthread_attr_t *attributes)
{
	int state = PTHREAD_CREATE_JOINABLE;

	pthread_attr_getstacksize(attributes, &child->stack_bytes);
	pthread_attr_getdetachstate(attributes, &state);
	child->thread->is_detached = state == PTHREAD_CREATE_DETACHED;
}

static void use_default_attributes(struct guest_thread *child)
{
	pthread_attr_t attributes;

	child->stack_bytes = 0;
	if (pthread_getattr_default_np(&attributes) == 0) {
		use_attributes(child, &attributes);
		pthread_attr_destroy(&attributes);
	}
}

/* A signal may come before the first of our code in a thread, and what its handler does
 * be observed, as a thread of its own.  That ends here.  NULL: there was none. */
static struct guest_thread *end_early_thread(uintptr_t frame)
{
	struct guest_thread *early = guest_self;

	if (LIKELY(!early))
		return NULL;
	early->guard = frame;
	thread_ending(&guest_detector, early->thread);
	access_current = access_shared = SHADOW_NO_EPOCH;
	return early;
}

static void join_early_thread(struct guest_thread *self, struct guest_thread *early)
{
	struct thread *thread = early->thread;

	guest_free_thread(early);
	thread_joined(&guest_detector, self->thread, thread, 0);
}

void *thread_run(void *context)
{
	struct guest_thread *self = context;
	uintptr_t frame = (uintptr_t)__builtin_frame_address(0);
	/* One context does not know of the signals that were deferred in the other. */
	uint64_t signals = signals_block();
	struct guest_thread *early = end_early_thread(frame);
	void *result;

	guest_begin_thread(self, frame, bytes_below(frame, self->stack_bytes));
	guest_set_handle(self, (uint64_t)pthread_self());
	self->guard = frame;
	/* Locks of an earlier thread with the same stack, there or in the thread-local
	 * variables above it. */
	lock_memory_begins(&guest_detector, self->thread->stack_start, (uintptr_t)pthread_self());
	thread_started(&guest_detector, self->thread);
	if (UNLIKELY(early))
		join_early_thread(self, early);
	guest_leave(self);
	signals_restore(signals);
	heap_stack_begins(self->thread->stack_start, (uintptr_t)pthread_self());
	perturb_start(self);
	pthread_cleanup_push(note_end, self);
	result = self->routine(self->argument);
	pthread_cleanup_pop(1);
	return result;
}

struct guest_thread *thread_prepare(const struct unwind_start *start, void *(*routine)(void *),
				    void *argument)
{
	struct guest_thread *self = guest_enter();
	struct guest_thread *child = NULL;
	struct thread *thread;

	if (!self)
		return NULL;
	races_begin(self, start);
	reap_detached();
	thread = thread_create(&guest_detector, self->thread, guest_stack(self, start));
	if (thread)
		child = guest_make_thread(thread);
	if (child) {
		child->routine = routine;
		child->argument = argument;
		use_default_attributes(child);
		perturb_creates(self, child);
	} else if (thread) {
		thread_create_failed(&guest_detector, thread);
	}
	self->is_creating_or_joining = child;
	guest_leave(self);
	return child;
}

void thread_prepared(struct guest_thread *child, bool is_created)
{
	struct guest_thread *self = guest_enter();

	if (!self)
		return;
	self->is_creating_or_joining = false;
	if (is_created) {
		guest_leave(self);
		perturb_created(self, child);
		return;
	}
	thread_create_failed(&guest_detector, child->thread);
	guest_free_thread(child);
	guest_leave(self);
}

EXPORT int pthread_create(pthread_t *handle, const pthread_attr_t *attributes,
			  void *(*routine)(void *), void *argument)
{
	struct unwind_start start = unwind_start_here();
	struct guest_thread *child = thread_prepare(&start, routine, argument);
	bool is_detached;
	int result;

	if (!child)
		return REAL(pthread_create)(handle, attributes, routine, argument);
	if (attributes)
		use_attributes(child, attributes);
	is_detached = child->thread->is_detached;
	result = REAL(pthread_create)(handle, attributes, thread_run, child);
	thread_prepared(child, result == 0);
	if (result == 0 && !is_detached)
		guest_set_handle(child, (uint64_t)*handle);
	return result;
}

/* --- Threads of the C library ------------------------------------------------ */

/* A call is about to ask for @event, for which the C library may make threads of its own. */
static void before_event(const struct unwind_start *start, const struct sigevent *event)
{
	struct guest_thread *self = guest_enter();

	if (!self)
		return;
	if (event && event->sigev_notify == SIGEV_THREAD)
		races_begin(self, start);
	signals_give(self, SIGNAL_OF_TIMERS);
	guest_leave(self);
}

#define WRAP_ASKING(function, parameters, arguments, event)                                        \
	EXPORT int function parameters                                                             \
	{                                                                                          \
		struct unwind_start start = unwind_start_here();                                   \
                                                                                                   \
		before_event(&start, event);                                                       \
		return REAL(function) arguments;                                                   \
	}

WRAP_ASKING(timer_create,
	    (clockid_t clock, struct sigevent *restrict event, timer_t *restrict timer),
	    (clock, event, timer), event)
WRAP_ASKING(mq_notify, (mqd_t queue, const struct sigevent *event), (queue, event), event)
WRAP_ASKING(aio_read, (struct aiocb *request), (request), &request->aio_sigevent)
WRAP_ASKING(aio_write, (struct aiocb *request), (request), &request->aio_sigevent)
WRAP_ASKING(aio_fsync, (int operation, struct aiocb *request), (operation, request),
	    &request->aio_sigevent)
WRAP_ASKING(getaddrinfo_a,
	    (int mode, struct gaicb *names[restrict], int count, struct sigevent *restrict event),
	    (mode, names, count, event), event)
EXPORT_ALIAS(aio_read64, aio_read)
EXPORT_ALIAS(aio_write64, aio_write)
EXPORT_ALIAS(aio_fsync64, aio_fsync)

/* Each request may ask for an event of its own. */
EXPORT int lio_listio(int mode, struct aiocb *const requests[restrict], int count,
		      struct sigevent *restrict event)
{
	struct unwind_start start = unwind_start_here();

	for (int i = 0; i < count; i++)
		before_event(&start, requests[i] ? &requests[i]->aio_sigevent : NULL);
	before_event(&start, event);
	return REAL(lio_listio)(mode, requests, count, event);
}
EXPORT_ALIAS(lio_listio64, lio_listio)

/* --- Join ------------------------------------------------------------------- */

bool thread_join_begin(struct thread_join *join, uint64_t handle, bool is_timed,
		       const struct unwind_start *start)
{
	struct wait wait = {.kind = WAIT_JOIN, .is_timed = is_timed};
	bool is_deadlocked;

	join->self = guest_enter();
	if (!join->self)
		return false;
	join->target = guest_find_thread(handle);
	/* A thread that joins itself is told so. */
	if (!join->target || join->target == join->self) {
		guest_leave(join->self);
		return false;
	}
	/* A cancellation that is pending ends the call.  May miss a deadlock of a thread
	 * that has disabled cancellation; accepted, as nobody else knows that. */
	/* relaxed: whoever cancels it later ends the call as well. */
	wait.is_timed |= load_relaxed(&join->self->thread->waiting.is_cancelled);
	join->stack = wait.stack = guest_stack(join->self, start);
	wait.target = join->target->thread->id;
	is_deadlocked = wait_begin(&guest_detector, join->self->thread, &wait) ||
			shared_blocked(join->self);
	join->self->is_creating_or_joining = true;
	lock_wait_announced(join->self, is_deadlocked);
	return true;
}

void thread_join_cancelled(void *context)
{
	struct thread_join *join = context;

	guest_raise(join->self);
	join->self->is_creating_or_joining = false;
	wait_end(&guest_detector, join->self->thread);
	lock_wait_ended(join->self);
}

void thread_join_end(struct thread_join *join, bool is_joined)
{
	thread_join_cancelled(join);
	if (!is_joined)
		return;
	guest_raise(join->self);
	join->target->thread->guest = NULL;
	thread_joined(&guest_detector, join->self->thread, join->target->thread, join->stack);
	guest_free_thread(join->target);
	guest_leave(join->self);
}

#define WRAP_JOIN(name, parameters, arguments, is_timed)                                           \
	EXPORT int name parameters                                                                 \
	{                                                                                          \
		struct unwind_start start = unwind_start_here();                                   \
		struct thread_join join;                                                           \
		int result;                                                                        \
                                                                                                   \
		if (!thread_join_begin(&join, (uint64_t)handle, is_timed, &start))                 \
			return REAL(name) arguments;                                               \
		pthread_cleanup_push(thread_join_cancelled, &join);                                \
		result = REAL(name) arguments;                                                     \
		pthread_cleanup_pop(0);                                                            \
		thread_join_end(&join, result == 0);                                               \
		return result;                                                                     \
	}

WRAP_JOIN(pthread_join, (pthread_t handle, void **result_of), (handle, result_of), false)
WRAP_JOIN(pthread_tryjoin_np, (pthread_t handle, void **result_of), (handle, result_of), true)
WRAP_JOIN(pthread_timedjoin_np, (pthread_t handle, void **result_of, const struct timespec *until),
	  (handle, result_of, until), true)
WRAP_JOIN(pthread_clockjoin_np,
	  (pthread_t handle, void **result_of, clockid_t clock, const struct timespec *until),
	  (handle, result_of, clock, until), true)

/* --- Cancel ----------------------------------------------------------------- */

/* Noted before the call, as the target may run at once. */
EXPORT int pthread_cancel(pthread_t handle)
{
	struct guest_thread *self = guest_enter();
	struct guest_thread *target;

	if (self) {
		target = handle == pthread_self() ? self : guest_find_thread((uint64_t)handle);
		if (target)
			store_release(&target->thread->waiting.is_cancelled, true); /* hang.c */
		guest_leave(self);
	}
	if (handlers_wait)
		signals_watch_cancellation(REAL(pthread_cancel));
	return REAL(pthread_cancel)(handle);
}

/* --- The rest --------------------------------------------------------------- */

void thread_note_detached(uint64_t handle)
{
	struct guest_thread *self = guest_enter();
	struct guest_thread *target;

	if (!self)
		return;
	target = guest_find_thread(handle);
	if (target) {
		thread_detached(&guest_detector, target->thread);
		/* Another thread may soon have this handle. */
		guest_set_handle(target, 0);
		if (target->thread->state == THREAD_ENDING)
			fetch_add_relaxed(&ended_detached_count, 1u); /* relaxed: a hint */
	}
	guest_leave(self);
}

EXPORT int pthread_detach(pthread_t handle)
{
	thread_note_detached((uint64_t)handle);
	return REAL(pthread_detach)(handle);
}

/* The ends of threads that started in thread_run() are seen by its cleanup handler. */
void thread_note_exit(void)
{
	struct guest_thread *self = guest_enter();

	if (!self)
		return;
	guest_leave(self);
	if (!self->routine)
		note_end(self);
}

EXPORT void pthread_exit(void *result)
{
	thread_note_exit();
	REAL(pthread_exit)(result);
	__builtin_unreachable();
}

EXPORT int pthread_setname_np(pthread_t handle, const char *name)
{
	int result = REAL(pthread_setname_np)(handle, name);
	struct guest_thread *self = result == 0 ? guest_enter() : NULL;
	struct guest_thread *target;

	if (!self)
		return result;
	target = handle == pthread_self() ? self : guest_find_thread((uint64_t)handle);
	if (target) {
		runtime_lock(&guest_detector.lock);
		strncpy(target->thread->name, name, sizeof(target->thread->name) - 1);
		describe_renamed(&guest_detector, target->thread);
		runtime_unlock(&guest_detector.lock);
	}
	guest_leave(self);
	return result;
}
