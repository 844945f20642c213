#include "x86/paths/dead_ends.h"

#include "x86/survey/survey.h"

#define CALLS_NEAR 256u /* instructions */

/* ... than by a call that returns */
#define REACHED_OTHERWISE (REACH_BRANCH | REACH_INDIRECT | REACH_LABEL)

/* Where control goes on behind the call at @index, over padding. */
static uint32_t index_behind(const struct function *function, uint32_t index)
{
	const struct instruction *instructions = function->instructions;

	do
		index++;
	while (index < function->count &&
	       !(function->reach[index] & REACHED_OTHERWISE) &&
	       survey_is_filler(&instructions[index], &instructions[index - 1]));
	return index;
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
		    !(function->reach[i + 1] & REACHED_OTHERWISE) &&
		    instruction_form(&instructions[i + 1]) != FORM_NOP)
			return true;
	return false;
}

/* Does the call at @index not return, as the layout tells? */
static bool is_last_call(const struct function *function, uint32_t index)
{
	uint32_t behind = index_behind(function, index);

	if (behind < function->count && !(function->reach[behind] & REACHED_OTHERWISE))
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

bool dead_ends_follow(const struct function *function, const struct instruction *branch)
{
	uint32_t index = function_target(function, branch);

	if (index == UINT32_MAX)
		return true;
	if (index == 0 || instruction_falls_through(&function->instructions[index - 1]))
		return false;
	return leads_nowhere(function, index, function->count);
}

bool dead_ends_are_skipped(const struct function *function, uint32_t branch)
{
	uint32_t index = function_target(function, &function->instructions[branch]);

	return index != UINT32_MAX && index > branch + 1 &&
	       leads_nowhere(function, branch + 1, index);
}
