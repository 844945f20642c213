/*
 * What lies between functions: padding, code without unwind information (stubs
 * of the linker, assembly), data.  Whatever looks like code is taken for code,
 * so that its targets are marked; so are functions that could not be decoded.
 */
#include "x86/survey/survey.h"

static bool is_single_nop(const struct instruction *instruction)
{
	return instruction_form(instruction) == FORM_NOP && instruction->length == 1;
}

bool survey_is_filler(const struct instruction *instruction, const struct instruction *before)
{
	return instruction_form(instruction) == FORM_NOP &&
	       !(is_single_nop(instruction) && before && is_single_nop(before));
}

/* Surveys [start, end).  Returns where the padding at its end begins, which control does not run
 * into; @end: there is none.  It @is_closed if control does not pass @start. */
static uint32_t decode_gap(struct survey *survey, uint32_t start, uint32_t end, bool is_closed)
{
	struct instruction instruction, before;
	uint32_t padding = start;
	bool is_code = true;

	for (uint32_t offset = start; offset < end; offset += instruction.length) {
		bool is_known = instruction_decode(survey->decoder, survey->module.text + offset,
						   end - offset, offset, &instruction);

		if (is_known)
			survey_note_instruction(survey, NULL, &instruction);
		else
			instruction.length = 1;
		is_code &= is_known;
		if (!is_code ||
		    !survey_is_filler(&instruction, offset > start ? &before : NULL)) {
			padding = offset + instruction.length;
			is_closed = is_code && !instruction_falls_through(&instruction);
		}
		before = instruction;
	}
	return is_closed ? padding : end;
}

/* Whether control cannot pass the function's end.  A call counts as passing, as it is
 * not known which calls do not return. */
static bool ends_there(const struct survey *survey, const struct function *function)
{
	return function->is_usable && function->count &&
	       !survey->parts[survey_index(survey, function)].runs_on;
}

void survey_gaps(struct survey *survey)
{
	const struct module *module = &survey->module;
	const struct function *before = NULL;
	uint32_t done = 0;

	for (uint32_t i = 0; i <= module->function_count; i++) {
		const struct function *next =
			i < module->function_count ? &module->functions[i] : NULL;
		uint32_t end = next ? next->start : module->text_bytes;

		if (next && !next->is_usable) {
			/* Its bytes are examined with the gap. */
			before = NULL;
			continue;
		}
		for (uint32_t offset = decode_gap(survey, done, end,
						  before && ends_there(survey, before));
		     offset < end; offset++)
			survey->marks[offset] |= MARK_PADDING;
		before = next;
		done = next ? next->end : end;
	}
}
