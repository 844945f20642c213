/*
 * Branches on the way through an accessor, which goes straight on but for these: a switch over
 * a number that is known, as unoptimised code has over the order of an atomic access, and code
 * that may be left out and only makes values, as assertions do that are switched off.
 */
#include "x86/decode/decode.h"
#include "x86/flow/accessor_scan.h"
#include "x86/paths/dead_ends.h"

#define CONDITION_BELOW 2u

/* Is it an add or sub of a constant to a register of 32 or 64 bits? */
static bool is_sum(const struct scan *scan, const struct instruction *instruction)
{
	const unsigned char *bytes = scan->module->text + instruction->offset;
	unsigned char opcode = bytes[(bytes[0] & 0xf0) == 0x40];

	return instruction_form(instruction) == FORM_ADD && !instruction->memory &&
	       instruction->source == NO_REGISTER &&
	       (opcode == 0x83 || opcode == 0x81 || opcode == 0x05 || opcode == 0x2d);
}

void scan_note_compared(struct scan *scan, const struct instruction *instruction,
			struct value *result)
{
	uint32_t reads = instruction->reads & REGISTERS_ALL;
	const struct value *left;

	if (!reads || reads & (reads - 1) || !is_sum(scan, instruction))
		return;
	left = &scan->registers[__builtin_ctz(reads)];
	if (left->kind != VALUE_NUMBER)
		return;
	scan->is_compared = instruction_subtracts(instruction);
	scan->left = (uint32_t)left->path.target;
	scan->right = (uint32_t)instruction->immediate;
	*result = *left;
	result->path.target =
		(int64_t)(scan->is_compared ? scan->left - scan->right : scan->left + scan->right);
}

/* Is @condition true of the two numbers?  False: it is not known. */
static bool decide(const struct scan *scan, unsigned condition, bool *is_true)
{
	switch (condition & ~1u) {
	case CONDITION_BELOW:
		*is_true = scan->left < scan->right;
		break;
	case CONDITION_EQUAL:
		*is_true = scan->left == scan->right;
		break;
	case CONDITION_NOT_ABOVE:
		*is_true = scan->left <= scan->right;
		break;
	default:
		return false;
	}
	*is_true ^= condition & 1;
	return true;
}

/* Does it only make values in registers? */
static bool only_makes_values(const struct instruction *instruction)
{
	return instruction->kind == INSTRUCTION_PLAIN &&
	       instruction->changes & (REGISTERS_ALL | FLAGS_ALL) &&
	       !(instruction->memory & (MEMORY_WRITE | MEMORY_LOCKED | MEMORY_STRING)) &&
	       !(instruction->changes & REGISTER_BIT(RSP)) &&
	       !(instruction->changes & ~(REGISTERS_ALL | FLAGS_ALL));
}

/* The first instruction that all ways from the branch at @index come to; UINT32_MAX if one of
 * them does more than make values, of *@changed. */
static uint32_t find_end(const struct scan *scan, uint32_t index, uint32_t *changed)
{
	const struct function *function = scan->function;
	uint32_t end = index + 1;

	for (uint32_t i = index; i < end; i++) {
		const struct instruction *instruction = &function->instructions[i];
		uint32_t to = i + 1;

		if (instruction_is_branch(instruction))
			to = function_target(function, instruction);
		else if (!only_makes_values(instruction) ||
			 (flow_has_memory(instruction) &&
			  scan_stack_place(scan, instruction) == NO_DEPTH))
			return UINT32_MAX;
		if (to == UINT32_MAX || to <= i)
			return UINT32_MAX;
		if (to > end)
			end = to;
		*changed |= instruction->changes;
	}
	return end < function->count ? end : UINT32_MAX;
}

uint32_t scan_branch(struct scan *scan, uint32_t index)
{
	const struct instruction *branch = &scan->function->instructions[index];
	const struct value decided = {.is_decided = true};
	unsigned condition = instruction_condition(scan->module->text + branch->offset);
	uint32_t changed = 0;
	uint32_t to = index + 1;
	bool is_taken;

	if (scan->is_compared && decide(scan, condition, &is_taken)) {
		if (is_taken)
			to = function_target(scan->function, branch);
		return to > index ? to : UINT32_MAX;
	}
	if (dead_ends_follow(scan->function, branch))
		return to;
	to = scan->exchanged ? UINT32_MAX : find_end(scan, index, &changed);
	scan_change_registers(scan, changed, decided);
	scan->flags = decided;
	scan->is_compared = false;
	return to;
}
