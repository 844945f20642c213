#include "x86/liveness/loads.h"

#include "x86/liveness/constants.h"
#include "x86/liveness/slots.h"
#include "x86/survey/classify.h"

#define PART_BYTES 8u /* half a vector */
#define VECTOR_BYTES 16u
#define PASSES_MOST 16u
#define INSTRUCTIONS_MOST 20000u
#define ARGUMENTS 8u /* passed in the first vector registers */
#define RESULTS 2u

struct search {
	const struct module *module;
	const struct function *function;
	const struct constants *constants; /* NULL: none are known */
	struct slots slots;
	uint32_t *rows; /* per instruction, and one more: which of 'before' is its own */
	struct lanes *before;
	uint8_t *changed; /* per row: the last pass that changed it */
	uint8_t pass;	  /* from 1 */
	enum lanes_needs needs;
	uint32_t *of_memory; /* per instruction: what is needed of the vector that it loads */
};

static const unsigned char *bytes_of(const struct search *search, uint32_t index)
{
	return search->module->text + search->function->instructions[index].offset;
}

static bool is_vector_load(const struct search *search, uint32_t index)
{
	const struct instruction *instruction = &search->function->instructions[index];

	return instruction->access_bytes >= PART_BYTES && instruction->memory & MEMORY_READ &&
	       !(instruction->memory & (MEMORY_WRITE | MEMORY_STRING)) &&
	       instruction->destination == NO_REGISTER &&
	       lanes_are_loaded(bytes_of(search, index), instruction) &&
	       checks_class(search->module, search->function, index) == ACCESS_SIMPLE;
}

static bool has_load(const struct search *search)
{
	for (uint32_t i = 0; i < search->function->count; i++)
		if (is_vector_load(search, i))
			return true;
	return false;
}

/*
 * Most instructions have nothing to do with vectors: what is needed before them is what is needed
 * behind, and has one row for all of them up to the next one that is not so.
 */
static bool is_quiet(const struct search *search, uint32_t index)
{
	return search->rows[index] == search->rows[index + 1];
}

static struct lanes *before(const struct search *search, uint32_t index)
{
	return &search->before[search->rows[index]];
}

static bool has_nothing_to_do(const struct search *search, uint32_t index)
{
	const struct instruction *instruction = &search->function->instructions[index];
	struct vector_use use;

	return instruction->kind == INSTRUCTION_PLAIN &&
	       !slots_are_concerned(&search->slots, instruction) &&
	       vector_use_of(bytes_of(search, index), instruction, &use) == VECTOR_NONE;
}

/* Rows from the end on.  False: no memory. */
static bool find_rows(struct search *search, struct scratch *scratch)
{
	uint32_t i = search->function->count;

	search->rows = scratch_take(scratch, (i + 1) * sizeof(uint32_t));
	if (!search->rows)
		return false;
	search->rows[i] = 0;
	while (i-- > 0)
		search->rows[i] = search->rows[i + 1] + !has_nothing_to_do(search, i);
	return true;
}

static bool has_any(const struct search *search,
		    bool (*is_one)(const unsigned char *bytes,
				   const struct instruction *instruction))
{
	for (uint32_t i = 0; i < search->function->count; i++)
		if (!is_quiet(search, i) &&
		    is_one(bytes_of(search, i), &search->function->instructions[i]))
			return true;
	return false;
}

/* The registers, and the slots that are used. */
static unsigned place_count(const struct search *search)
{
	return LANES_REGISTERS + search->slots.count;
}

static void copy_needed(const struct search *search, struct lanes *to, const struct lanes *from)
{
	for (unsigned r = 0; r < place_count(search); r++)
		to->needed[r] = from->needed[r];
}

static void need_nothing(const struct search *search, struct lanes *lanes)
{
	for (unsigned r = 0; r < place_count(search); r++)
		lanes->needed[r] = 0;
}

static void need_all(const struct search *search, struct lanes *lanes)
{
	for (unsigned r = 0; r < place_count(search); r++)
		lanes->needed[r] = LANES_ALL;
}

/* What one of two ways needs, or what both do. */
static void need_both(const struct search *search, struct lanes *lanes, const struct lanes *others)
{
	for (unsigned r = 0; r < place_count(search); r++)
		lanes->needed[r] = search->needs == LANES_CERTAIN
					   ? lanes->needed[r] & others->needed[r]
					   : lanes->needed[r] | others->needed[r];
}

