/*
 * Callees that use what stands behind the call: they read arguments there, and return
 * behind them, or never.  No compiler makes such; assembly does.
 *
 * Looked at is the straight line from their beginning, on which it is known how far
 * from rsp the return address lies.
 */
#include "x86/survey/survey.h"

#define STEPS_MOST 64u

#define KEPT_BY_CALLS                                                                              \
	(REGISTER_BIT(RBX) | REGISTER_BIT(RBP) | REGISTER_BIT(R12) | REGISTER_BIT(R13) |           \
	 REGISTER_BIT(R14) | REGISTER_BIT(R15))

struct walk {
	int64_t depth; /* bytes from rsp up to the return address */
	int64_t frame_depth; /* ... from rbp, if it is the frame pointer */
	bool has_frame;
	uint32_t holders; /* registers that hold the return address */
};

enum step { STEP_ON, STEP_ENDS, STEP_TAKES };

static bool is_register(int8_t number, uint32_t registers)
{
	return number != NO_REGISTER && registers >> number & 1;
}

static bool is_return_slot(const struct walk *walk, const struct instruction *instruction)
{
	if (!(instruction->memory & (MEMORY_READ | MEMORY_WRITE)) ||
	    instruction->memory & (MEMORY_SEGMENT | MEMORY_STRING) ||
	    instruction->index != NO_REGISTER)
		return false;
	return (instruction->base == (int8_t)RSP && instruction->displacement == walk->depth) ||
	       (instruction->base == (int8_t)RBP && walk->has_frame &&
		instruction->displacement == walk->frame_depth);
}

/* rsp changes.  Who takes its return address off the stack goes where it likes. */
static enum step step_stack(struct walk *walk, const struct instruction *instruction)
{
	enum instruction_form form = instruction_form(instruction);

	if (form == FORM_PUSH)
		walk->depth += 8;
	else if (form == FORM_POP)
		walk->depth -= 8;
	else if (form == FORM_ADD && instruction->source == NO_REGISTER && !instruction->memory)
		walk->depth += instruction_subtracts(instruction) ? instruction->immediate
								  : -instruction->immediate;
	else
		return STEP_ENDS;
	return walk->depth < 0 ? STEP_TAKES : STEP_ON;
}

/* What becomes of the registers that it changes. */
static void step_registers(struct walk *walk, const struct instruction *instruction)
{
	bool is_move = instruction_form(instruction) == FORM_MOVE &&
		       instruction->destination != NO_REGISTER;
	bool holds = is_move && (is_return_slot(walk, instruction) ||
				 (!instruction->memory &&
				  is_register(instruction->source, walk->holders)));

	if (instruction_is_call(instruction))
		walk->holders &= KEPT_BY_CALLS;
	else
		walk->holders &= ~instruction->changes;
	if (holds)
		walk->holders |= REGISTER_BIT(instruction->destination);
	if (!(instruction->changes & REGISTER_BIT(RBP)) || instruction_is_call(instruction))
		return;
	walk->has_frame = is_move && !instruction->memory && instruction->source == (int8_t)RSP;
	walk->frame_depth = walk->depth;
}

static enum step take_step(struct walk *walk, const struct instruction *instruction)
{
	enum step taken = STEP_ON;

	if (!instruction_falls_through(instruction) && !instruction_is_call(instruction))
		return STEP_ENDS;
	if (instruction->memory && (is_register(instruction->base, walk->holders) ||
				    (instruction->memory & MEMORY_WRITE &&
				     is_return_slot(walk, instruction))))
		return STEP_TAKES;
	if (instruction->changes & REGISTER_BIT(RSP) && !instruction_is_call(instruction))
		taken = step_stack(walk, instruction);
	step_registers(walk, instruction);
	return taken;
}

bool survey_takes_return(const struct function *function)
{
	struct walk walk = {0};

	for (uint32_t i = 0; i < function->count && i < STEPS_MOST; i++) {
		enum step taken = take_step(&walk, &function->instructions[i]);

		if (taken != STEP_ON)
			return taken == STEP_TAKES;
	}
	return false;
}

bool survey_takes_return_at(const struct survey *survey, int64_t offset)
{
	const struct module *module = &survey->module;
	struct instruction instruction;
	struct walk walk = {0};

	for (uint32_t i = 0; i < STEPS_MOST && offset >= 0 && offset < module->text_bytes; i++) {
		enum step taken = STEP_ENDS;

		if (instruction_decode(survey->decoder, module->text + offset,
				       module->text_bytes - (uint32_t)offset, (uint32_t)offset,
				       &instruction))
			taken = take_step(&walk, &instruction);
		if (taken != STEP_ON)
			return taken == STEP_TAKES;
		offset += instruction.length;
	}
	return false;
}
