/*
 * Jumps through registers and memory, and the tables of cases behind them.
 *
 * A pointer that is loaded whole leads to a place whose address the relocations
 * or an instruction give away, so all such places are known (targets.c).  What
 * is computed, as a table's base plus a 32-bit distance from it, needs the
 * table: compilers take its address in the same function.  Every table there is
 * read as far as its rows lead to instructions: too many rather than too few.
 */
#include "x86/survey.h"

#define TABLE_ROWS_MOST 65536u
#define TABLE_ROW_BYTES 4u

/* Where a jump's target comes from. */
enum origin {
	ORIGIN_POINTER, /* loaded whole, or passed in */
	ORIGIN_SUM,	/* computed */
	ORIGIN_UNKNOWN
};

static bool writes(const struct instruction *instruction, int8_t number)
{
	return (instruction->changes & REGISTER_BIT((unsigned)number)) != 0;
}

static bool is_load_of_pointer(const struct instruction *instruction)
{
	return instruction_form(instruction) == FORM_MOVE && instruction->memory & MEMORY_READ &&
	       instruction->access_bytes == 8;
}

static bool is_copy(const struct instruction *instruction)
{
	return instruction_form(instruction) == FORM_MOVE && !instruction->memory &&
	       instruction->source != NO_REGISTER;
}

static bool is_constant(const struct instruction *instruction)
{
	return instruction_form(instruction) == FORM_MOVE && !instruction->memory &&
	       instruction->source == NO_REGISTER;
}

/* What @instruction, which writes the register, makes of it. */
static enum origin origin_of(const struct survey *survey, const struct instruction *instruction)
{
	enum instruction_form form = instruction_form(instruction);

	if (is_load_of_pointer(instruction) || is_constant(instruction) || form == FORM_POP)
		return ORIGIN_POINTER;
	if (instruction->is_lea && instruction->is_rip_relative)
		return survey_has(survey, instruction->target, MARK_START) ? ORIGIN_POINTER
									   : ORIGIN_UNKNOWN;
	if ((form == FORM_ADD && instruction->source != NO_REGISTER) ||
	    (instruction->is_lea && instruction->index != NO_REGISTER))
		return ORIGIN_SUM;
	return ORIGIN_UNKNOWN;
}

/* Over all of the function, where the straight line to the jump does not tell.
 * Copies are taken to be of what is loaded or computed here as well. */
static enum origin origin_anywhere(const struct survey *survey, const struct function *function,
				   int8_t number)
{
	enum origin result = ORIGIN_POINTER;

	for (uint32_t i = 0; i < function->count; i++) {
		const struct instruction *instruction = &function->instructions[i];
		enum origin origin;

		if (!writes(instruction, number) || instruction->kind != INSTRUCTION_PLAIN)
			continue;
		origin = is_copy(instruction) ? ORIGIN_POINTER : origin_of(survey, instruction);
		/* An index that the compiler computed in the same register. */
		if (origin == ORIGIN_UNKNOWN)
			continue;
		result = origin > result ? origin : result;
	}
	return result;
}

/* Whether straight-line code from instruction @index - 1 leads to @index, only. */
static bool is_straight(const struct survey *survey, const struct function *function,
			uint32_t index)
{
	uint8_t kind = function->instructions[index - 1].kind;

	return (kind == INSTRUCTION_PLAIN || kind == INSTRUCTION_BRANCH_IF) &&
	       !survey_has(survey, function->instructions[index].offset,
			   MARK_BRANCH | MARK_ENTRY | MARK_LABEL);
}

/* Where the value comes from that register @number has at instruction @index. */
static enum origin trace(const struct survey *survey, const struct function *function,
			 uint32_t index, int8_t number)
{
	while (index > 0 && is_straight(survey, function, index)) {
		const struct instruction *instruction = &function->instructions[--index];

		if (!writes(instruction, number))
			continue;
		if (!is_copy(instruction))
			return origin_of(survey, instruction);
		number = instruction->source;
	}
	if (index == 0)
		return ORIGIN_POINTER; /* an argument */
	return origin_anywhere(survey, function, number);
}

