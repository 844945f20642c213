#include "x86/survey/survey.h"

#include "elf/eh_frame.h"
#include "x86/decode/locked.h"

#define SLAB_BYTES ((size_t)1 << 20)
#define BREAKPOINT 0xcc

void *survey_alloc(struct survey *survey, size_t size_bytes)
{
	struct slab *slab = &survey->slab;
	size_t rounded = (size_bytes + 15) & ~(size_t)15;
	void *block;

	if (rounded > slab->left_bytes) {
		size_t least = rounded > SLAB_BYTES ? rounded : SLAB_BYTES;

		slab->next = arena_alloc(survey->arena, least);
		slab->left_bytes = slab->next ? least : 0;
	}
	if (!slab->next) {
		survey->failed = true;
		return NULL;
	}
	block = slab->next;
	slab->next += rounded;
	slab->left_bytes -= rounded;
	return block;
}

void survey_mark(struct survey *survey, int64_t offset, uint8_t marks)
{
	if (offset >= 0 && offset < survey->module.text_bytes)
		survey->marks[offset] |= marks;
}

void survey_spoil(struct survey *survey, int64_t offset, const char *flaw)
{
	struct function *function = module_find(&survey->module, offset);

	if (function && !survey->parts[survey_index(survey, function)].flaw)
		survey->parts[survey_index(survey, function)].flaw = flaw;
}

uint32_t survey_group(const struct survey *survey, uint32_t index)
{
	while (survey->parts[index].group != index)
		index = survey->parts[index].group;
	return index;
}

void survey_join(struct survey *survey, uint32_t a, uint32_t b)
{
	a = survey_group(survey, a);
	b = survey_group(survey, b);
	/* The lower one becomes the root, which keeps chains of neighbours short. */
	survey->parts[a > b ? a : b].group = a > b ? b : a;
}

/* --- Decoding ----------------------------------------------------------------------- */

/* Takes room for @most words; the unused rest, never written to, is given back. */
static uint32_t *take_words(struct survey *survey, uint32_t most)
{
	return survey_alloc(survey, (size_t)most * sizeof(uint32_t));
}

static void give_back_words(struct survey *survey, uint32_t most, uint32_t count)
{
	size_t taken = ((size_t)most * sizeof(uint32_t) + 15) & ~(size_t)15;
	size_t used = ((size_t)count * sizeof(uint32_t) + 15) & ~(size_t)15;

	survey->slab.next -= taken - used;
	survey->slab.left_bytes += taken - used;
}

static struct instruction *instructions_of(struct survey *survey, uint32_t count)
{
	return survey->keeps ? survey_alloc(survey, count * sizeof(struct instruction))
			     : survey->instructions;
}

static void note_start(struct survey *survey, struct part *part,
		       const struct instruction *instruction)
{
	survey->marks[instruction->offset] |= MARK_START;
	part->has_breakpoint |= instruction->kind == INSTRUCTION_STOP && instruction->length == 1;
	part->has_register_jump |=
		instruction->kind == INSTRUCTION_JUMP_INDIRECT && !instruction->is_rip_relative;
	part->has_locked |= instruction->memory & MEMORY_LOCKED ||
			    locked_is_fence(survey->module.text + instruction->offset,
					    instruction->length);
	part->has_store |= instruction->memory & MEMORY_WRITE && instruction->base != NO_REGISTER &&
			   instruction->base != (int8_t)RSP && instruction->base != (int8_t)RBP;
	part->has_call_of_register |=
		instruction->kind == INSTRUCTION_CALL_INDIRECT && !instruction->memory;
}

/* Records a jump through the GOT for its instruction and the two before it. */
static void note_import_jump(struct survey *survey, const struct function *function, uint32_t index)
{
	for (uint32_t i = index; i + 3 > index && i < function->count; i--) {
		uint32_t offset = function->instructions[i].offset;

		survey->module.import_jumps[offset / 8] |= (uint8_t)(1u << offset % 8);
	}
}

static bool goes_on(const struct instruction *instruction)
{
	return instruction->kind != INSTRUCTION_BRANCH &&
	       instruction->kind != INSTRUCTION_JUMP_INDIRECT &&
	       instruction->kind != INSTRUCTION_RETURN && instruction->kind != INSTRUCTION_STOP;
}

static void note_decoded(struct survey *survey, struct function *function, struct part *part)
{
	const struct instruction *last = &function->instructions[function->count - 1];

	function->is_usable = true;
	part->runs_on = goes_on(last);
	for (uint32_t i = 0; i < function->count; i++) {
		note_start(survey, part, &function->instructions[i]);
		if (function->instructions[i].kind == INSTRUCTION_JUMP_INDIRECT &&
		    function->instructions[i].is_rip_relative)
			note_import_jump(survey, function, i);
	}
	part->is_thunk = survey_is_thunk(function);
	part->takes_return = survey_takes_return(function);
	if (part->has_call_of_register)
		survey_calls(function);
	survey_facts_of(function);
}