static bool is_join(const struct function *function, uint32_t index)
{
	return function->reach[index] & (REACH_ENTRY | REACH_BRANCH | REACH_INDIRECT);
}

/* Needs of the first @count registers those that the straight line before @index fills. */
static void need_passed(const struct search *search, uint32_t index, unsigned count,
			struct lanes *lanes)
{
	const struct function *function = search->function;
	unsigned result;

	for (uint32_t i = index; i > 0 && !is_join(function, i) &&
				 function->instructions[i - 1].kind == INSTRUCTION_PLAIN;
	     i--)
		if (lanes_result(bytes_of(search, i - 1), &function->instructions[i - 1],
				 &result) &&
		    result < count)
			lanes->needed[result] = LANES_ALL;
}

/* A jump to a function is a call at the end; others lead to code that is not looked at. */
static bool is_last_call(const struct search *search, const struct instruction *jump)
{
	const struct function *target;

	if (jump->kind == INSTRUCTION_JUMP_INDIRECT)
		return jump->is_rip_relative;
	target = module_find(search->module, jump->target);
	return (target && target != search->function && target->start == jump->target &&
		(target->is_exported || target->is_called_directly)) ||
	       module_jumps_to_import(search->module, jump->target);
}

static void need_at_target(const struct search *search, uint32_t index, struct lanes *lanes)
{
	const struct instruction *jump = &search->function->instructions[index];
	uint32_t target =
		instruction_is_branch(jump) ? function_target(search->function, jump) : UINT32_MAX;

	if (target != UINT32_MAX)
		need_both(search, lanes, before(search, target));
	else if (is_last_call(search, jump))
		need_passed(search, index, ARGUMENTS, lanes);
	else if (search->needs != LANES_CERTAIN)
		need_all(search, lanes);
}

/* Behind it only the target of its jump is executed. */
static bool only_jumps(const struct instruction *instruction)
{
	return !instruction_falls_through(instruction) && !instruction_is_call(instruction) &&
	       instruction->kind != INSTRUCTION_RETURN;
}

static void need_after(const struct search *search, uint32_t index, struct lanes *lanes)
{
	const struct instruction *instruction = &search->function->instructions[index];

	if (instruction_falls_through(instruction) || instruction_is_call(instruction))
		copy_needed(search, lanes, before(search, index + 1));
	else
		need_nothing(search, lanes);
	if (search->needs == LANES_CERTAIN && only_jumps(instruction))
		need_all(search, lanes);
	lanes->needs = search->needs;
	switch ((enum instruction_kind)instruction->kind) {
	case INSTRUCTION_PLAIN:
	case INSTRUCTION_STOP:
		break;
	case INSTRUCTION_CALL:
	case INSTRUCTION_CALL_INDIRECT:
		need_passed(search, index, ARGUMENTS, lanes);
		break;
	case INSTRUCTION_RETURN:
		lanes->needed[0] = 0xff; /* a number */
		need_passed(search, index, RESULTS, lanes);
		break;
	case INSTRUCTION_BRANCH_IF:
	case INSTRUCTION_LOOP:
	case INSTRUCTION_BRANCH:
	case INSTRUCTION_JUMP_INDIRECT:
		need_at_target(search, index, lanes);
		break;
	case INSTRUCTION_UNKNOWN:
		need_all(search, lanes);
		break;
	}
}

static void note_used(struct instruction *load, uint32_t of_memory)
{
	uint32_t all = vector_bytes_at(0, load->access_bytes);

	load->used_bytes =
		load->access_bytes > 32 || (of_memory & all) == all ? 0 : of_memory & all;
	load->is_unused = load->access_bytes <= 32 && !(of_memory & all);
}

/* True: what is needed before it has changed. */
static bool pass_instruction(const struct search *search, uint32_t index)
{
	struct instruction *instruction = &search->function->instructions[index];
	struct lanes *known = before(search, index);
	struct vector_value memory;
	struct lane_values values;
	struct lanes lanes;
	uint32_t changed = 0;

	need_after(search, index, &lanes);
	slots_before_store(&search->slots, instruction, &lanes);
	if (search->constants)
		values = constants_before(search->constants, index, &memory);
	if (!lanes_before(bytes_of(search, index), instruction, search->constants ? &values : NULL,
			  &lanes, &search->of_memory[index])) {
		need_all(search, &lanes);
		search->of_memory[index] = LANES_ALL;
	}
	slots_before_load(&search->slots, instruction, search->of_memory[index], &lanes);
	for (unsigned r = 0; r < place_count(search); r++) {
		changed |= lanes.needed[r] ^ known->needed[r];
		known->needed[r] = lanes.needed[r];
	}
	if (changed)
		search->changed[search->rows[index]] = search->pass;
	return changed != 0;
}