/* --- Tables ------------------------------------------------------------------------------ */

static int64_t read_row(const struct survey *survey, uint64_t table, uint32_t row, bool *is_there)
{
	const unsigned char *bytes = image_bytes(
		survey->image, table + (uint64_t)row * TABLE_ROW_BYTES, TABLE_ROW_BYTES);
	uint32_t value = 0;

	*is_there = bytes != NULL;
	for (unsigned i = TABLE_ROW_BYTES; bytes && i-- > 0;)
		value = value << 8 | bytes[i];
	return (int64_t)(table + (uint64_t)(int64_t)(int32_t)value - survey->module.text_address);
}

/* How many rows lead to instructions; *@own is how many to the function's group. */
static uint32_t measure_table(const struct survey *survey, uint32_t index, uint64_t table,
			      uint32_t *own)
{
	uint32_t group = survey_group(survey, index);
	uint32_t rows = 0;

	*own = 0;
	for (; rows < TABLE_ROWS_MOST; rows++) {
		const struct function *to;
		bool is_there;
		int64_t offset = read_row(survey, table, rows, &is_there);

		if (!is_there || !survey_has(survey, offset, MARK_START))
			break;
		to = module_find(&survey->module, offset);
		*own += to && survey_group(survey, survey_index(survey, to)) == group;
	}
	return rows;
}

/* Marks what the rows lead to; false if some of that is in other functions. */
static bool mark_table(struct survey *survey, const struct function *function, uint64_t table,
		       uint32_t rows)
{
	bool stays = true;
	bool is_there;

	for (uint32_t row = 0; row < rows; row++) {
		int64_t offset = read_row(survey, table, row, &is_there);

		survey_mark(survey, offset, MARK_ENTRY | MARK_INDIRECT);
		stays &= offset >= function->start && offset < function->end;
	}
	return stays;
}

/* Reads every table whose address the function takes; how many there are. */
static uint32_t read_tables(struct survey *survey, uint32_t index)
{
	struct function *function = &survey->module.functions[index];
	uint32_t count = 0;

	for (uint32_t i = 0; i < function->count; i++) {
		const struct instruction *instruction = &function->instructions[i];
		uint64_t table = survey->module.text_address + (uint64_t)instruction->target;
		uint32_t rows, own;

		if (!instruction->is_lea || !instruction->is_rip_relative || table % 4 ||
		    survey_has(survey, instruction->target, MARK_START) ||
		    !image_is_read_only(survey->image, table))
			continue;
		rows = measure_table(survey, index, table, &own);
		if (own == 0)
			continue;
		if (!mark_table(survey, function, table, rows))
			function->has_unresolved_jump = true;
		count++;
	}
	return count;
}

/* The function's own label that the word at @place points to; or -1. */
static int64_t find_label(const struct survey *survey, const struct function *function,
			  uint64_t place)
{
	uint32_t low = 0, high = survey->label_pointer_count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (survey->label_pointers[middle].place < place)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == survey->label_pointer_count || survey->label_pointers[low].place != place ||
	    survey->label_pointers[low].offset < function->start ||
	    survey->label_pointers[low].offset >= function->end)
		return -1;
	return survey->label_pointers[low].offset;
}

/* The load, or the jump itself, that takes a pointer out of a table for @jump. */
static const struct instruction *find_table_load(const struct survey *survey,
						 const struct function *function, uint32_t jump)
{
	const struct instruction *instruction = &function->instructions[jump];
	int8_t number = instruction->source;

	if (instruction->memory)
		return instruction->index != NO_REGISTER ? instruction : NULL;
	while (number != NO_REGISTER && jump > 0 && is_straight(survey, function, jump)) {
		instruction = &function->instructions[--jump];
		if (!writes(instruction, number))
			continue;
		return is_load_of_pointer(instruction) && instruction->index != NO_REGISTER
			       ? instruction
			       : NULL;
	}
	return NULL;
}

