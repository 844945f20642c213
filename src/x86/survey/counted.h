/*
 * Counted loops: what a loop will certainly access, known before it begins.
 *
 * A counted loop is a straight line that ends in a branch back to its first instruction,
 * which depends on a counter and a bound.  In each round one instruction adds a constant
 * to the counter, and nothing changes the bound.  While they differ the loop goes on, or
 * while the counter has not come past the bound; then it must be before the bound to
 * begin with.  Counting by @step over a distance takes at least distance / step rounds,
 * as no value that ends the loop is met before: so whoever falls into the loop goes
 * through it so often, whatever happens meanwhile.
 *
 * It takes no more rounds than that if the counter is compared after its step and the
 * steps divide the distance.
 *
 * Accesses whose addresses grow in each round by as much as they touch of one piece of
 * memory (one access, or several side by side) then touch all of
 * [first, first + rounds * stride).
 */
#ifndef X86_SURVEY_COUNTED_H
#define X86_SURVEY_COUNTED_H

#include "x86/decode/operand.h"
#include "x86/survey/module.h"
#include "x86/survey/site.h"

struct counted_loop {
	uint32_t first, last; /* instructions */
	int8_t from, to;      /* registers: the distance is to - from; from may be NO_REGISTER: 0 */
	bool is_half;	      /* of 32 bits each */
	uint8_t unless;	      /* condition code after 'to - from' under which nothing is known; 0:
			       * there is none */
	uint32_t step;	      /* by which a round shortens the distance */
	bool is_exact;	      /* no round more than that, if the steps divide the distance */
};

/* An operand in the first round, and by how much it grows in each. */
struct counted_place {
	struct operand first;
	int64_t stride;
};

struct counted_range {
	struct counted_place place;
	int8_t shift; /* its bytes are the distance << shift, or >> -shift */
};

/* Do the instruction before @first and a branch lead to it, as to each loop's beginning? */
static inline bool counted_may_begin(const struct function *function, uint32_t first)
{
	return function->reach[first] & REACH_BRANCH && first > 0 &&
	       instruction_falls_through(&function->instructions[first - 1]);
}

/* Is @first the first instruction of a counted loop that the one before falls into? */
bool counted_find(const struct module *module, const struct function *function, uint32_t first,
		  struct counted_loop *loop);

/* Where instruction @index of @loop finds @operand.  False: not known. */
bool counted_place(const struct module *module, const struct function *function,
		   const struct counted_loop *loop, uint32_t index, const struct operand *operand,
		   struct counted_place *place);

/* What instruction @index of @loop touches with @operand, @size_bytes in each round, and
 * those that touch what lies behind that in the same way.  False: not one range without
 * gaps. */
bool counted_range(const struct module *module, const struct function *function,
		   const struct counted_loop *loop, uint32_t index, const struct operand *operand,
		   uint32_t size_bytes, bool is_write, struct counted_range *range);

/* Can accesses of @site be recorded together?  Those that other rules look at one by one
 * cannot.  Of update groups they do so under locks only, which is known when it runs. */
static inline bool counted_can_join(const struct plan_site *site)
{
	uint32_t apart = PLAN_SITE_SPIN | PLAN_SITE_AWAITS | PLAN_SITE_DECIDES | PLAN_SITE_LOCKED |
			 PLAN_SITE_RANGE;

	return !(site->flags & apart);
}

#endif