static void decode_function(struct survey *survey, struct function *function, struct part *part)
{
	const struct module *module = &survey->module;
	uint32_t most = function->end - function->start;
	uint32_t *patterns = take_words(survey, most);
	struct instruction *instructions = survey->instructions;
	uint32_t count = 0, offset = function->start;

	if (!patterns)
		return;
	while (offset < function->end && !part->flaw) {
		if (!pattern_decode(&survey->patterns, module->text + offset,
				    function->end - offset, offset, &instructions[count],
				    &patterns[count]))
			part->flaw = "it has bytes that are no instruction we know";
		offset += instructions[count++].length;
	}
	give_back_words(survey, most, count);
	part->patterns = patterns;
	function->count = count;
	function->instructions = instructions;
	if (!part->flaw)
		note_decoded(survey, function, part);
	function->instructions = NULL;
}

static void decode_functions(struct survey *survey)
{
	for (uint32_t i = 0; i < survey->module.function_count && !survey->failed; i++)
		if (!survey->parts[i].flaw)
			decode_function(survey, &survey->module.functions[i], &survey->parts[i]);
}

/* --- Opening -------------------------------------------------------------------------- */

static inline void make_instruction(const struct survey *survey, const struct function *function,
				    uint32_t pattern, uint32_t offset,
				    struct instruction *instruction)
{
	const unsigned char *bytes = survey->module.text + offset;

	if (LIKELY(pattern != PATTERN_NONE))
		pattern_instance(&survey->patterns, pattern, bytes, offset, instruction);
	else
		instruction_decode(survey->decoder, bytes, function->end - offset, offset,
				   instruction);
}

/* Makes all instructions, fills index_at and branches, and returns the number of
 * branches. */
static uint32_t make_instructions(const struct survey *survey, const struct function *function)
{
	const uint32_t *patterns = survey->parts[survey_index(survey, function)].patterns;
	struct instruction *instruction = function->instructions;
	uint32_t *index_at = survey->index_at, *branches = survey->branches;
	uint32_t offset = function->start, branch_count = 0;
	uint32_t stack = facts_stack_registers(function);

	for (uint32_t i = 0; i < function->count; i++, instruction++) {
		make_instruction(survey, function, patterns[i], offset, instruction);
		if (instruction->memory && facts_is_on_stack(instruction, stack))
			instruction->memory |= MEMORY_STACK;
		index_at[offset - function->start] = i;
		branches[branch_count] = i;
		branch_count += instruction_is_branch(instruction);
		offset += instruction->length;
	}
	return branch_count;
}

/* Looks up the targets of branches, for function_target(). */
static void link_branches(const struct survey *survey, const struct function *function,
			  uint32_t branch_count)
{
	for (uint32_t i = 0; i < branch_count; i++) {
		struct instruction *branch = &function->instructions[survey->branches[i]];
		uint32_t index;

		if (branch->target < function->start || branch->target >= function->end)
			continue;
		/* Entries where no instruction begins belong to the function before. */
		index = survey->index_at[branch->target - function->start];
		if (index < function->count &&
		    function->instructions[index].offset == branch->target)
			branch->target_index = index + 1;
	}
}

static void read_reach(const struct survey *survey, const struct function *function)
{
	_Static_assert(MARK_ENTRY == REACH_ENTRY << 1 && MARK_BRANCH == REACH_BRANCH << 1 &&
			       MARK_INDIRECT == REACH_INDIRECT << 1 &&
			       MARK_LABEL == REACH_LABEL >> 1,
		       "reach is made of marks");

	const struct instruction *instruction = function->instructions;
	const uint8_t *marks = survey->marks;
	uint8_t *reach = function->reach;

	for (uint32_t i = function->count; i > 0; i--, instruction++) {
		unsigned mark = marks[instruction->offset];

		*reach++ = (uint8_t)((mark >> 1 & (REACH_ENTRY | REACH_BRANCH | REACH_INDIRECT)) |
				     (mark & MARK_LABEL) << 1 |
				     (instruction_is_call(instruction) ? REACH_ANCHOR : 0u));
	}
}

static void close_function(struct survey *survey)
{
	if (survey->open && !survey->keeps) {
		survey->open->instructions = NULL;
		survey->open->reach = NULL;
	}
	survey->open = NULL;
}

void survey_open(struct survey *survey, struct function *function)
{
	uint32_t branch_count;

	if (survey->open != function)
		close_function(survey);
	survey->open = function;
	if (!function->instructions) {
		function->instructions = instructions_of(survey, function->count);
		if (!function->instructions)
			return;
		branch_count = make_instructions(survey, function);
		link_branches(survey, function, branch_count);
	}
	if (function->reach || !survey->is_reach_known)
		return;
	function->reach =
		survey->keeps ? survey_alloc(survey, function->count + 1) : survey->reach;
	if (function->reach)
		read_reach(survey, function);
}

void survey_each(struct survey *survey, const struct function *function, unsigned traits,
		 survey_function call)
{
	const uint32_t *patterns = survey->parts[survey_index(survey, function)].patterns;
	const struct pattern *rows = survey->patterns.rows;
	struct instruction instruction;
	uint32_t offset = function->start;

	traits |= PATTERN_BRANCH | PATTERN_CALL;
	for (uint32_t i = 0; i < function->count; i++) {
		const struct pattern *row = &rows[patterns[i]];

		if (patterns[i] != PATTERN_NONE && !(row->traits & traits)) {
			offset += row->instruction.length;
			continue;
		}
		make_instruction(survey, function, patterns[i], offset, &instruction);
		call(survey, function, &instruction);
		offset += instruction.length;
	}
}

