/*
 * How code is reached: from outside a function, by its own branches, through
 * pointers.  Where there is doubt, a place counts as reached.
 */
#include <string.h>

#include "elf/eh_frame.h"
#include "x86/survey/survey.h"

static const char inside_instruction[] = "something points into the middle of an instruction";
static const char has_data[] = "it has data among its instructions";
static const char has_arguments[] = "it has data behind a call";
static const char is_restartable[] = "it has a restartable sequence";

static struct function *function_at(const struct survey *survey, int64_t offset)
{
	return offset < 0 || offset >= survey->module.text_bytes
		       ? NULL
		       : module_find(&survey->module, offset);
}

static struct part *part_of(struct survey *survey, const struct function *function)
{
	return &survey->parts[survey_index(survey, function)];
}

/* Marks a place that is certainly code; if no instruction begins there, its function
 * cannot be copied. */
static void mark_code(struct survey *survey, int64_t offset, uint8_t marks)
{
	const struct function *function = function_at(survey, offset);

	survey_mark(survey, offset, marks);
	if (function && function->is_usable && !survey_has(survey, offset, MARK_START))
		survey_spoil(survey, offset, inside_instruction);
}

/* --- Restartable sequences ------------------------------------------------------------ */

#define ABORT_SIGNATURE 0x53053053u /* RSEQ_SIG of <sys/rseq.h> */

/* struct rseq_cs of <linux/rseq.h>. */
#define SEQUENCE_START 8u
#define SEQUENCE_BYTES 16u
#define SEQUENCE_ABORT 24u

/* The kernel leads a thread that it interrupts between a sequence's start and commit
 * to its abort handler, before which this signature stands.  It knows the sequence by
 * its addresses: in a clone it would not be led anywhere. */
static bool is_abort_handler(const struct survey *survey, int64_t offset)
{
	uint32_t signature = ABORT_SIGNATURE;

	return offset >= 4 && offset < survey->module.text_bytes &&
	       memcmp(survey->module.text + offset - 4, &signature, sizeof(signature)) == 0;
}

/* @pointer, in data, may be the last field of a sequence's description. */
static void note_sequence(struct survey *survey, const struct label_pointer *pointer)
{
	uint64_t description = pointer->place - SEQUENCE_ABORT;
	uint64_t size_bytes;

	/* Pointers come by their places: the one before this is the start. */
	if (!is_abort_handler(survey, pointer->offset) ||
	    survey->last_pointer.place != description + SEQUENCE_START ||
	    !image_copy(survey->image, description + SEQUENCE_BYTES, &size_bytes, 8) ||
	    size_bytes > survey->module.text_bytes)
		return;
	for (uint64_t i = 0; i < size_bytes; i++)
		survey_spoil(survey, (int64_t)(survey->last_pointer.offset + i), is_restartable);
}

/* @function (NULL: code between functions) takes the address of @offset: if that is a
 * handler's, it describes a sequence of its own, when it runs. */
static void note_handler(struct survey *survey, const struct function *function, int64_t offset)
{
	if (function && is_abort_handler(survey, offset))
		survey_spoil(survey, function->start, is_restartable);
}

/* --- What instructions lead to ------------------------------------------------------ */

/* A branch from @from (NULL: code between functions) to another function.  A jump to
 * a function's start may be a tail call; any other says that both are parts of one
 * function of the source. */
static void note_branch_out(struct survey *survey, const struct function *from,
			    const struct instruction *instruction)
{
	struct function *to = function_at(survey, instruction->target);

	if (!from && (!to || !survey_has(survey, instruction->target, MARK_START))) {
		/* Between functions, data may look like a branch. */
		survey_mark(survey, instruction->target, MARK_ENTRY);
		return;
	}
	mark_code(survey, instruction->target, MARK_ENTRY);
	if (!to)
		return;
	to->is_jumped_to = true;
	if (!from)
		part_of(survey, to)->is_known = true;
	else if (instruction->target != to->start || instruction->kind != INSTRUCTION_BRANCH)
		survey_join(survey, survey_index(survey, from), survey_index(survey, to));
}

