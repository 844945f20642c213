/*
 * Forks and ends.
 *
 * Around a fork all our locks are taken, in their order: detector.lock, the
 * guest's contexts, the modules, the objects, the stacks; so the child finds
 * what they protect whole.  Programs have fork handlers that lock and call us,
 * so ours must be the innermost: registered first, "prepare" runs last and the
 * others first (pthread_atfork(3)).  Libraries whose constructors run before
 * ours may register before us: their registration brings ours with it.  It is
 * by handlers and not by a wrapper of fork() that libc's own forks (daemon,
 * forkpty) are seen too.  _Fork() runs no handlers: it is wrapped.
 *
 * The ends: exit() and main's return by an exit handler (start.c), the others
 * here.  A process that is killed records nothing; its findings are in the
 * file already.
 */
#define _GNU_SOURCE
#include "preload/process/wrap_process.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/kernel.h"
#include "finding/results.h"
#include "preload/results/bare.h"
#include "preload/channels/descriptors.h"
#include "preload/guest/export.h"
#include "preload/guest/guest.h"
#include "preload/guest/real.h"
#include "preload/results/reporter.h"
#include "preload/signals/signals.h"
#include "preload/results/sink.h"

/* How far the process is with its end. */
enum end_state { END_NOT_YET, END_IN_PROGRESS, END_OVER };

static uint32_t own_pid; /* 0: not begun */
static uint32_t end_state;
static uint32_t handlers_state; /* 1: our fork handlers are registered */
static int quick_status;

bool process_is_own(void)
{
	return (uint32_t)kernel_call0(SYS_getpid) == own_pid;
}

bool process_is_borrowed(void)
{
	/* relaxed: it is written while there is one thread. */
	uint32_t own = load_relaxed(&own_pid);

	return own && (uint32_t)kernel_call0(SYS_getpid) != own;
}

bool process_hides_children(void)
{
	return guest_options.follow_children == CHOICE_NO;
}

/* --- Fork ------------------------------------------------------------------- */

int __register_atfork(void (*prepare)(void), void (*parent)(void), void (*child)(void),
		      void *object);

static __typeof__(&__register_atfork) real_register_atfork(void)
{
	return REAL(__register_atfork);
}

/* Resolved before it is needed: a signal handler may call it, where looking
 * names up is not safe. */
static __typeof__(&_Fork) real_fork(void)
{
	return REAL(_Fork);
}

void process_forked(void)
{
	own_pid = (uint32_t)kernel_call0(SYS_getpid);
	end_state = END_NOT_YET;
	reporter_forked();
	guest_forked();
}

static void fork_in_child(void)
{
	process_forked();
	guest_fork_end();
}

static void register_handlers(void)
{
	extern void *__dso_handle __attribute__((visibility("hidden")));
	uint32_t expected = 0;

	if (compare_exchange_acq_rel(&handlers_state, &expected, 1u))
		real_register_atfork()(guest_fork_begin, guest_fork_end, fork_in_child,
				       &__dso_handle);
}

/* What pthread_atfork() calls. */
EXPORT int __register_atfork(void (*prepare)(void), void (*parent)(void), void (*child)(void),
			     void *object)
{
	register_handlers();
	return real_register_atfork()(prepare, parent, child, object);
}

EXPORT pid_t _Fork(void)
{
	pid_t child;

	guest_fork_begin();
	child = real_fork()();
	if (child == 0)
		fork_in_child();
	else
		guest_fork_end();
	return child;
}

/* --- Ends ------------------------------------------------------------------- */

void process_begin(void)
{
	own_pid = (uint32_t)kernel_call0(SYS_getpid);
	real_fork();
	register_handlers();
	descriptors_begin();
	channels_begin();
	signals_begin();
}

bool process_end(uint32_t how, uint32_t status, bool is_orderly)
{
	uint32_t expected = END_NOT_YET;

	if (!process_is_own() || guest_state != GUEST_ON)
		return false;
	if (!compare_exchange_acq_rel(&end_state, &expected, (uint32_t)END_IN_PROGRESS)) {
		/* Not before the report is out. */
		while (bare_is_reporter() && load_acquire(&end_state) == END_IN_PROGRESS)
			kernel_call2(SYS_ppoll, NULL, 0);
		return false;
	}
	guest_finish(is_orderly);
	sink_end(how, status);
	return true;
}

