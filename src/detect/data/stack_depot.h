/*
 * The stack depot: each distinct call stack is kept once and has a number.
 *
 * Frames are raw return addresses, innermost first; the code generation tells
 * which modules were loaded when they were taken.  Accesses of one function have all
 * frames but the innermost in common, so such a stack has its own frame and refers to
 * the outer one for the others.  Lookup by id takes no lock; interning is serialised by a
 * lock of its own, inside all others.
 */
#ifndef DETECT_DATA_STACK_DEPOT_H
#define DETECT_DATA_STACK_DEPOT_H

#include "base/arena.h"
#include "base/id_table.h"
#include "base/intern.h"
#include "base/runtime_lock.h"
#include "base/types.h"
#include "finding/results.h"

struct stack {
	struct intern_link link;
	stack_id id;
	uint32_t code_generation;
	uint32_t flags; /* enum stack_flag (finding/results.h) */
	uint32_t frame_count;
	uint32_t signal_number; /* with STACK_IN_HANDLER: of the innermost handler */
	bool is_described; /* the results file has it */
	uint32_t site; /* of an access: origin.h */
	uint32_t lockset; /* the last one that was made with it; 0: none was */
	uint64_t hash;
	const struct stack *outer; /* has all frames behind the first; NULL: they are here */
	uintptr_t frames[];
};

static inline uintptr_t stack_frame(const struct stack *stack, uint32_t index)
{
	for (; stack->outer && index; index--)
		stack = stack->outer;
	return stack->frames[index];
}

struct stack_depot {
	struct arena arena;
	struct id_table by_id;
	struct intern_table by_frames;
	struct runtime_lock lock;
};

bool stack_depot_init(struct stack_depot *depot, page_source pages);

/* 0 when memory is exhausted.  @flags (enum stack_flag) shows in the id, too. */
stack_id stack_depot_intern(struct stack_depot *depot, const uintptr_t *frames,
			    uint32_t frame_count, uint32_t code_generation, uint32_t flags,
			    uint32_t signal_number);

/* The stack that has @frame on top of @outer, of at most @depth_max frames. */
stack_id stack_depot_extend(struct stack_depot *depot, stack_id outer, uintptr_t frame,
			    uint32_t depth_max);

/* NULL for 0 and unknown ids. */
static inline struct stack *stack_depot_get(const struct stack_depot *depot, stack_id id)
{
	id &= ~STACK_ID_IN_HANDLER;
	return id ? id_table_get(&depot->by_id, id) : NULL;
}

#endif
