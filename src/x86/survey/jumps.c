/*
 * Jumps through registers and memory, and the tables of cases behind them.
 *
 * A pointer loaded as a whole leads to an address that relocations or instructions
 * name, so all its targets are known (targets.c).  A computed one, a table's base plus
 * a 32-bit distance, needs the table, whose address compilers take in the same
 * function.  Each such table is read as far as its rows lead to instructions, which
 * may be too many rows but not too few.
 */
#include "x86/survey/origins.h"

#define TABLE_ROWS_MOST 65536u
#define TABLE_ROW_BYTES 4u

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

/* The number of rows that lead to instructions; *@own: of those, in the same group. */
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

/* Marks the targets of the rows; false if some are in other functions. */
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

/* Reads every table whose address the function takes; returns their number. */
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

static void note_jump(struct survey *survey, struct function *function,
		      struct origin_search *search, uint32_t index, uint32_t table_count)
{
	uint32_t origins = origins_of_jump(search, index);

	if (survey->forget_targets || origins & ORIGIN_UNKNOWN ||
	    (origins & ORIGIN_SUM && table_count == 0)) {
		function->has_unknown_targets = function->has_unresolved_jump = true;
		return;
	}
	if (origins & ORIGIN_POINTER)
		function->has_unresolved_jump = true; /* it may leave the function */
	else
		function->has_jump_table = true;
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

static bool is_register_jump(const struct instruction *instruction)
{
	return instruction->kind == INSTRUCTION_JUMP_INDIRECT && !instruction->is_rip_relative;
}

/* A computed address that is called may be inside the function. */
void survey_calls(struct function *function)
{
	for (uint32_t i = 0; i < function->count; i++) {
		const struct instruction *instruction = &function->instructions[i];

		if (instruction->kind == INSTRUCTION_CALL_INDIRECT && !instruction->memory &&
		    origins_of_call(function, i) & ORIGIN_SUM)
			function->has_unknown_targets = true;
	}
}

void survey_jumps(struct survey *survey, uint32_t index)
{
	struct function *function = &survey->module.functions[index];
	struct origin_search search;
	uint32_t table_count = 0;

	function->has_unknown_targets |= survey->parts[index].is_thunk;
	if (!survey->parts[index].has_register_jump)
		return;
	survey_open(survey, function);
	if (survey->failed)
		return;
	if (!survey->forget_targets)
		table_count = read_tables(survey, index);
	origins_begin(&search, survey, function);
	for (uint32_t i = 0; i < function->count; i++)
		if (is_register_jump(&function->instructions[i]))
			note_jump(survey, function, &search, i, table_count);
	origins_end(&search);
}
