/*
 * The unwinder: the call stack of the calling thread, by unwind tables.
 *
 * It walks frames by the call frame information in .eh_frame (DWARF 5, section
 * 6.4), found through the lock-free _dl_find_object().  It takes no lock,
 * allocates nothing, calls nothing in libc that could, and reads only the live
 * stack above the start and the unwind tables; so it may run inside malloc, the
 * loader or a signal handler.
 *
 * Beside the frames it tells which stack words the result depends on.  An unwind
 * is a function of the start registers, these words and the tables, so a later one
 * with the same start registers and words has the same result.
 */
#ifndef UNWIND_UNWIND_H
#define UNWIND_UNWIND_H

#include "base/types.h"

/*
 * Where an unwind starts: the caller's registers just after the call into us
 * returns.
 *
 * Only those that a wrapper gets for free.  The other callee-saved registers (rbx,
 * r12 to r15) are hardly ever needed before a frame that has saved them.  If they
 * are, unwind() recovers them by walking our own frames.
 */
struct unwind_start {
	uintptr_t return_address;
	uintptr_t sp; /* the caller's: the address above the return address */
	uintptr_t rbp;
};

/*
 * The start for the caller of the function that this is expanded in.
 *
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
		.rbp = frame[0],
	};
}

#define UNWIND_FRAME_MAX 64
#define UNWIND_WORD_MAX (2 * UNWIND_FRAME_MAX)

/* Why the unwind ended. */
enum unwind_end {
	UNWIND_OUTERMOST,  /* at the thread's first frame */
	UNWIND_FULL,	   /* UNWIND_FRAME_MAX frames */
	UNWIND_NO_TABLE,   /* code without unwind information */
	UNWIND_UNSUPPORTED /* unwind information that is not understood, or wrong */
};

struct unwind_word {
	uintptr_t address;
	uintptr_t value;
};

struct unwind_result {
	uint32_t frame_count;
	uint32_t word_count;
	enum unwind_end end;
	uint32_t signal_number; /* of the innermost signal frame; known for handlers with
				 * SA_SIGINFO, else 0 */
	uintptr_t interrupted_signals; /* the signal mask of the interrupted code */
	uint32_t signal_frame;	/* index of the first interrupted frame; the frame before
				 * it is the C library's return from a handler */
	bool crosses_signal_frame; /* a signal handler is on the stack */
	bool uses_rbp;		   /* the result depends on start->rbp */
	bool uses_other;	   /* ... or on a start register other than sp */
	bool met_unmapped; /* the unwind ended at unmapped memory, so the result does not
			    * depend on the words alone */
	/* Innermost first: return addresses, from start->return_address on; of an
	 * interrupted frame the address of the next instruction. */
	uintptr_t frames[UNWIND_FRAME_MAX];
	/* In the order they were read, innermost frame first: where a word is follows
	 * from the words before it. */
	struct unwind_word words[UNWIND_WORD_MAX];
};

/* If the unwind needs rbx or r12 to r15, @start must be a live frame of the calling
 * thread's current stack: these are recovered by walking from here to it.  No code
 * that compilers emit for C and C++ needs them. */
void unwind(const struct unwind_start *start, struct unwind_result *result);

/* Drops all cached rules, as code was loaded or unloaded.  To be called before any code
 * that dlopen has loaded runs, and after dlclose. */
void unwind_forget_tables(void);

#endif
