/*
 * System calls without libc: errno is kept, and none is a cancellation point.
 *
 * Results are the kernel's: a negative errno on failure.  In a program that confines
 * itself a gate decides first what becomes of a call.
 */
#ifndef BASE_KERNEL_H
#define BASE_KERNEL_H

#include <sys/syscall.h>

#include "base/arch/arch.h"
#include "base/types.h"

/* Makes the call, or fails in its stead: not if it is made for the program, as what that
 * itself asked for. */
typedef long (*kernel_gate_function)(bool is_ours, long number, const long arguments[6]);

extern kernel_gate_function kernel_gate; /* NULL: there is none */

static inline long kernel_enter(bool is_ours, long number, long a, long b, long c, long d, long e,
				long f)
{
	if (LIKELY(!kernel_gate))
		return arch_call_kernel(number, a, b, c, d, e, f);
	return kernel_gate(is_ours, number, (const long[6]){a, b, c, d, e, f});
}

#define kernel_call6(n, a, b, c, d, e, f) kernel_enter(true, n, a, b, c, d, e, f)
#define kernel_call0(n) kernel_call6(n, 0, 0, 0, 0, 0, 0)
#define kernel_call1(n, a) kernel_call6(n, (long)(a), 0, 0, 0, 0, 0)
#define kernel_call2(n, a, b) kernel_call6(n, (long)(a), (long)(b), 0, 0, 0, 0)
#define kernel_call3(n, a, b, c) kernel_call6(n, (long)(a), (long)(b), (long)(c), 0, 0, 0)
#define kernel_call4(n, a, b, c, d)                                                                \
	kernel_call6(n, (long)(a), (long)(b), (long)(c), (long)(d), 0, 0)

/* The call that the program has asked us for. */
#define kernel_call_for_program6(n, a, b, c, d, e, f) kernel_enter(false, n, a, b, c, d, e, f)

#endif
