/* arch.h for x86-64 (System V ABI, AMD64 supplement). */
#ifndef UNWIND_ARCH_X86_64_H
#define UNWIND_ARCH_X86_64_H

#include <string.h>

/* Figure 3.36. */
#define REGISTER_STACK 7
#define REGISTER_FRAME 6
#define PRESERVED_REGISTERS 3, 12, 13, 14, 15 /* rbx, r12 to r15 */
#define PRESERVED_COUNT 5

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

/* Where the function is that unwind_capture() is expanded in. */
struct unwind_captured {
	uintptr_t preserved[PRESERVED_COUNT];
	uintptr_t frame_pointer, sp, address;
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

/*
 * A use of the frame address makes gcc and clang set up rbp as the frame pointer
 * even with -fomit-frame-pointer.  So the frame ends with the caller's rbp and the
 * return address, and above them is the caller's stack.  Functions that use this
 * have no variable aligned to more than 16 bytes: in such frames the return
 * address is a copy.
 */
static inline __attribute__((always_inline)) struct unwind_start unwind_start_here(void)
{
	const uintptr_t *frame = (const uintptr_t *)__builtin_frame_address(0);

	return (struct unwind_start){
		.return_address = frame[1],
		.sp = (uintptr_t)(frame + 2),
		.frame_pointer = frame[0],
	};
}

#endif
