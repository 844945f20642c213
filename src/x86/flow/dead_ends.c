/* Dead ends: code that ends in a call which does not return.  Asked for by its layout, as it
 * is not known which functions return. */
#include "x86/flow/walk.h"
#include "x86/survey/survey.h"

#define CALLS_NEAR 256u /* instructions */

/* Where control goes on behind the call at @index, over padding. */
static uint32_t index_behind(const struct function *function, uint32_t index)
{
	const struct instruction *instructions = function->instructions;

	do
		index++;
	while (index < function->count &&
	       !(function->reach[index] & (REACH_BRANCH | REACH_INDIRECT)) &&
	       survey_is_filler(&instructions[index], &instructions[index - 1]));
	return index;
}

/* Is the result of the call before @index overwritten unread, as nothing does with an exception
 * that has led to this place? */
static bool drops_result(const struct function *function, uint32_t index)
{
	for (; index < function->count; index++) {
		const struct instruction *instruction = &function->instructions[index];

		if (instruction->kind != INSTRUCTION_PLAIN || instruction->reads & REGISTER_BIT(RAX))
			return false;
		if (instruction->kills & REGISTER_BIT(RAX))
			return true;
	}
	return false;
}

/* Does a call of the same function stand nearby, behind which is code that is reached by its
 * return alone? */
static bool is_seen_to_return(const struct function *function, uint32_t call)
{
	const struct instruction *instructions = function->instructions;
	uint32_t first = call > CALLS_NEAR ? call - CALLS_NEAR : 0;

	for (uint32_t i = first; i + 1 < function->count && i < call + CALLS_NEAR; i++)
		if (instructions[i].kind == INSTRUCTION_CALL &&
		    instructions[i].target == instructions[call].target &&
		    !(function->reach[i + 1] & (REACH_BRANCH | REACH_INDIRECT)) &&
		    instruction_form(&instructions[i + 1]) != FORM_NOP &&
		    (!function->lsda || drops_result(function, i + 1)))
			return true;
	return false;
}

/* Does the call at @index not return, as the layout tells? */
static bool is_last_call(const struct function *function, uint32_t index)
{
	uint32_t behind = index_behind(function, index);

	if (behind < function->count && !(function->reach[behind] & (REACH_BRANCH | REACH_INDIRECT)))
		return false;
	return function->instructions[index].kind != INSTRUCTION_CALL ||
	       !is_seen_to_return(function, index);
}

/* Does the straight code from instruction @index on, before @end, lead nowhere? */
static bool leads_nowhere(const struct function *function, uint32_t index, uint32_t end)
{
	const struct instruction *instructions = function->instructions;

	for (; index < end; index++) {
		if (instructions[index].kind == INSTRUCTION_STOP)
			return true;
		if (instruction_is_call(&instructions[index]) && is_last_call(function, index))
			return true;
		if (!instruction_is_call(&instructions[index]) &&
		    instructions[index].kind != INSTRUCTION_PLAIN)
			return false;
	}
	return end == function->count;
}

bool flow_is_dead_end(const struct function *function, const struct instruction *branch)
{
	uint32_t index = function_target(function, branch);

	if (index == UINT32_MAX)
		return true;
	if (index == 0 || instruction_falls_through(&function->instructions[index - 1]))
		return false;
	return leads_nowhere(function, index, function->count);
}

bool flow_skips_dead_end(const struct function *function, uint32_t branch)
{
	uint32_t index = function_target(function, &function->instructions[branch]);

	return index != UINT32_MAX && index > branch + 1 &&
	       leads_nowhere(function, branch + 1, index);
}
