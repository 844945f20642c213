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

#include "unwind/arch.h"

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
	bool uses_frame_pointer; /* the result depends on start->frame_pointer */
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

/* If the unwind needs other preserved registers, @start must be a live frame of the
 * calling thread's current stack: they are recovered by walking from here to it.  No
 * code that compilers emit for C and C++ needs them.  Memory from @start->sp to @stack_end is
 * known to be mapped; 0: it is not known, and the kernel is asked for each page. */
void unwind(const struct unwind_start *start, uintptr_t stack_end, struct unwind_result *result);

/* Is the rule for @start itself in the cache? */
bool unwind_knows_rule(const struct unwind_start *start);

/* As unwind() by rules that are in the cache, without a look at tables or a call of libc.  False: a
 * rule is missing, or the stack has no plain end. */
bool unwind_by_rules(const struct unwind_start *start, uintptr_t stack_end,
		     struct unwind_result *result);

enum unwind_caller {
	CALLER_NOT_KNOWN,    /* a whole unwind may tell */
	CALLER_KNOWN,	     /* an unwind from it goes on as one from the function would */
	CALLER_WITHOUT_TABLE /* such an unwind ends there */
};

/* Where the function at @start returns to, by rules that are in the cache: a few loads, where a
 * whole unwind takes a microsecond.  No tables are read, and no memory but the page that
 * @start->sp is in. */
enum unwind_caller unwind_find_caller(const struct unwind_start *start,
				      struct unwind_start *caller);

/* Has the rules of the function at @start and of its caller in the cache afterwards, if they
 * have a short form. */
void unwind_learn_callers(const struct unwind_start *start);

/* Drops all cached rules, as code was loaded or unloaded.  To be called before any code
 * that dlopen has loaded runs, and after dlclose. */
void unwind_forget_tables(void);

#endif