/* Has it a target whose row has changed since the branch was passed? */
static bool has_new_target(const struct search *search, const struct instruction *instruction)
{
	uint32_t target = instruction_is_branch(instruction)
				  ? function_target(search->function, instruction)
				  : UINT32_MAX;

	return target != UINT32_MAX &&
	       search->changed[search->rows[target]] + 1 >= search->pass;
}

/* Of code passed before, only what comes before a change or branches to one can change. */
static bool pass_all(const struct search *search)
{
	const struct function *function = search->function;
	bool is_next_new = false, has_changed = false;

	for (uint32_t i = function->count; i-- > 0;) {
		if (is_quiet(search, i) ||
		    (search->pass > 1 && !is_next_new &&
		     !has_new_target(search, &function->instructions[i])))
			continue;
		is_next_new = pass_instruction(search, i);
		has_changed |= is_next_new;
	}
	return has_changed;
}

/* Per instruction what is needed of its memory operand; NULL: it could not be found out. */
static uint32_t *find_needed(struct search *search, enum lanes_needs needs, struct scratch *scratch)
{
	uint32_t count = search->function->count, row_count = search->rows[0] + 1;
	bool has_changed = true;

	search->needs = needs;
	search->of_memory = scratch_take(scratch, (count + 1) * sizeof(uint32_t));
	search->before = scratch_take(scratch, row_count * sizeof(struct lanes));
	search->changed = scratch_take_zeroed(scratch, row_count);
	if (!search->of_memory || !search->before || !search->changed)
		return NULL;
	for (uint32_t i = 1; i < row_count && needs != LANES_CERTAIN; i++)
		need_nothing(search, &search->before[i]);
	for (uint32_t i = 0; i < (needs == LANES_CERTAIN ? row_count : 1); i++)
		need_all(search, &search->before[i]);
	for (search->pass = 1; search->pass <= PASSES_MOST && has_changed; search->pass++)
		has_changed = pass_all(search);
	return has_changed ? NULL : search->of_memory;
}

/* Loads of elements that are needed one by one, if at all. */
static void find_doubtful(struct search *search, const uint32_t *used, struct scratch *scratch)
{
	const uint32_t *whole = find_needed(search, LANES_WHOLE, scratch);
	const uint32_t *certain = whole ? find_needed(search, LANES_CERTAIN, scratch) : NULL;

	for (uint32_t i = 0; certain && i < search->function->count; i++) {
		struct instruction *load = &search->function->instructions[i];

		if (load->access_bytes >= VECTOR_BYTES && is_vector_load(search, i))
			load->is_doubtful = (used[i] & ~whole[i] & ~certain[i] &
					     vector_bytes_at(0, load->access_bytes)) != 0;
	}
}

void loads_find_used(const struct module *module, const struct function *function,
		     struct scratch *scratch)
{
	struct search search = {.module = module, .function = function};
	struct scratch_mark mark = scratch_mark(scratch);
	bool asks_constants, picks;
	const uint32_t *used;

	if (function->count > INSTRUCTIONS_MOST || !has_load(&search))
		return;
	slots_find(module, function, &search.slots);
	if (!find_rows(&search, scratch))
		return;
	asks_constants = has_any(&search, lanes_drop_by_constant);
	picks = has_any(&search, lanes_pick);
	if (!asks_constants && !picks && !has_any(&search, lanes_may_drop)) {
		scratch_release(scratch, mark);
		return;
	}
	if (asks_constants)
		search.constants = constants_find(module, function, scratch);
	used = find_needed(&search, LANES_ANY, scratch);
	for (uint32_t i = 0; used && i < function->count; i++)
		if (is_vector_load(&search, i))
			note_used(&function->instructions[i], used[i]);
	if (used && picks)
		find_doubtful(&search, used, scratch);
	scratch_release(scratch, mark);
}