void process_ended(void)
{
	/* release: pairs with process_end(). */
	store_release(&end_state, (uint32_t)END_OVER);
}

static void __attribute__((noreturn)) leave(int status)
{
	if (process_end(PROCESS_EXITED, (uint32_t)status, true) && bare_is_reporter())
		status = bare_report(status);
	for (;;)
		kernel_call1(SYS_exit_group, status);
}

EXPORT void _exit(int status)
{
	leave(status);
}

EXPORT void _Exit(int status)
{
	leave(status);
}

/* Registered before any of the program's, so it runs after them.  Handlers of
 * quick_exit() are not told the status. */
static void quick_exits(void)
{
	int status = quick_status;

	if (process_end(PROCESS_EXITED, (uint32_t)status, true) && bare_is_reporter())
		status = bare_report(status);
	process_ended();
	if (status != quick_status)
		kernel_call1(SYS_exit_group, status);
}

EXPORT void quick_exit(int status)
{
	quick_status = status;
	REAL(quick_exit)(status);
	__builtin_unreachable();
}

static void exits(int status, void *context)
{
	(void)context;
	if (!process_end(PROCESS_EXITED, (uint32_t)status, true))
		return;
	if (bare_is_reporter())
		bare_exit(status);
	process_ended();
}

void process_watch_exit(void)
{
	on_exit(exits, NULL);
	at_quick_exit(quick_exits);
}

/*
 * Exit handlers are run by who calls exit(), which may be another thread than
 * who registered them.  Of all that are registered while there are several, each
 * is followed by one of ours, which so runs before it.
 */
#define EXIT_KEY CHANNEL_KEY(KEY_EXIT, 0)

static void give_exit(void)
{
	struct guest_thread *self = guest_enter();
	struct channel *channel =
		self ? channel_get(&guest_channels, self->thread, EXIT_KEY) : NULL;

	if (channel)
		channel_give(&guest_channels, &guest_detector, self->thread, channel);
	if (self)
		guest_leave(self);
}

static void take_exit(void *context)
{
	struct guest_thread *self = guest_enter();
	struct channel *channel = self ? channel_find(&guest_channels, EXIT_KEY) : NULL;

	(void)context;
	if (channel)
		channel_take(&guest_detector, self->thread, channel);
	if (self)
		guest_leave(self);
}

static void take_exit_told(int status, void *context)
{
	(void)status;
	take_exit(context);
}

int __cxa_atexit(void (*handler)(void *), void *argument, void *object);
int __cxa_at_quick_exit(void (*handler)(void *), void *object);

/* What atexit() and the destructors of C++ call. */
EXPORT int __cxa_atexit(void (*handler)(void *), void *argument, void *object)
{
	int result;

	if (__libc_single_threaded)
		return REAL(__cxa_atexit)(handler, argument, object);
	give_exit();
	result = REAL(__cxa_atexit)(handler, argument, object);
	if (result == 0)
		(void)REAL(__cxa_atexit)(take_exit, NULL, NULL);
	return result;
}

EXPORT int __cxa_at_quick_exit(void (*handler)(void *), void *object)
{
	int result;

	if (__libc_single_threaded)
		return REAL(__cxa_at_quick_exit)(handler, object);
	give_exit();
	result = REAL(__cxa_at_quick_exit)(handler, object);
	if (result == 0)
		(void)REAL(__cxa_at_quick_exit)(take_exit, NULL);
	return result;
}

EXPORT int on_exit(void (*handler)(int, void *), void *argument)
{
	int result;

	if (__libc_single_threaded)
		return REAL(on_exit)(handler, argument);
	give_exit();
	result = REAL(on_exit)(handler, argument);
	if (result == 0)
		(void)REAL(on_exit)(take_exit_told, NULL);
	return result;
}