static void note_branch(struct survey *survey, const struct function *function,
			const struct instruction *instruction)
{
	if (function && instruction->target >= function->start &&
	    instruction->target < function->end)
		mark_code(survey, instruction->target, MARK_BRANCH);
	else
		note_branch_out(survey, function, instruction);
}

#define RETURN 0xc3

/* Where a call returns to.  One at the function's end does not return. */
static void note_return(struct survey *survey, const struct function *function, uint32_t offset)
{
	if (offset < function->end)
		survey_mark(survey, offset, MARK_ENTRY);
	/* A stack that is made of segments gets one before the function's work, and gives it
	 * back at this return. */
	if (offset + 1 < function->end && survey->module.text[offset] == RETURN)
		survey_mark(survey, offset + 1, MARK_ENTRY);
}

/* Calls of what comes next only ask where they are. */
static bool has_data_behind(const struct survey *survey, const struct function *to,
			    const struct instruction *call)
{
	if (call->target == (int64_t)call->offset + call->length)
		return false;
	if (to && call->target == to->start)
		return survey->parts[survey_index(survey, to)].takes_return;
	return !module_jumps_to_import(&survey->module, call->target) &&
	       survey_takes_return_at(survey, call->target);
}

static void note_call(struct survey *survey, const struct function *function,
		      const struct instruction *instruction)
{
	struct function *to;

	if (function)
		note_return(survey, function, instruction->offset + instruction->length);
	if (instruction->kind != INSTRUCTION_CALL)
		return;
	to = function_at(survey, instruction->target);
	if (function && has_data_behind(survey, to, instruction))
		survey_spoil(survey, function->start, has_arguments);
	survey_mark(survey, instruction->target, MARK_ENTRY);
	if (!to)
		return;
	part_of(survey, to)->is_known = true;
	if (instruction->target == to->start)
		to->is_called_directly = true;
	else if (function && to->is_usable && !survey_has(survey, instruction->target, MARK_START))
		survey_spoil(survey, instruction->target, inside_instruction);
}

/* The address of @offset is taken, so it may be reached from anywhere. */
static void note_address(struct survey *survey, int64_t offset, bool is_certain)
{
	struct function *function = function_at(survey, offset);

	if (!function) {
		survey_mark(survey, offset, MARK_INDIRECT);
		return;
	}
	if (offset == function->start) {
		part_of(survey, function)->is_known = true;
		survey_mark(survey, offset, MARK_ENTRY | MARK_INDIRECT);
	} else if (survey_has(survey, offset, MARK_START)) {
		part_of(survey, function)->has_labels = true;
		survey_mark(survey, offset, MARK_LABEL);
	} else if (is_certain && function->is_usable) {
		survey_spoil(survey, offset, inside_instruction);
	}
}

/* An operand relative to rip that lies in the text. */
static void note_operand(struct survey *survey, const struct function *function,
			 const struct instruction *instruction)
{
	const struct function *to = function_at(survey, instruction->target);

	if (instruction->target < 0 || instruction->target >= survey->module.text_bytes)
		return;
	if (instruction->is_lea) {
		note_address(survey, instruction->target, function != NULL);
		note_handler(survey, function, instruction->target);
		/* It may be data that looks like code. */
		if (to && instruction->target != to->start)
			survey_mark(survey, instruction->target, MARK_LEAVE);
	} else if (instruction->memory & (MEMORY_READ | MEMORY_WRITE | MEMORY_UNCHECKED)) {
		survey_mark(survey, instruction->target, MARK_INDIRECT);
		if (function && to)
			survey_spoil(survey, instruction->target, has_data);
	}
}

/* Code at a fixed address may have addresses as immediates. */
static void note_immediate(struct survey *survey, const struct function *function,
			   const struct instruction *instruction)
{
	uint64_t offset = (uint64_t)instruction->immediate - survey->module.text_address;

	if (!survey->image->is_fixed || instruction->length < 5 ||
	    offset >= survey->module.text_bytes)
		return;
	note_address(survey, (int64_t)offset, false);
	note_handler(survey, function, (int64_t)offset);
}

