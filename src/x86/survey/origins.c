#include "x86/survey/origins.h"

#include <string.h>

/* The origins that a write gives a register; @load: the use of the register. */
typedef uint32_t (*classify_function)(struct origin_search *search, uint32_t index,
				      const struct instruction *load);

static bool writes_register(const struct instruction *instruction, unsigned number)
{
	return (instruction->changes & REGISTER_BIT(number)) != 0;
}

static bool is_load_of_pointer(const struct instruction *instruction)
{
	return instruction_form(instruction) == FORM_MOVE && instruction->memory & MEMORY_READ &&
	       instruction->access_bytes == 8;
}

static bool is_move_without_memory(const struct instruction *instruction)
{
	return instruction_form(instruction) == FORM_MOVE && !instruction->memory;
}

static bool is_copy(const struct instruction *instruction)
{
	return is_move_without_memory(instruction) && instruction->source != NO_REGISTER;
}

void origins_begin(struct origin_search *search, struct survey *survey,
		   const struct function *function)
{
	*search = (struct origin_search){.survey = survey, .function = function};
}

static size_t array_bytes(const struct origin_search *search)
{
	return (size_t)search->function->count * (5 * sizeof(uint32_t) + 2 * sizeof(uint16_t) + 1) +
	       64;
}

void origins_end(struct origin_search *search)
{
	if (search->has_arrays)
		arena_free(search->survey->arena, search->first_from, array_bytes(search));
}

/* Files instruction @index under where it leads. */
static void add_edge(struct origin_search *search, uint32_t index)
{
	const struct instruction *instruction = &search->function->instructions[index];
	uint32_t target;

	if (instruction->kind == INSTRUCTION_JUMP_INDIRECT)
		search->jumps[search->jump_count++] = index;
	search->takes_labels |= origins_takes_label(search->survey, instruction);
	if (!instruction_is_branch(instruction))
		return;
	target = function_target(search->function, instruction);
	if (target == UINT32_MAX)
		return;
	search->next_from[index] = search->first_from[target];
	search->first_from[target] = index + 1;
}

static bool make_arrays(struct origin_search *search)
{
	uint32_t count = search->function->count;

	if (search->has_arrays)
		return true;
	search->first_from = arena_alloc(search->survey->arena, array_bytes(search));
	if (!search->first_from)
		return false;
	search->has_arrays = true;
	search->next_from = search->first_from + count;
	search->todo[0] = search->next_from + count;
	search->todo[1] = search->todo[0] + count;
	search->jumps = search->todo[1] + count;
	search->seen[0] = (uint16_t *)(search->jumps + count);
	search->seen[1] = search->seen[0] + count;
	search->loads = (uint8_t *)(search->seen[1] + count);
	for (uint32_t i = 0; i < count; i++)
		add_edge(search, i);
	return true;
}

/* A search; the second level is for a table's base. */
struct walk {
	struct origin_search *search;
	unsigned level;
	uint32_t todo_count;
	uint32_t origins;
	uint16_t jumps_seen; /* registers that all jumps were looked at for */
	classify_function classify;
	const struct instruction *load;
};

/* Adds what runs before instruction @index to the search for register @number. */
static void look_before(struct walk *walk, uint32_t index, unsigned number)
{
	uint16_t *seen = &walk->search->seen[walk->level][index];

	if (*seen >> number & 1)
		return;
	*seen |= (uint16_t)(1u << number);
	if (walk->todo_count == walk->search->function->count) {
		walk->origins |= ORIGIN_UNKNOWN;
		return;
	}
	walk->search->todo[walk->level][walk->todo_count++] = index << 4 | number;
}

/* The value that instruction @index stores in @number. */
static void look_at(struct walk *walk, uint32_t index, unsigned number)
{
	const struct instruction *instruction = &walk->search->function->instructions[index];

	if (instruction_is_call(instruction)) {
		if (number == RAX)
			walk->origins |= ORIGIN_POINTER; /* what it returns */
		else
			look_before(walk, index, number);
		return;
	}
	if (!writes_register(instruction, number))
		look_before(walk, index, number);
	else if (is_copy(instruction))
		look_before(walk, index, (unsigned)instruction->source);
	else
		walk->origins |= walk->classify(walk->search, index, walk->load);
}

