#include "x86/emit/patch_choice.h"

#include <string.h>

/* Writes the successors of instruction @index to @next and returns their number.  Code
 * after a call, and a target of an indirect jump, is an entry and no successor. */
static unsigned find_successors(const struct function *function, uint32_t index, uint32_t next[2])
{
	const struct instruction *instruction = &function->instructions[index];
	unsigned count = 0;

	if (instruction_falls_through(instruction) && index + 1 < function->count)
		next[count++] = index + 1;
	if (instruction_is_branch(instruction)) {
		uint32_t target = function_target(function, instruction);

		if (target != UINT32_MAX)
			next[count++] = target;
	}
	return count;
}

static bool leads_on(const struct choice *choice, uint32_t index)
{
	const struct instruction *instruction = &choice->function->instructions[index];
	uint32_t to;

	if (LIKELY(instruction->kind == INSTRUCTION_PLAIN))
		return choice->leads[index + 1];
	if (!instruction_is_branch(instruction))
		return false;
	to = function_target(choice->function, instruction);
	return (instruction_falls_through(instruction) && choice->leads[index + 1]) ||
	       (to != UINT32_MAX && choice->leads[to]);
}

static bool is_branch_back(const struct function *function, uint32_t index)
{
	return instruction_is_branch(&function->instructions[index]) &&
	       function_target(function, &function->instructions[index]) <= index;
}

void paths_find_leads(const struct choice *choice)
{
	const struct function *function = choice->function;
	uint32_t end = function->count;
	bool has_changed = true;

	while (end > 0 && !is_branch_back(function, end - 1))
		end--;
	for (uint32_t i = function->count; i-- > end;)
		choice->leads[i] = choice->wanted[i] || leads_on(choice, i);
	while (has_changed) {
		has_changed = false;
		for (uint32_t i = end; i-- > 0;) {
			bool leads = choice->leads[i];

			choice->leads[i] = leads || choice->wanted[i] || leads_on(choice, i);
			has_changed |= leads != choice->leads[i];
		}
	}
}

/* Whether the instruction before @index runs on into it, and it has no mark yet. */
static bool goes_into(const struct choice *choice, const uint8_t *marks, uint8_t mark,
		      uint32_t index, bool stops_at_patches)
{
	return index < choice->function->count && !(marks[index] & mark) &&
	       !(stops_at_patches && is_patched(choice, index));
}

/* Marks the paths from instruction @index on, up to marked instructions and, for
 * paths in the original, up to patches. */
static void spread_mark(const struct choice *choice, uint8_t *marks, uint8_t mark, uint32_t index,
			bool stops_at_patches)
{
	const struct function *function = choice->function;
	uint32_t depth = 0;

	/* Marked when pushed, so that it is pushed once at most. */
	marks[index] |= mark;
	choice->stack[depth++] = index;
	while (depth > 0) {
		index = choice->stack[--depth];
		for (;;) {
			const struct instruction *instruction = &function->instructions[index];
			uint32_t to = UINT32_MAX;

			if (instruction->kind != INSTRUCTION_PLAIN) {
				if (instruction_is_branch(instruction))
					to = function_target(function, instruction);
				if (to != UINT32_MAX &&
				    goes_into(choice, marks, mark, to, stops_at_patches)) {
					marks[to] |= mark;
					choice->stack[depth++] = to;
				}
				if (!instruction_falls_through(instruction))
					break;
			}
			index++;
			if (!goes_into(choice, marks, mark, index, stops_at_patches))
				break;
			marks[index] |= mark;
		}
	}
}

/* Keeps the paths from instruction @index on in the original, up to patches. */
static void keep_from(const struct choice *choice, uint32_t index)
{
	struct function *function = choice->function;

	if (!is_patched(choice, index) && !(function->reach[index] & REACH_NATIVE))
		spread_mark(choice, function->reach, REACH_NATIVE, index, true);
}

void paths_find_native(const struct choice *choice)
{
	struct function *function = choice->function;

	for (uint32_t i = 0; i < function->count; i++)
		function->reach[i] &= (uint8_t)~REACH_NATIVE;
	for (uint32_t i = 0; i < choice->point_count; i++) {
		uint32_t index = choice->points[i];

		if (choice->fates[index] == FATE_NATIVE ||
		    instruction_is_call(&function->instructions[index]))
			keep_from(choice, index);
	}
	for (uint32_t i = 0; function->has_unknown_targets && i < function->count; i++)
		keep_from(choice, i);
}

bool paths_meet_patch(const struct choice *choice, const uint8_t *covered, uint32_t index)
{
	const struct function *function = choice->function;
	uint32_t depth = 0, seen = 0;
	uint32_t *list = choice->stack;

	list[depth++] = index;
	while (seen < depth) {
		uint32_t next[2];
		unsigned count;

		if (covered[list[seen]] || depth > 64)
			return true;
		count = find_successors(function, list[seen++], next);
		for (unsigned i = 0; i < count; i++) {
			bool is_new = !is_patched(choice, next[i]) || covered[next[i]];

			for (uint32_t j = 0; j < depth; j++)
				is_new &= list[j] != next[i];
			if (is_new)
				list[depth++] = next[i];
		}
	}
	return false;
}

void paths_find_reached(const struct choice *choice, uint8_t *reached)
{
	memset(reached, 0, choice->function->count);
	for (uint32_t i = 0; i < choice->point_count; i++) {
		uint32_t index = choice->points[i];

		if (choice->function->reach[index] & REACH_ENTRY && !reached[index])
			spread_mark(choice, reached, 1, index, false);
	}
}
