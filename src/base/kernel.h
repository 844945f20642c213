/*
 * System calls without libc: errno is kept, and none is a cancellation point.
 *
 * Results are the kernel's: a negative errno on failure.
 */
#ifndef BASE_KERNEL_H
#define BASE_KERNEL_H

#include <sys/syscall.h>

static inline long kernel_call6(long number, long a, long b, long c, long d, long e, long f)
{
	long result;
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
}

#define kernel_call0(n) kernel_call6(n, 0, 0, 0, 0, 0, 0)
#define kernel_call1(n, a) kernel_call6(n, (long)(a), 0, 0, 0, 0, 0)
#define kernel_call2(n, a, b) kernel_call6(n, (long)(a), (long)(b), 0, 0, 0, 0)
#define kernel_call3(n, a, b, c) kernel_call6(n, (long)(a), (long)(b), (long)(c), 0, 0, 0)
#define kernel_call4(n, a, b, c, d)                                                                \
	kernel_call6(n, (long)(a), (long)(b), (long)(c), (long)(d), 0, 0)

#endif