/* The predecessors of a target of indirect jumps are all of these jumps. */
static void look_at_jumps(struct walk *walk, unsigned number)
{
	const struct origin_search *search = walk->search;

	if (walk->jumps_seen >> number & 1)
		return;
	walk->jumps_seen |= (uint16_t)(1u << number);
	for (uint32_t i = 0; i < search->jump_count; i++)
		look_at(walk, search->jumps[i], number);
}

static bool goes_on(const struct instruction *instruction)
{
	return instruction_falls_through(instruction) || instruction_is_call(instruction);
}

static void look_back(struct walk *walk, uint32_t index, unsigned number)
{
	const struct origin_search *search = walk->search;
	const struct function *function = search->function;
	uint32_t offset = function->instructions[index].offset;

	if (index == 0)
		walk->origins |= ORIGIN_POINTER; /* an argument */
	else if (goes_on(&function->instructions[index - 1]))
		look_at(walk, index - 1, number);
	for (uint32_t from = search->first_from[index]; from; from = search->next_from[from - 1])
		look_at(walk, from - 1, number);
	if (survey_has(search->survey, offset, MARK_LABEL | MARK_INDIRECT))
		look_at_jumps(walk, number);
}

static uint32_t find_origins(struct walk *walk, uint32_t index, unsigned number)
{
	struct origin_search *search = walk->search;

	if (!make_arrays(search))
		return ORIGIN_UNKNOWN;
	memset(search->seen[walk->level], 0, search->function->count * sizeof(uint16_t));
	look_before(walk, index, number);
	while (walk->todo_count > 0 && !(walk->origins & ORIGIN_UNKNOWN)) {
		uint32_t row = search->todo[walk->level][--walk->todo_count];

		look_back(walk, row >> 4, row & 15);
	}
	return walk->origins;
}

/* Whether the word at @place points to a label of the function itself. */
static bool has_label_at(const struct survey *survey, const struct function *function,
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
	return low < survey->label_pointer_count && survey->label_pointers[low].place == place &&
	       survey->label_pointers[low].offset >= function->start &&
	       survey->label_pointers[low].offset < function->end &&
	       image_is_read_only(survey->image, place);
}

/* A write of the base register of @load. */
static uint32_t classify_base(struct origin_search *search, uint32_t index,
			      const struct instruction *load)
{
	const struct instruction *instruction = &search->function->instructions[index];
	uint64_t table = search->survey->module.text_address + (uint64_t)instruction->target;

	if (!instruction->is_lea || !instruction->is_rip_relative) {
		table = (uint64_t)instruction->immediate;
		if (!is_move_without_memory(instruction))
			return ORIGIN_POINTER;
	}
	table += (uint64_t)(int64_t)load->displacement;
	return has_label_at(search->survey, search->function, table) ? ORIGIN_LABELS
								     : ORIGIN_POINTER;
}

static uint32_t find_load(struct origin_search *search, uint32_t index)
{
	const struct instruction *load = &search->function->instructions[index];
	struct walk walk = {.search = search, .level = 1, .classify = classify_base, .load = load};

	if (load->index == NO_REGISTER || load->scale != 8 || load->is_rip_relative)
		return ORIGIN_POINTER;
	if (load->base == NO_REGISTER)
		return has_label_at(search->survey, search->function,
				    (uint64_t)(int64_t)load->displacement)
			       ? ORIGIN_LABELS
			       : ORIGIN_POINTER;
	return find_origins(&walk, index, (unsigned)load->base) == ORIGIN_LABELS ? ORIGIN_LABELS
										 : ORIGIN_POINTER;
}

/* Where the pointer comes from that is loaded (or jumped through) at @index. */
static uint32_t classify_load(struct origin_search *search, uint32_t index)
{
	if (!search->loads[index])
		search->loads[index] = (uint8_t)find_load(search, index);
	return search->loads[index];
}

/* A write of a register that is added to another. */
static uint32_t classify_addend(struct origin_search *search, uint32_t index,
				const struct instruction *load)
{
	(void)load;
	return origins_takes_label(search->survey, &search->function->instructions[index])
		       ? ORIGIN_LABEL_SUM
		       : ORIGIN_SUM;
}

