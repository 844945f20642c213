#include "x86/paths/rounds.h"

struct walk {
	const struct function *function;
	uint32_t *stack; /* room for each instruction */
	uint8_t *is_seen;
};

/* Walks through what is reached from instruction @index and was not seen, without passing an
 * instruction from @first to @last.  Returns whether it reaches one. */
static bool reaches(struct walk *walk, uint32_t index, uint32_t first, uint32_t last)
{
	const struct function *function = walk->function;
	uint32_t count = 0;
	bool is_reached = false;

	walk->stack[count++] = index;
	while (count) {
		for (uint32_t i = walk->stack[--count]; i < function->count; i++) {
			const struct instruction *instruction = &function->instructions[i];
			uint32_t to = UINT32_MAX;

			is_reached |= i >= first && i <= last;
			if (walk->is_seen[i] || (i >= first && i <= last))
				break;
			walk->is_seen[i] = true;
			if (instruction_is_branch(instruction))
				to = function_target(function, instruction);
			is_reached |= to >= first && to <= last;
			if (to != UINT32_MAX && !walk->is_seen[to])
				walk->stack[count++] = to;
			if (!instruction_falls_through(instruction) &&
			    !instruction_is_call(instruction))
				break;
		}
	}
	return is_reached;
}

bool rounds_have(const struct function *function, struct scratch *scratch, uint32_t load,
		 uint32_t first, uint32_t last, uint32_t index)
{
	struct scratch_mark mark = scratch_mark(scratch);
	struct walk walk = {
		.function = function,
		.stack = scratch_take(scratch, (function->count + 1ul) * sizeof(*walk.stack)),
		.is_seen = scratch_take_zeroed(scratch, function->count),
	};
	bool is_had = false;

	if (walk.stack && walk.is_seen && !function->has_unknown_targets) {
		reaches(&walk, 0, load, load);
		for (uint32_t i = 0; i < function->count; i++)
			if (function->reach[i] & REACH_INDIRECT)
				reaches(&walk, i, load, load);
		is_had = reaches(&walk, index, first, last);
	}
	scratch_release(scratch, mark);
	return is_had;
}
