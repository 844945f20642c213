#include "unwind/site_memo.h"

#include "base/atomic.h"

#define SITES_FIRST 256u /* a page of them */

/* In place of an outer stack: none, as of @generation.  No stack has such a number. */
static stack_id no_outer(uint32_t generation)
{
	return ~generation;
}

static struct stack_memo_site *site_at(struct stack_memo *memo, stack_id outer, uintptr_t address)
{
	uint64_t mixed = (address ^ (uint64_t)outer << 32) * 0x9e3779b97f4a7c15u;

	return &memo->sites[(mixed >> 40) & (memo->site_mask | (SITES_FIRST - 1))];
}

static stack_id find_above(struct stack_memo *memo, stack_id outer, uintptr_t address)
{
	const struct stack_memo_site *site = site_at(memo, outer, address);

	return site->address == address && site->outer == outer ? site->stack : 0;
}

/* Doubles the sites in use once as many as there are have been replaced. */
static void grow_sites(struct stack_memo *memo)
{
	if (memo->replaced_count++ < (memo->site_mask | (SITES_FIRST - 1)))
		return;
	memo->replaced_count = 0;
	memo->site_mask = (memo->site_mask << 1 | SITES_FIRST) & (STACK_MEMO_SITE_COUNT - 1);
}

/* In this order, as a signal handler may leave by longjmp. */
static void keep_above(struct stack_memo *memo, stack_id outer, uintptr_t address, stack_id stack)
{
	struct stack_memo_site *site = site_at(memo, outer, address);

	if (site->stack)
		grow_sites(memo);
	site->stack = 0;
	fence_signal();
	site->address = address;
	site->outer = outer;
	fence_signal();
	site->stack = stack;
}

/* The stack that has @address on top of @outer, unless that is 0. */
static stack_id put_above(struct stack_memo *memo, stack_id outer, uintptr_t address,
			  const struct stack_maker *maker)
{
	stack_id stack = outer ? find_above(memo, outer, address) : 0;

	if (stack || !outer)
		return stack;
	stack = maker->extend(maker->context, outer, address);
	keep_above(memo, outer, address, stack);
	return stack;
}

stack_id site_memo_find(struct stack_memo *memo, uint32_t generation,
			const struct unwind_start *start, const struct stack_maker *maker)
{
	stack_id outer = 0;
	struct unwind_start caller;

	switch (unwind_find_caller(start, &caller)) {
	case CALLER_KNOWN:
		outer = stack_memo_find_known(memo, generation, &caller);
		break;
	case CALLER_WITHOUT_TABLE:
		outer = find_above(memo, no_outer(generation), caller.return_address);
		break;
	case CALLER_NOT_KNOWN:
	default:
		break;
	}
	return put_above(memo, outer, start->return_address, maker);
}

stack_id site_memo_find_by_rules(struct stack_memo *memo, uint32_t generation,
				 const struct unwind_start *start,
				 const struct stack_maker *maker)
{
	struct unwind_start caller;
	stack_id outer;

	switch (unwind_find_caller(start, &caller)) {
	case CALLER_KNOWN:
		outer = stack_memo_find_by_rules(memo, generation, &caller, maker->intern,
						 maker->context);
		return put_above(memo, outer, start->return_address, maker);
	case CALLER_NOT_KNOWN:
		return stack_memo_find_by_rules(memo, generation, start, maker->intern,
						maker->context);
	case CALLER_WITHOUT_TABLE:
	default:
		return 0;
	}
}

static enum unwind_caller find_caller(const struct unwind_start *start,
				      struct unwind_start *caller)
{
	enum unwind_caller found = unwind_find_caller(start, caller);

	if (found != CALLER_NOT_KNOWN)
		return found;
	unwind_learn_callers(start);
	return unwind_find_caller(start, caller);
}

stack_id site_memo_find_slow(struct stack_memo *memo, uint32_t generation,
			     const struct unwind_start *start, const struct stack_maker *maker)
{
	struct unwind_start caller;
	enum unwind_caller found = find_caller(start, &caller);
	stack_id outer;

	if (found == CALLER_NOT_KNOWN)
		return stack_memo_find_slow(memo, generation, *start, maker->intern,
					    maker->context);
	outer = stack_memo_find_slow(memo, generation, caller, maker->intern, maker->context);
	if (found == CALLER_WITHOUT_TABLE)
		keep_above(memo, no_outer(generation), caller.return_address, outer);
	return put_above(memo, outer, start->return_address, maker);
}
