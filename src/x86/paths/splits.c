#include "x86/paths/splits.h"

#define ENDS_MOST 32u
#define STEPS_MOST 256u /* instructions */

struct splits splits_make(const struct function *function, struct scratch *scratch)
{
	size_t size_bytes = function->count * sizeof(uint32_t);
	struct splits splits = {
		.function = function,
		.branches = scratch_take_zeroed(scratch, size_bytes),
		.others = scratch_take_zeroed(scratch, size_bytes),
		.seen = scratch_take_zeroed(scratch, size_bytes),
	};

	if (!splits.branches || !splits.others || !splits.seen)
		return (struct splits){.function = NULL};
	for (uint32_t i = 0; i < function->count; i++) {
		uint32_t to;

		if (!instruction_is_branch(&function->instructions[i]))
			continue;
		to = function_target(function, &function->instructions[i]);
		if (to == UINT32_MAX)
			continue;
		splits.others[i] = splits.branches[to];
		splits.branches[to] = i + 1;
	}
	return splits;
}

/* Instructions that come before the store on ways which are still to be followed back. */
struct ways {
	uint32_t ends[ENDS_MOST];
	uint32_t count;
};

static bool add_end(struct ways *ways, uint32_t end)
{
	if (ways->count == ENDS_MOST)
		return false;
	ways->ends[ways->count++] = end;
	return true;
}

/* All that run just before instruction @at of the function.  False: they are too many. */
static bool add_ends_before(const struct splits *splits, struct ways *ways, uint32_t at)
{
	for (uint32_t from = splits->branches[at]; from; from = splits->others[from - 1])
		if (!add_end(ways, from - 1))
			return false;
	return !at || !instruction_falls_through(&splits->function->instructions[at - 1]) ||
	       add_end(ways, at - 1);
}

/* May code come before instruction @at, in the same call of the function, that is not in the
 * lists?  At its start only what jumps there from its part elsewhere. */
static bool is_entered(const struct function *function, uint32_t at)
{
	return at ? function->reach[at] & (REACH_ENTRY | REACH_INDIRECT) : function->is_jumped_to;
}

bool splits_between(struct splits *splits, uint32_t load, uint32_t store)
{
	const struct function *function = splits->function;
	struct ways ways = {.ends = {store}, .count = 1};
	uint32_t left = STEPS_MOST;

	if (!function || function->has_unknown_targets ||
	    instruction_is_call(&function->instructions[store]))
		return true;
	splits->search++;
	while (ways.count) {
		uint32_t at = ways.ends[--ways.count];

		if (at == load || splits->seen[at] == splits->search)
			continue;
		splits->seen[at] = splits->search;
		if (!left-- || is_entered(function, at) || !add_ends_before(splits, &ways, at))
			return true;
	}
	return false;
}
