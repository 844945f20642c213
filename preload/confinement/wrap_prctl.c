/* prctl(2), and syscall(2) where it does the same: sees filters before they are set. */
#define _GNU_SOURCE
#include <linux/prctl.h>
#include <linux/seccomp.h>
#include <unistd.h>

#include "base/kernel.h"
#include "preload/confinement/confinement.h"
#include "preload/guest/export.h"
#include "preload/guest/real.h"

#ifndef PR_SET_SYSCALL_USER_DISPATCH
#define PR_SET_SYSCALL_USER_DISPATCH 59
#endif

int prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d);

/* What the call asks for, as arguments of prctl(2). */
struct change {
	unsigned long option, a, b, c, d;
};

static bool is_filter(const struct change *change)
{
	return change->option == PR_SET_SECCOMP && change->a == SECCOMP_MODE_FILTER && change->b;
}

static bool is_of_interest(const struct change *change)
{
	return change->option == PR_SET_SECCOMP || change->option == PR_SET_SYSCALL_USER_DISPATCH;
}

/* True: tell_failed() must follow if the call fails. */
static bool tell_before(const struct change *change, const struct unwind_start *start)
{
	struct guest_thread *self = is_of_interest(change) ? guest_enter() : NULL;
	bool is_told = true;

	if (!self)
		return false;
	if (change->option == PR_SET_SYSCALL_USER_DISPATCH)
		confinement_dispatch_comes(self, change->a, (volatile char *)change->d);
	else if (is_filter(change))
		is_told = confinement_filter_comes(self, (const struct sock_fprog *)change->b,
						   start);
	else if (change->a == SECCOMP_MODE_STRICT)
		confinement_strict_comes();
	guest_leave(self);
	return is_told;
}

static void tell_failed(const struct change *change)
{
	if (is_filter(change))
		confinement_filter_failed();
	else if (change->option == PR_SET_SYSCALL_USER_DISPATCH && guest_self)
		guest_self->selector = NULL;
}

EXPORT int prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d)
{
	struct unwind_start start = unwind_start_here();
	struct change change = {(unsigned int)option, a, b, c, d};
	bool is_told = tell_before(&change, &start);
	int result = REAL(prctl)(option, a, b, c, d);

	if (is_told && result != 0)
		tell_failed(&change);
	return result;
}

/* Called by wrap_syscall.S, with the arguments of syscall() in their places. */
long confine_by_system_call(long number, unsigned long a, unsigned long b, unsigned long c,
			    unsigned long d, unsigned long e);

long confine_by_system_call(long number, unsigned long a, unsigned long b, unsigned long c,
			    unsigned long d, unsigned long e)
{
	struct unwind_start start = unwind_start_here();
	struct change change = {a, b, c, d, e};
	bool is_told;
	long result;

	/* seccomp(operation, flags, filter); strict takes neither. */
	if (number == SYS_seccomp && a == SECCOMP_SET_MODE_FILTER)
		change = (struct change){PR_SET_SECCOMP, SECCOMP_MODE_FILTER, c, 0, 0};
	else if (number == SYS_seccomp && a == SECCOMP_SET_MODE_STRICT && !b && !c)
		change = (struct change){PR_SET_SECCOMP, SECCOMP_MODE_STRICT, 0, 0, 0};
	else if (number == SYS_seccomp)
		change = (struct change){0};
	is_told = tell_before(&change, &start);
	result = REAL(syscall)(number, a, b, c, d, e, SYSCALL_LAST_ARGUMENT);
	/* A positive result is no failure: a descriptor, or with flags, a thread's number. */
	if (is_told && result < 0)
		tell_failed(&change);
	return result;
}