/*
 * Whether @jump takes its target from a read-only table of the function's own
 * labels: a computed goto, or a switch of code at a fixed address.
 */
static bool is_jump_to_labels(const struct survey *survey, const struct function *function,
			      uint32_t jump)
{
	const struct instruction *load = find_table_load(survey, function, jump);
	uint32_t index;

	if (!load || load->scale != 8)
		return false;
	if (load->base == NO_REGISTER)
		return find_label(survey, function, (uint64_t)(int64_t)load->displacement) >= 0;
	index = (uint32_t)(load - function->instructions);
	while (index-- > 0) {
		const struct instruction *instruction = &function->instructions[index];
		uint64_t table = survey->module.text_address + (uint64_t)instruction->target;

		if (!writes(instruction, load->base))
			continue;
		return instruction->is_lea && instruction->is_rip_relative &&
		       image_is_read_only(survey->image, table) &&
		       find_label(survey, function,
				  table + (uint64_t)(int64_t)load->displacement) >= 0;
	}
	return false;
}

/* --- Jumps --------------------------------------------------------------------------------- */

static enum origin origin_of_jump(const struct survey *survey, const struct function *function,
				  uint32_t index)
{
	const struct instruction *instruction = &function->instructions[index];

	if (instruction->memory)
		return ORIGIN_POINTER;
	return instruction->source == NO_REGISTER
		       ? ORIGIN_UNKNOWN
		       : trace(survey, function, index, instruction->source);
}

static void note_jump(struct survey *survey, struct function *function, uint32_t index,
		      uint32_t table_count)
{
	enum origin origin = origin_of_jump(survey, function, index);

	if (survey->forget_targets || origin == ORIGIN_UNKNOWN ||
	    (origin == ORIGIN_SUM && table_count == 0)) {
		function->has_unknown_targets = function->has_unresolved_jump = true;
		return;
	}
	if (origin == ORIGIN_SUM || is_jump_to_labels(survey, function, index))
		function->has_jump_table = true;
	else
		function->has_unresolved_jump = true; /* it may leave the function */
}

/* A call of a computed place may be of one inside a function. */
static void note_indirect_call(struct survey *survey, struct function *function, uint32_t index)
{
	const struct instruction *instruction = &function->instructions[index];
	int8_t number = instruction->source;

	if (instruction->memory || number == NO_REGISTER)
		return;
	while (index > 0 && is_straight(survey, function, index)) {
		instruction = &function->instructions[--index];
		if (!writes(instruction, number))
			continue;
		if (!is_copy(instruction) && origin_of(survey, instruction) == ORIGIN_SUM)
			function->has_unknown_targets = true;
		return;
	}
}

bool survey_is_thunk(const struct function *function)
{
	for (uint32_t i = 1; i < function->count; i++) {
		const struct instruction *before = &function->instructions[i - 1];

		if (function->instructions[i].kind == INSTRUCTION_RETURN &&
		    (instruction_form(before) == FORM_PUSH ||
		     (before->memory & MEMORY_WRITE && before->base == RSP &&
		      before->index == NO_REGISTER && before->displacement == 0)))
			return true;
	}
	return false;
}

void survey_jumps(struct survey *survey, uint32_t index)
{
	struct function *function = &survey->module.functions[index];
	uint32_t table_count = 0;
	bool has_looked = false;

	function->has_unknown_targets |= survey->parts[index].is_thunk;
	for (uint32_t i = 0; i < function->count; i++) {
		const struct instruction *instruction = &function->instructions[i];

		if (instruction->kind == INSTRUCTION_CALL_INDIRECT)
			note_indirect_call(survey, function, i);
		if (instruction->kind != INSTRUCTION_JUMP_INDIRECT || instruction->is_rip_relative)
			continue;
		if (!has_looked && !survey->forget_targets)
			table_count = read_tables(survey, index);
		has_looked = true;
		note_jump(survey, function, i, table_count);
	}
}