/* What may be in register @number before the sum at @index. */
static uint32_t find_addend(struct origin_search *search, uint32_t index, int8_t number)
{
	struct walk walk = {.search = search, .level = 1, .classify = classify_addend};

	if (number == NO_REGISTER)
		return 0;
	return find_origins(&walk, index, (unsigned)number) & (ORIGIN_LABEL_SUM | ORIGIN_UNKNOWN);
}

static uint32_t find_sum(struct origin_search *search, uint32_t index)
{
	const struct instruction *sum = &search->function->instructions[index];

	if (!search->takes_labels)
		return ORIGIN_SUM;
	if (sum->is_lea)
		return ORIGIN_SUM | find_addend(search, index, sum->base) |
		       find_addend(search, index, sum->index);
	return ORIGIN_SUM | find_addend(search, index, sum->destination) |
	       find_addend(search, index, sum->source);
}

/* A write of the register that a jump goes through. */
static uint32_t classify_target(struct origin_search *search, uint32_t index,
				const struct instruction *load)
{
	const struct instruction *instruction = &search->function->instructions[index];
	enum instruction_form form = instruction_form(instruction);

	(void)load;
	if (is_load_of_pointer(instruction))
		return classify_load(search, index);
	if (is_move_without_memory(instruction) || form == FORM_POP)
		return ORIGIN_POINTER;
	if (instruction->is_lea && instruction->is_rip_relative)
		return origins_takes_label(search->survey, instruction) ? ORIGIN_POINTER
									: ORIGIN_UNKNOWN;
	if ((form == FORM_ADD && instruction->source != NO_REGISTER) ||
	    (instruction->is_lea && instruction->index != NO_REGISTER))
		return find_sum(search, index);
	return ORIGIN_UNKNOWN;
}

uint32_t origins_of_jump(struct origin_search *search, uint32_t index)
{
	const struct instruction *instruction = &search->function->instructions[index];
	struct walk walk = {.search = search, .classify = classify_target};

	if (instruction->memory)
		return make_arrays(search) ? classify_load(search, index) : ORIGIN_UNKNOWN;
	if (instruction->source == NO_REGISTER)
		return ORIGIN_UNKNOWN;
	return find_origins(&walk, index, (unsigned)instruction->source);
}

uint32_t origins_of_call(const struct function *function, uint32_t index)
{
	int8_t number = function->instructions[index].source;

	while (number != NO_REGISTER && index-- > 0 &&
	       function->instructions[index].kind == INSTRUCTION_PLAIN) {
		const struct instruction *instruction = &function->instructions[index];
		enum instruction_form form = instruction_form(instruction);

		if (!writes_register(instruction, (unsigned)number))
			continue;
		if (is_copy(instruction))
			number = instruction->source;
		else if ((form == FORM_ADD && instruction->source != NO_REGISTER) ||
			 (instruction->is_lea && !instruction->is_rip_relative))
			return ORIGIN_SUM;
		else
			return ORIGIN_POINTER;
	}
	return ORIGIN_POINTER;
}

bool origins_store_address(const struct function *function, uint32_t index)
{
	const struct instruction *store = &function->instructions[index];
	int8_t number = store->source;

	if (store->access_bytes != 8)
		return false;
	if (number == NO_REGISTER)
		return store->memory & MEMORY_CONSTANT && store->immediate != 0;
	while (index-- > 0) {
		const struct instruction *instruction = &function->instructions[index];
		enum instruction_form form = instruction_form(instruction);
		bool is_call = instruction_is_call(instruction);

		if (is_call ? !(REGISTERS_PRESERVED & REGISTER_BIT((unsigned)number))
			    : !instruction_falls_through(instruction))
			return false;
		if (is_call || !writes_register(instruction, (unsigned)number))
			continue;
		if (is_copy(instruction))
			number = instruction->source;
		else if (form != FORM_ADD || instruction->source != NO_REGISTER ||
			 instruction->memory)
			return instruction->is_rip_relative &&
			       (instruction->is_lea || is_load_of_pointer(instruction));
	}
	return false;
}
