/* arch.h for x86-64 (System V ABI, AMD64 supplement). */
#ifndef UNWIND_ARCH_X86_64_H
#define UNWIND_ARCH_X86_64_H

#include <string.h>

#include "base/types.h"

/* Figure 3.36. */
enum unwind_register {
	REGISTER_RBX = 3,
	REGISTER_RBP = 6,
	REGISTER_RSP = 7,
	REGISTER_R12 = 12,
	REGISTER_R15 = 15
};

/* rbx, rbp, r12 to r15 */
#define FRAME_RULE_REGISTER_COUNT 6
#define FRAME_RULE_REGISTERS                                                                       \
	{REGISTER_RBX, REGISTER_RBP, REGISTER_R12, REGISTER_R12 + 1, REGISTER_R12 + 2, REGISTER_R15}

#define RED_ZONE_BYTES 128

/* The kernel's signal frame, from the stack pointer that the handler returns with: a
 * ucontext, then the siginfo. */
#define SIGNAL_MASK_OFFSET 296
#define SIGINFO_OFFSET 304
#define SIGNAL_FRAME_BYTES 512

/* Is the code at @address, @left_bytes long, the C library's call of rt_sigreturn? */
static inline bool unwind_is_signal_return(uintptr_t address, size_t left_bytes)
{
	static const unsigned char long_form[] = {0x48, 0xc7, 0xc0, 15, 0, 0, 0, 0x0f, 0x05};
	static const unsigned char short_form[] = {0xb8, 15, 0, 0, 0, 0x0f, 0x05};
	const void *code = (const void *)address;

	return (left_bytes >= sizeof(long_form) && !memcmp(code, long_form, sizeof(long_form))) ||
	       (left_bytes >= sizeof(short_form) && !memcmp(code, short_form, sizeof(short_form)));
}

struct preserved_registers {
	uintptr_t rbx, r12, r13, r14, r15;
};

/* Where the function is that unwind_capture() is expanded in. */
struct unwind_captured {
	struct preserved_registers preserved;
	uintptr_t rbp, rsp, address;
};

static inline __attribute__((always_inline)) void unwind_capture(struct unwind_captured *now)
{
	__asm__ volatile("movq %%rbx, 0(%0)\n\t"
			 "movq %%r12, 8(%0)\n\t"
			 "movq %%r13, 16(%0)\n\t"
			 "movq %%r14, 24(%0)\n\t"
			 "movq %%r15, 32(%0)\n\t"
			 "movq %%rbp, 40(%0)\n\t"
			 "movq %%rsp, 48(%0)\n\t"
			 "leaq 0(%%rip), %%rax\n\t"
			 "movq %%rax, 56(%0)"
			 :
			 : "r"(now)
			 : "rax", "memory");
}

#endif