static void open_for_module(void *opener, struct function *function)
{
	survey_open(opener, function);
}

static bool is_read_only(const void *context, uint64_t address)
{
	return image_is_read_only(context, address);
}

static const unsigned char *read_only_bytes(const void *context, uint64_t address, uint32_t count)
{
	const struct image_segment *segment = image_segment_of(context, address);

	return segment && !segment->is_writable ? image_bytes(context, address, count) : NULL;
}

static bool take_room(struct survey *survey, uint32_t function_count)
{
	struct arena *arena = survey->arena;
	struct module *module = &survey->module;
	size_t block_count = module->text_bytes / MODULE_BLOCK_BYTES + 1;

	module->functions = arena_alloc(arena, (function_count + 1) * sizeof(struct function));
	module->first_in_block = arena_alloc(arena, block_count * sizeof(uint32_t));
	module->import_jumps = arena_alloc(arena, module->text_bytes / 8 + 1);
	survey->parts = arena_alloc(arena, (function_count + 1) * sizeof(struct part));
	survey->marks = arena_alloc(arena, (size_t)module->text_bytes + 1);
	return module->functions && module->first_in_block && module->import_jumps &&
	       survey->parts && survey->marks;
}

/* A function has at most as many instructions as bytes; unused room takes no memory. */
static bool take_room_to_open(struct survey *survey)
{
	uint32_t most = 1;

	for (uint32_t i = 0; i < survey->module.function_count; i++) {
		const struct function *function = &survey->module.functions[i];

		if (function->end - function->start > most)
			most = function->end - function->start;
	}
	survey->instructions = arena_alloc(survey->arena, most * sizeof(struct instruction));
	survey->reach = arena_alloc(survey->arena, most + 1);
	survey->index_at = arena_alloc(survey->arena, most * sizeof(uint32_t));
	survey->branches = arena_alloc(survey->arena, most * sizeof(uint32_t));
	return survey->instructions && survey->reach && survey->index_at && survey->branches;
}

static bool init_survey(struct survey *survey, const struct image *image, const char **why)
{
	uint32_t most = eh_frame_count(image);

	survey->image = image;
	survey->module = (struct module){.text = image->text,
					 .text_address = image->text_address,
					 .text_bytes = image->text_bytes,
					 .is_fixed = image->is_fixed,
					 .is_read_only = is_read_only,
					 .read_only_bytes = read_only_bytes,
					 .context = image,
					 .open = open_for_module,
					 .opener = survey};
	*why = "no memory for planning";
	if (!take_room(survey, most) || !survey_collect(survey, most, why))
		return false;
	module_index(&survey->module);
	*why = "no memory for planning";
	if (!take_room_to_open(survey) ||
	    !patterns_begin(&survey->patterns, survey->decoder, survey->arena))
		return false;
	decode_functions(survey);
	for (uint32_t i = 0; survey->keeps && i < survey->module.function_count; i++)
		survey_open(survey, &survey->module.functions[i]);
	*why = survey->failed ? "no memory for planning" : NULL;
	return !survey->failed;
}

bool survey_begin(struct survey *survey, const struct decoder *decoder, const struct image *image,
		  struct arena *arena, const char **why)
{
	*survey = (struct survey){.decoder = decoder, .arena = arena};
	return init_survey(survey, image, why);
}

bool survey_begin_open(struct survey *survey, const struct decoder *decoder,
		       const struct image *image, struct arena *arena, const char **why)
{
	*survey = (struct survey){.decoder = decoder, .arena = arena, .keeps = true};
	return init_survey(survey, image, why);
}

/* Whether an int3 can be reached: a debugger's, which hides a byte and must stop the
 * original.  Other int3 are padding. */
static bool has_breakpoint(const struct survey *survey, const struct function *function)
{
	for (uint32_t i = 0; i < function->count; i++) {
		const struct instruction *instruction = &function->instructions[i];

		if (survey->module.text[instruction->offset] == BREAKPOINT &&
		    (i == 0 || goes_on(instruction - 1) ||
		     survey->marks[instruction->offset] &
			     (MARK_BRANCH | MARK_INDIRECT | MARK_ENTRY)))
			return true;
	}
	return false;
}

void survey_reach(struct survey *survey)
{
	survey->is_reach_known = true;
	close_function(survey);
	for (uint32_t i = 0; i < survey->module.function_count; i++) {
		struct function *function = &survey->module.functions[i];
		bool may_break = survey->parts[i].has_breakpoint;

		if (may_break || survey->keeps)
			survey_open(survey, function);
		function->why_not = survey->parts[i].flaw;
		if (!function->why_not && may_break && has_breakpoint(survey, function))
			function->why_not = "a debugger's breakpoint lies in it";
		function->is_usable = function->is_usable && !function->why_not;
	}
}