void survey_note_instruction(struct survey *survey, const struct function *function,
			     const struct instruction *instruction)
{
	switch ((enum instruction_kind)instruction->kind) {
	case INSTRUCTION_BRANCH_IF:
	case INSTRUCTION_BRANCH:
	case INSTRUCTION_LOOP:
		note_branch(survey, function, instruction);
		return;
	case INSTRUCTION_CALL:
		note_call(survey, function, instruction);
		return;
	case INSTRUCTION_CALL_INDIRECT:
		note_call(survey, function, instruction);
		break;
	case INSTRUCTION_PLAIN:
	case INSTRUCTION_JUMP_INDIRECT:
	case INSTRUCTION_RETURN:
	case INSTRUCTION_STOP:
	case INSTRUCTION_UNKNOWN:
		break;
	}
	if (instruction->is_rip_relative)
		note_operand(survey, function, instruction);
	if (instruction->immediate)
		note_immediate(survey, function, instruction);
	if (function && instruction_form(instruction) == FORM_ENDBR)
		survey_mark(survey, instruction->offset, MARK_ENTRY | MARK_INDIRECT);
}

/* --- What data leads to ---------------------------------------------------------------- */

static void keep_label_pointer(struct survey *survey, uint64_t place, uint32_t offset)
{
	uint32_t room = survey->label_pointer_room;
	size_t row = sizeof(struct label_pointer);

	if (survey->label_pointer_count == room) {
		struct label_pointer *grown =
			arena_grow(survey->arena, survey->label_pointers, room * row,
				   (room ? 2 * room : 1024) * row);

		if (!grown) {
			survey->failed = true;
			return;
		}
		survey->label_pointers = grown;
		survey->label_pointer_room = room ? 2 * room : 1024;
	}
	survey->label_pointers[survey->label_pointer_count++] =
		(struct label_pointer){place, offset};
}

static void note_pointer(void *context, uint64_t place, uint64_t value)
{
	struct survey *survey = context;
	uint32_t offset = (uint32_t)(value - survey->module.text_address);
	struct label_pointer pointer = {place, offset};

	note_address(survey, offset, !survey->image->is_fixed);
	note_sequence(survey, &pointer);
	survey->last_pointer = pointer;
	if (survey_has(survey, offset, MARK_LABEL))
		keep_label_pointer(survey, place, offset);
}

static void note_symbol(void *context, const char *name, uint64_t address, uint64_t size_bytes)
{
	struct survey *survey = context;
	int64_t offset = (int64_t)(address - survey->module.text_address);
	struct function *function = function_at(survey, offset);

	(void)name;
	(void)size_bytes;
	if (!function)
		survey_mark(survey, offset, MARK_INDIRECT);
	else if (offset == function->start)
		function->is_exported = part_of(survey, function)->is_known = true;
	else
		mark_code(survey, offset, MARK_ENTRY | MARK_INDIRECT);
}

static void note_landing_pad(void *context, uint64_t address)
{
	struct survey *survey = context;

	mark_code(survey, (int64_t)(address - survey->module.text_address),
		  MARK_ENTRY | MARK_LABEL);
}

static void note_landing_pads(struct survey *survey, uint32_t index)
{
	const struct function *function = &survey->module.functions[index];
	uint64_t start = survey->module.text_address + function->start;

	if (function->lsda && !eh_frame_each_landing_pad(survey->image, function->lsda, start,
							 note_landing_pad, survey))
		survey_spoil(survey, function->start, "its table of landing pads cannot be read");
}

/* --- Jumps with unknown targets ------------------------------------------------------------ */

/* True if known code leads to the function. */
static bool is_reached(const struct survey *survey, uint32_t index)
{
	const struct function *function = &survey->module.functions[index];

	return survey->parts[index].is_known || function->is_exported ||
	       function->is_called_directly;
}

