/*
 * A function of a module, decoded: what planning works on.
 *
 * Functions are the ranges that unwind tables (.eh_frame) describe.
 */
#ifndef X86_SURVEY_FUNCTION_H
#define X86_SURVEY_FUNCTION_H

#include "x86/decode/instruction.h"

/* How an instruction may be reached. */
enum reach {
	REACH_ENTRY = 1u << 0,	  /* from outside the clone: function start, after a call,
				   * address taken, landing pad, other functions' branches */
	REACH_BRANCH = 1u << 1,	  /* by a branch inside the function */
	REACH_INDIRECT = 1u << 2, /* by an indirect jump or call */
	REACH_ANCHOR = 1u << 3,	  /* a call: stays in the original code */
	REACH_NATIVE = 1u << 4,	  /* stays reachable in the original: its bytes must not change */
	REACH_LABEL = 1u << 5	  /* its address is taken: a landing pad's, or by code */
};

struct accessor;

struct function {
	uint32_t start, end; /* offsets in the text */
	struct instruction *instructions; /* NULL: it has to be opened first (module.h) */
	uint8_t *reach; /* per instruction, of enum reach */
	const uint8_t *classes; /* per instruction, of enum access_class; NULL: not known */
	uint32_t *clone_offsets; /* per instruction, where its clone begins; NULL: there is none,
				  * or nobody asked to keep them (keeps_instructions) */
	uint32_t count;
	bool is_usable;	    /* wholly decoded, no overlap */
	bool has_frame_pointer; /* rbp is set from rsp */
	bool stack_escapes; /* the address of a stack slot is taken */
	bool has_call;
	bool has_unresolved_jump; /* an indirect jump whose targets are not known */
	bool has_unknown_targets; /* any instruction may be the target of such a jump, in it or
				   * in a function that shares its code */
	bool has_jump_table;
	bool uses_deep_red_zone; /* more than red_zone_bytes can hold */
	uint16_t red_zone_bytes; /* deepest use below rsp */
	bool is_exported;   /* may be called from anywhere */
	bool is_called_directly, is_jumped_to; /* by known calls, by branches of other functions */
	uint32_t live_at_return; /* registers that some caller may still need: liveness.c */
	uint32_t live_at_entry;	 /* registers that it may read before it writes them */
	uint64_t lsda;	/* address, or 0 */
	uint32_t wanted_count, native_count; /* accesses to check; of them, may also run in the
					      * original */
	uint32_t patch_count; /* 0: not cloned */
	uint32_t clone_start, clone_end; /* its clone, from the start of the clones */
	uint32_t arguments; /* registers that it is given arguments in; 0: not known */
	struct accessor *accessor; /* what it accesses, if it does nothing else: accessors.h */
	const char *why_not; /* why it is not cloned, for 'snarl plan' */
};

/* Instruction index at text offset @offset in @function, or UINT32_MAX. */
uint32_t function_find(const struct function *function, uint32_t offset);

/* Index of the target of @branch if it is in @function, or UINT32_MAX. */
static inline uint32_t function_target(const struct function *function,
				       const struct instruction *branch)
{
	if (branch->target_index)
		return branch->target_index - 1;
	if (branch->target < function->start || branch->target >= function->end)
		return UINT32_MAX;
	return function_find(function, (uint32_t)branch->target);
}

#endif
