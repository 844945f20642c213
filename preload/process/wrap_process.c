/*
 * Forks and ends.
 *
 * Forks are seen by fork handlers, not by a wrapper of fork(), so that forks in
 * libc (daemon, forkpty) are seen, too.  A library whose constructor runs
 * before ours may register handlers first: its registration registers ours
 * before.  _Fork() runs no handlers, so it is wrapped.
 *
 * exit() and the return from main are seen by an exit handler (start.c), other
 * ends by the wrappers here.  A process that is killed records nothing; its
 * findings are in the file already.
 */
#define _GNU_SOURCE
#include "preload/process/wrap_process.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/kernel.h"
#include "finding/results.h"
#include "preload/channels/descriptors.h"
#include "preload/guest/export.h"
#include "preload/guest/guest.h"
#include "preload/guest/real.h"
#include "preload/process/observation.h"
#include "preload/results/bare.h"

static int quick_status;

bool process_hides_children(void)
{
	return guest_options.follow_children == CHOICE_NO;
}

int __register_atfork(void (*prepare)(void), void (*parent)(void), void (*child)(void),
		      void *object);

/* pthread_atfork() calls this. */
EXPORT int __register_atfork(void (*prepare)(void), void (*parent)(void), void (*child)(void),
			     void *object)
{
	observation_watch_forks();
	return REAL(__register_atfork)(prepare, parent, child, object);
}

EXPORT pid_t _Fork(void)
{
	pid_t child;

	observation_fork_begin();
	child = REAL(_Fork)();
	if (child == 0)
		observation_forked();
	observation_fork_end();
	return child;
}

static void __attribute__((noreturn)) end_process(int status)
{
	if (observation_end(PROCESS_EXITED, (uint32_t)status, true) && bare_is_reporter())
		status = bare_report(status);
	for (;;)
		kernel_call_for_program6(SYS_exit_group, status, 0, 0, 0, 0, 0);
}

EXPORT void _exit(int status)
{
	end_process(status);
}

EXPORT void _Exit(int status)
{
	end_process(status);
}

/* Registered before the program's handlers, so it runs after them.  Handlers of
 * quick_exit() do not get the status. */
static void handle_quick_exit(void)
{
	int status = quick_status;

	if (observation_end(PROCESS_EXITED, (uint32_t)status, true) && bare_is_reporter())
		status = bare_report(status);
	observation_ended();
	if (status != quick_status)
		kernel_call_for_program6(SYS_exit_group, status, 0, 0, 0, 0, 0);
}

EXPORT void quick_exit(int status)
{
	quick_status = status;
	REAL(quick_exit)(status);
	__builtin_unreachable();
}

static void handle_exit(int status, void *context)
{
	(void)context;
	if (!observation_end(PROCESS_EXITED, (uint32_t)status, true))
		return;
	if (bare_is_reporter())
		bare_exit(status);
	observation_ended();
}

void process_watch_exit(void)
{
	on_exit(handle_exit, NULL);
	at_quick_exit(handle_quick_exit);
}

/*
 * Exit handlers run in the thread that calls exit(), which may not be the one
 * that registered them.  After each handler that is registered while there are
 * several threads, one of ours is registered; it runs before that handler, and
 * takes.
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

static void take_exit_status(int status, void *context)
{
	(void)status;
	take_exit(context);
}

int __cxa_atexit(void (*handler)(void *), void *argument, void *object);
int __cxa_at_quick_exit(void (*handler)(void *), void *object);

/* atexit() and C++ destructors of static objects are registered by this. */
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
		(void)REAL(on_exit)(take_exit_status, NULL);
	return result;
}
