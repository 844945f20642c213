#include "x86/checks/strides.h"

#include "x86/decode/operand.h"

#define LOOP_MOST 64u /* instructions from the access to the end of its loop, and back */
#define LINE_BYTES 64

static bool branches_back(const struct instruction *instruction)
{
	return instruction_is_branch(instruction) &&
	       instruction->target <= (int64_t)instruction->offset;
}

/* The innermost loop around instruction @index: [*first, *last]. */
static bool find_loop(const struct function *function, uint32_t index, uint32_t *back,
		      uint32_t *first, uint32_t *last)
{
	const struct instruction *access = &function->instructions[index];

	if (*back < index)
		*back = index;
	while (*back < function->count && !branches_back(&function->instructions[*back]))
		++*back;
	for (uint32_t i = *back; i < function->count && i - index < LOOP_MOST; i++) {
		const struct instruction *branch = &function->instructions[i];

		if (!instruction_is_branch(branch) || branch->target > (int64_t)access->offset)
			continue;
		*first = function_target(function, branch);
		*last = i;
		return *first <= index && index - *first < LOOP_MOST;
	}
	return false;
}

/* Is @instruction a step of one of @registers by a register or a line? */
static bool is_far_step(const struct instruction *instruction, uint32_t registers)
{
	uint32_t others = instruction->reads & REGISTERS_ALL & ~registers;
	int64_t by = instruction->is_lea ? instruction->displacement : instruction->immediate;

	return instruction->reads & registers &&
	       (others || by >= LINE_BYTES || by <= -LINE_BYTES);
}

bool strides_are_far(const struct function *function, uint32_t index, uint32_t *back)
{
	struct operand operand = operand_of(&function->instructions[index]);
	uint32_t registers = operand_registers(&operand);
	bool is_far = false;
	uint32_t first;
	uint32_t last;

	if (!registers || !find_loop(function, index, back, &first, &last))
		return false;
	for (uint32_t i = first; i <= last; i++) {
		const struct instruction *instruction = &function->instructions[i];

		if (!(instruction->changes & registers))
			continue;
		if (instruction->memory || instruction->kind != INSTRUCTION_PLAIN)
			return false;
		is_far |= is_far_step(instruction, registers);
	}
	return is_far;
}
