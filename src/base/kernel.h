/*
 * System calls without libc: errno is kept, and none is a cancellation point.
 *
 * Results are the kernel's: a negative errno on failure.
 */
#ifndef BASE_KERNEL_H
#define BASE_KERNEL_H

#include <sys/syscall.h>

#include "base/arch/arch.h"

#define kernel_call6 arch_call_kernel
#define kernel_call0(n) kernel_call6(n, 0, 0, 0, 0, 0, 0)
#define kernel_call1(n, a) kernel_call6(n, (long)(a), 0, 0, 0, 0, 0)
#define kernel_call2(n, a, b) kernel_call6(n, (long)(a), (long)(b), 0, 0, 0, 0)
#define kernel_call3(n, a, b, c) kernel_call6(n, (long)(a), (long)(b), (long)(c), 0, 0, 0)
#define kernel_call4(n, a, b, c, d)                                                                \
	kernel_call6(n, (long)(a), (long)(b), (long)(c), (long)(d), 0, 0)

#endif
