/* One step of an unwind: from a frame to its caller. */
#ifndef UNWIND_FRAME_H
#define UNWIND_FRAME_H

#include "unwind/registers.h"

struct unwind_frame {
	struct unwind_registers registers;
	uint64_t generation; /* of the rule cache */
	bool is_exact; /* a signal interrupted it: its address is that of the next
			* instruction, not a return address */
};

enum unwind_step {
	STEP_CALLER,	/* the frame is the caller's now */
	STEP_OUTERMOST, /* there is no caller */
	STEP_NO_TABLE,
	STEP_UNSUPPORTED,
	STEP_NOT_KNOWN /* by rules that are in the cache */
};

/* The handler that the program has set for @signal, where the kernel has @handler.
 * NULL: the kernel's is the program's. */
extern uintptr_t (*unwind_program_handler)(uint32_t signal, uintptr_t handler);

/* The address of a second signal return beside the C library's; 0: there is none. */
extern uintptr_t unwind_signal_return;

enum unwind_step unwind_frame_step(struct unwind_frame *frame);

/* The same by rules that are in the cache; reads no tables. */
enum unwind_step unwind_frame_step_known(struct unwind_frame *frame);

#endif
