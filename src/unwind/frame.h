/*
 * One step of an unwind: from a frame to its caller.
 */
#ifndef UNWIND_FRAME_H
#define UNWIND_FRAME_H

#include "unwind/registers.h"

struct unwind_frame {
	struct unwind_registers registers;
	uint64_t generation; /* of the rule cache */
	bool is_exact; /* its address is the next instruction's, as after a signal, not one
			* that a call returns to */
};

enum unwind_step {
	STEP_CALLER,	/* @frame is the caller now */
	STEP_OUTERMOST, /* there is none */
	STEP_NO_TABLE,
	STEP_UNSUPPORTED
};

/* What the program set as handler of @signal, where the kernel says @handler; NULL:
 * that is it. */
extern uintptr_t (*unwind_program_handler)(uint32_t signal, uintptr_t handler);

/* Where handlers return to besides the C library's 'rt_sigreturn'; 0: nowhere. */
extern uintptr_t unwind_signal_return;

enum unwind_step unwind_frame_step(struct unwind_frame *frame);

#endif
