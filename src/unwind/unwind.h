/*
 * The unwinder: the calls that led here, from the unwind tables.
 *
 * Walks frames by the call frame information in .eh_frame (DWARF 5, section
 * 6.4), found through the lock-free _dl_find_object.  It takes no lock,
 * allocates nothing, calls nothing of libc that could, and reads only the live
 * stack above the starting point and the unwind tables; so it may run inside
 * malloc, the loader or a signal handler.
 *
 * Beside the frames it says which stack words the result rests on: an unwind
 * is a function of the starting registers, these words and the tables, so a
 * later call that starts alike and finds the same words has the same stack.
 */
#ifndef UNWIND_UNWIND_H
#define UNWIND_UNWIND_H

#include "base/types.h"

/*
 * Where an unwind begins: the caller's state just after the call into us
 * returns.
 *
 * Only what a wrapper knows for nothing.  The other registers that a caller may
 * expect back (rbx, r12 to r15) are in nearly every case saved in its own
 * callers' frames before one depends on them; where not, unwind() finds them by
 * walking our own frames.
 */
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

#define UNWIND_FRAME_MAX 64
#define UNWIND_WORD_MAX (2 * UNWIND_FRAME_MAX)

/* Why the walk ended. */
enum unwind_end {
	UNWIND_OUTERMOST,  /* the thread's first frame */
	UNWIND_FULL,	   /* UNWIND_FRAME_MAX frames */
	UNWIND_NO_TABLE,   /* code without unwind information */
	UNWIND_UNSUPPORTED /* information that we do not interpret, or nonsense */
};

struct unwind_word {
	uintptr_t address;
	uintptr_t value;
};

struct unwind_result {
	uint32_t frame_count;
	uint32_t word_count;
	enum unwind_end end;
	uint32_t signal_number; /* of the innermost signal frame, or 0; known for handlers
				 * that are installed with SA_SIGINFO */
	uintptr_t interrupted_signals; /* the mask of the interrupted code */
	uint32_t signal_frame;	/* index of the first interrupted frame; the frame before
				 * it is the C library's return from a handler */
	bool crosses_signal_frame; /* a handler runs above interrupted code */
	bool uses_rbp;		   /* the result rests on start->rbp */
	bool uses_other;	   /* ... or on another start register but sp */
	bool met_unmapped; /* the walk ended at memory that was not there: not a
			    * function of the words alone */
	/* Innermost first: return addresses, the first is start->return_address;
	 * interrupted frames hold the exact address. */
	uintptr_t frames[UNWIND_FRAME_MAX];
	/* In the order they were read, innermost frame first: where a word is
	 * follows from the words before it. */
	struct unwind_word words[UNWIND_WORD_MAX];
};

/* @start must be a live frame of the calling thread's present stack if the
 * walk may need rbx or r12 to r15: these are recovered by walking from here to
 * it.  (It is not needed by any code that compilers emit for C and C++.) */
void unwind(const struct unwind_start *start, struct unwind_result *result);

/* Code was loaded or unloaded: forget what was learnt of it.  To be called
 * before any code that dlopen has brought runs, and after dlclose. */
void unwind_forget_tables(void);

#endif
