/*
 * Jumps through registers and memory, and the tables of cases behind them.
 *
 * A pointer loaded as a whole leads to an address that relocations or instructions
 * name, so all its targets are known (targets.c).  A computed one, a base plus a 32-bit
 * distance, needs the table of distances, whose address compilers take in the same
 * function.  The base is the table itself, or in interpreters a label (&&a - &&base).
 * Each such table is read as far as its rows lead to instructions, which may be too many
 * rows but not too few.
 */
#include "x86/survey/origins.h"

#define TABLE_ROWS_MOST 65536u
#define TABLE_ROW_BYTES 4u

/* Distances from @base; addresses. */
struct table {
	uint64_t rows, base;
};

static int64_t read_row(const struct survey *survey, struct table table, uint32_t row,
			bool *is_there)
{
	const unsigned char *bytes = image_bytes(
		survey->image, table.rows + (uint64_t)row * TABLE_ROW_BYTES, TABLE_ROW_BYTES);
	uint32_t value = 0;

	*is_there = bytes != NULL;
	for (unsigned i = TABLE_ROW_BYTES; bytes && i-- > 0;)
		value = value << 8 | bytes[i];
	return (int64_t)(table.base + (uint64_t)(int64_t)(int32_t)value -
			 survey->module.text_address);
}

/* Is the instruction at @offset in the function or its group? */
static bool is_own(const struct survey *survey, uint32_t index, int64_t offset)
{
	const struct function *function = module_find(&survey->module, offset);

	return function && survey_group(survey, survey_index(survey, function)) ==
				   survey_group(survey, index);
}

/* The number of rows that lead to instructions; *@own: of those, in the same group. */
static uint32_t measure_table(const struct survey *survey, uint32_t index, struct table table,
			      uint32_t *own)
{
	uint32_t rows = 0;

	*own = 0;
	for (; rows < TABLE_ROWS_MOST; rows++) {
		bool is_there;
		int64_t offset = read_row(survey, table, rows, &is_there);

		if (!is_there || !survey_has(survey, offset, MARK_START))
			break;
		*own += is_own(survey, index, offset);
	}
	return rows;
}

/* Marks the targets of the rows; false if some are in other functions. */
static bool mark_table(struct survey *survey, const struct function *function, struct table table,
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

/* How many tables of each sort were read in a function. */
struct table_counts {
	uint32_t from_table, from_label;
};

/* False if it is no such table. */
static bool read_table(struct survey *survey, uint32_t index, struct table table)
{
	struct function *function = &survey->module.functions[index];
	uint32_t own;
	uint32_t rows = measure_table(survey, index, table, &own);

	if (own == 0)
		return false;
	if (!mark_table(survey, function, table, rows))
		function->has_unresolved_jump = true;
	return true;
}

/* Reads @rows as distances from each own label whose address the function takes. */
static uint32_t read_from_labels(struct survey *survey, uint32_t index, uint64_t rows)
{
	const struct function *function = &survey->module.functions[index];
	int64_t last = NO_TARGET;
	uint32_t count = 0;

	for (uint32_t i = 0; i < function->count; i++) {
		const struct instruction *instruction = &function->instructions[i];
		struct table table = {
			rows, survey->module.text_address + (uint64_t)instruction->target};

		if (!origins_takes_label(survey, instruction) || instruction->target == last ||
		    !is_own(survey, index, instruction->target))
			continue;
		last = instruction->target;
		count += read_table(survey, index, table);
	}
	return count;
}

/* Reads every table whose address the function takes. */
static struct table_counts read_tables(struct survey *survey, uint32_t index)
{
	const struct function *function = &survey->module.functions[index];
	struct table_counts counts = {0, 0};
	uint64_t last = 0;

	for (uint32_t i = 0; i < function->count; i++) {
		const struct instruction *instruction = &function->instructions[i];
		uint64_t rows = survey->module.text_address + (uint64_t)instruction->target;

		if (!instruction->is_lea || !instruction->is_rip_relative || rows % 4 ||
		    survey_has(survey, instruction->target, MARK_START) || rows == last ||
		    !image_is_read_only(survey->image, rows))
			continue;
		last = rows;
		if (read_table(survey, index, (struct table){rows, rows}))
			counts.from_table++;
		else
			counts.from_label += read_from_labels(survey, index, rows);
	}
	return counts;
}

static void note_jump(struct survey *survey, struct function *function,
		      struct origin_search *search, uint32_t index, struct table_counts tables)
{
	uint32_t origins = origins_of_jump(search, index);

	if (survey->forget_targets || origins & ORIGIN_UNKNOWN ||
	    (origins & ORIGIN_SUM && tables.from_table + tables.from_label == 0) ||
	    (origins & ORIGIN_LABEL_SUM && tables.from_label == 0)) {
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
	struct table_counts tables = {0, 0};

	function->has_unknown_targets |= survey->parts[index].is_thunk;
	if (!survey->parts[index].has_register_jump)
		return;
	survey_open(survey, function);
	if (survey->failed)
		return;
	if (!survey->forget_targets)
		tables = read_tables(survey, index);
	origins_begin(&search, survey, function);
	for (uint32_t i = 0; i < function->count; i++)
		if (is_register_jump(&function->instructions[i]))
			note_jump(survey, function, &search, i, tables);
	origins_end(&search);
}
