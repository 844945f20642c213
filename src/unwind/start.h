/*
 * Where an unwind begins: the caller's state just after the call into us
 * returns.
 *
 * Only what a wrapper knows for nothing.  The other registers that a caller may
 * expect back (rbx, r12 to r15) are in nearly every case saved in its own
 * callers' frames before one depends on them; where not, unwind() finds them by
 * walking our own frames.
 */
#ifndef UNWIND_START_H
#define UNWIND_START_H

#include "base/types.h"

struct unwind_start {
	uintptr_t return_address;
	uintptr_t sp; /* the caller's, i.e. the address above the return address */
	uintptr_t rbp;
};

/*
 * The start for the caller of the function that this is expanded in.
 *
 * Asking for the frame address makes gcc and clang set up rbp as the frame
 * pointer whatever -fomit-frame-pointer says, so the frame begins with the
 * caller's rbp, the return address, and above that lies the caller's stack.
 * Functions that use it hold no variable aligned to more than 16 bytes: in
 * such frames the return address is a copy.
 */
static inline __attribute__((always_inline)) struct unwind_start unwind_start_here(void)
{
	const uintptr_t *frame = (const uintptr_t *)__builtin_frame_address(0);

	return (struct unwind_start){
		.return_address = frame[1],
		.sp = (uintptr_t)(frame + 2),
		.rbp = frame[0],
	};
}

#endif