static void keep_outward_jump(struct survey *survey, struct outward_jump jump)
{
	uint32_t room = survey->outward_jump_room;

	if (survey->outward_jump_count == room) {
		struct outward_jump *grown =
			arena_grow(survey->arena, survey->outward_jumps, room * sizeof(jump),
				   (room ? 2 * room : 1024) * sizeof(jump));

		survey->failed |= !grown;
		if (!grown)
			return;
		survey->outward_jumps = grown;
		survey->outward_jump_room = room ? 2 * room : 1024;
	}
	survey->outward_jumps[survey->outward_jump_count++] = jump;
}

static void note_outward_jump(struct survey *survey, const struct function *function,
			      const struct instruction *instruction)
{
	const struct function *to;

	if (instruction->kind != INSTRUCTION_BRANCH ||
	    (instruction->target >= function->start && instruction->target < function->end))
		return;
	to = function_at(survey, instruction->target);
	if (to)
		keep_outward_jump(survey, (struct outward_jump){survey_index(survey, function),
								survey_index(survey, to)});
}

/* A function that is only jumped to is a part of the function that jumps there; a jump
 * to a thunk has unknown targets. */
static void join_jumped_to(struct survey *survey)
{
	for (uint32_t i = 0; i < survey->outward_jump_count; i++) {
		struct outward_jump jump = survey->outward_jumps[i];

		if (survey->parts[jump.to].is_thunk || !is_reached(survey, jump.to))
			survey_join(survey, jump.from, jump.to);
	}
}

/* A jump with unknown targets may lead to any instruction of its group, and to any
 * function that nothing else is known to reach. */
static void spread_unknown_targets(struct survey *survey)
{
	struct module *module = &survey->module;
	bool has_any = false;

	for (uint32_t i = 0; i < module->function_count; i++) {
		if (!module->functions[i].has_unknown_targets)
			continue;
		module->functions[survey_group(survey, i)].has_unknown_targets = true;
		has_any = true;
	}
	for (uint32_t i = 0; i < module->function_count; i++) {
		struct function *function = &module->functions[i];

		function->has_unknown_targets |=
			module->functions[survey_group(survey, i)].has_unknown_targets ||
			(has_any && !is_reached(survey, i) && !function->is_jumped_to);
	}
}

/* Code whose address is taken is entered from outside, too. */
static void settle_labels(struct survey *survey)
{
	for (uint32_t i = 0; i < survey->module.function_count; i++) {
		const struct function *function = &survey->module.functions[i];

		if (!survey->parts[i].has_labels ||
		    (survey->forget_targets && function->has_unknown_targets))
			continue;
		for (uint32_t offset = function->start; offset < function->end; offset++)
			if (survey->marks[offset] & MARK_LABEL)
				survey->marks[offset] |= MARK_ENTRY | MARK_INDIRECT;
	}
}

static void note_leading(struct survey *survey, const struct function *function,
			 const struct instruction *instruction)
{
	survey_note_instruction(survey, function, instruction);
	note_outward_jump(survey, function, instruction);
}

static void note_function(struct survey *survey, uint32_t index)
{
	const struct function *function = &survey->module.functions[index];
	unsigned traits = PATTERN_ADDRESS | PATTERN_MARK;

	/* An immediate can be an address only in a module at a fixed address. */
	if (survey->image->is_fixed)
		traits |= PATTERN_IMMEDIATE;
	survey_mark(survey, function->start, MARK_ENTRY);
	note_landing_pads(survey, index);
	if (function->is_usable)
		survey_each(survey, function, traits, note_leading);
}

void survey_targets(struct survey *survey)
{
	struct module *module = &survey->module;

	for (uint32_t i = 0; i < module->function_count; i++)
		note_function(survey, i);
	survey_gaps(survey);
	image_each_symbol(survey->image, note_symbol, survey);
	image_each_pointer(survey->image, note_pointer, survey);
	join_jumped_to(survey);
	for (uint32_t i = 0; i < module->function_count; i++)
		if (module->functions[i].is_usable)
			survey_jumps(survey, i);
	spread_unknown_targets(survey);
	settle_labels(survey);
}
