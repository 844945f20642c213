/*
 * Forks by other calls than fork(): clone() without CLONE_VM, and the system
 * calls.
 *
 * They run no fork handlers; without ours the child would wait for ever for a
 * lock of ours that another thread held.  Children that share our memory
 * (CLONE_VM) are threads, or like those of vfork(): nothing has to be done.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <stdarg.h>

#include "base/kernel.h"
#include "preload/arch/arch.h"
#include "preload/channels/inner_ends.h"
#include "preload/guest/export.h"
#include "preload/guest/guest.h"
#include "preload/guest/real.h"
#include "preload/process/observation.h"

struct beginning {
	int (*routine)(void *);
	void *argument;
};

/* In the child, on its own stack.  @context is on the copy of the parent's stack. */
static int begin_child(void *context)
{
	struct beginning beginning = *(struct beginning *)context;

	observation_forked();
	observation_fork_end();
	return beginning.routine(beginning.argument);
}

EXPORT int clone(int (*routine)(void *), void *stack, int flags, void *argument, ...)
{
	struct beginning beginning = {routine, argument};
	va_list list;
	void *more[3];
	int child;

	va_start(list, argument);
	for (unsigned i = 0; i < ARRAY_LENGTH(more); i++)
		more[i] = va_arg(list, void *);
	va_end(list);
	if (flags & CLONE_VM || !routine || !stack) {
		child = REAL(clone)(routine, stack, flags, argument, more[0], more[1], more[2]);
		inner_shared();
		return child;
	}
	observation_fork_begin();
	child = REAL(clone)(begin_child, stack, flags, &beginning, more[0], more[1], more[2]);
	observation_fork_end();
	return child;
}

EXPORT_ALIAS(__clone, clone)

/* Called by wrap_syscall.S for system calls that copy this process. */
long clone_by_system_call(long number, long a, long b, long c, long d, long e);

long clone_by_system_call(long number, long a, long b, long c, long d, long e)
{
	long f = SYSCALL_LAST_ARGUMENT;
	long result;

	observation_fork_begin();
	result = kernel_call_for_program6(number, a, b, c, d, e, f);
	if (result == 0)
		observation_forked();
	observation_fork_end();
	if (result >= 0)
		return result;
	errno = (int)-result;
	return -1;
}
