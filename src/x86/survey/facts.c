/* What functions do with their stack. */
#include "x86/survey/survey.h"

#define RED_ZONE_BYTES 128

static bool is_register(int8_t number, enum general_register which)
{
	return number == (int8_t)which;
}

/* rbp is set to rsp, plus a constant. */
static bool sets_frame_pointer(const struct instruction *instruction)
{
	if (!is_register(instruction->destination, RBP))
		return false;
	if (instruction->is_lea)
		return is_register(instruction->base, RSP) && instruction->index == NO_REGISTER;
	return instruction_form(instruction) == FORM_MOVE && !instruction->memory &&
	       is_register(instruction->source, RSP);
}

static bool restores_frame_pointer(const struct instruction *instruction)
{
	enum instruction_form form = instruction_form(instruction);

	return form == FORM_POP || form == FORM_LEAVE;
}

/* Whether rbp is used as frame pointer alone. */
static bool has_frame_pointer(const struct function *function)
{
	bool is_set = false;

	for (uint32_t i = 0; i < function->count; i++) {
		const struct instruction *instruction = &function->instructions[i];

		if (!(instruction->changes & REGISTER_BIT(RBP)))
			continue;
		if (sets_frame_pointer(instruction))
			is_set = true;
		else if (!restores_frame_pointer(instruction))
			return false;
	}
	return is_set;
}

static inline bool may_take_stack_address(const struct instruction *instruction)
{
	int8_t from = instruction->is_lea ? instruction->base : instruction->source;

	return is_register(from, RSP) || is_register(from, RBP) ||
	       is_register(instruction->source, RSP);
}

/* True if it computes a value from the stack pointer or the frame pointer. */
static bool takes_stack_address(const struct function *function,
				const struct instruction *instruction)
{
	enum instruction_form form = instruction_form(instruction);
	bool has_frame = function->has_frame_pointer;

	if (form == FORM_COMPARE || is_register(instruction->destination, RSP) ||
	    (has_frame && sets_frame_pointer(instruction)))
		return false;
	if (instruction->is_lea)
		return is_register(instruction->base, RSP) ||
		       (has_frame && is_register(instruction->base, RBP));
	if (form == FORM_PUSH)
		return is_register(instruction->source, RSP);
	return is_register(instruction->source, RSP) ||
	       (has_frame && is_register(instruction->source, RBP));
}

static void note_red_zone(struct function *function, const struct instruction *instruction)
{
	int32_t depth = -instruction->displacement;

	if (!is_register(instruction->base, RSP) || instruction->displacement >= 0 ||
	    !(instruction->memory || instruction->is_lea))
		return;
	if (is_register(instruction->destination, RSP) && instruction->is_lea)
		return;
	if (instruction->is_lea || instruction->index != NO_REGISTER || depth > RED_ZONE_BYTES)
		function->uses_deep_red_zone = true;
	else if (depth > function->red_zone_bytes)
		function->red_zone_bytes = (uint16_t)((depth + 7) & ~7);
}

void survey_facts_of(struct function *function)
{
	function->has_frame_pointer = has_frame_pointer(function);
	for (uint32_t i = 0; i < function->count; i++) {
		const struct instruction *instruction = &function->instructions[i];

		if (instruction_is_call(instruction))
			function->has_call = true;
		if (may_take_stack_address(instruction) &&
		    takes_stack_address(function, instruction))
			function->stack_escapes = true;
		note_red_zone(function, instruction);
	}
	/* In a leaf function pointers into the stack may point below rsp. */
	if (!function->has_call && function->stack_escapes)
		function->uses_deep_red_zone = true;
}

/* Functions that share code share a frame. */
static void merge_into(struct function *first, const struct function *other)
{
	bool has_hidden_red_zone = other->has_frame_pointer && !other->has_call;

	if (other->red_zone_bytes > first->red_zone_bytes)
		first->red_zone_bytes = other->red_zone_bytes;
	first->uses_deep_red_zone |= other->uses_deep_red_zone || has_hidden_red_zone;
	first->stack_escapes |= other->stack_escapes;
}

static void take_from(struct function *function, const struct function *first)
{
	function->red_zone_bytes = first->red_zone_bytes;
	function->uses_deep_red_zone = first->uses_deep_red_zone;
	function->stack_escapes = first->stack_escapes;
	function->has_call &= first->has_call;
}

void survey_facts(struct survey *survey)
{
	struct module *module = &survey->module;

	for (uint32_t i = 0; i < module->function_count; i++) {
		uint32_t first = survey_group(survey, i);

		if (first == i)
			continue;
		merge_into(&module->functions[first], &module->functions[i]);
		if (module->functions[first].has_frame_pointer &&
		    !module->functions[first].has_call)
			module->functions[first].uses_deep_red_zone = true;
		module->functions[first].has_call &= module->functions[i].has_call;
	}
	for (uint32_t i = 0; i < module->function_count; i++)
		take_from(&module->functions[i], &module->functions[survey_group(survey, i)]);
}
