#include "x86/checks/update_groups.h"

#include <string.h>

#include "x86/flow/accessors.h"
#include "x86/checks/checks.h"
#include "x86/checks/spins.h"
#include "x86/checks/waits.h"

#define SHAPE_BITS 1024u
#define LAST_COUNT 512u
#define BRANCHES_MOST 64u
#define WAITS_MOST 16u /* each walks through the function */
#define LOOK_MOST 48u

/* A function's stores, by the shape of their operands. */
struct shapes {
	uint64_t bits[SHAPE_BITS / 64]; /* by displacement */
	uint32_t last[LAST_COUNT];	/* by place: the last one's index + 1 */
	uint32_t last_open;		/* of open calls */
};

/* Branches to code before them, in order. */
struct back_branches {
	uint32_t from[BRANCHES_MOST];
	uint32_t to[BRANCHES_MOST];
	uint32_t first[BRANCHES_MOST]; /* target of this one or of a later one */
	uint32_t count;
	bool is_complete;
};

/* What an operand looks like, its own or that of the accessor that it calls. */
struct look {
	uint64_t key; /* by its displacement or target */
	uint32_t registers;
};

static struct look look_of_path(const struct accessor_path *path)
{
	bool is_fixed = path->is_rip_relative && path->length == 1;

	return (struct look){is_fixed ? (uint64_t)path->target * 2 + 1
				      : (uint64_t)(int64_t)path->steps[path->length - 1] * 2,
			     is_fixed ? 0 : 16};
}

static struct look look_of(const struct module *module, const struct instruction *instruction)
{
	const struct accessor *accessor = accessor_called(module, instruction);

	if (accessor)
		return look_of_path(&accessor->path);
	return (struct look){
		instruction->is_rip_relative ? (uint64_t)instruction->target * 2 + 1
					     : (uint64_t)(int64_t)instruction->displacement * 2,
		(instruction->index != NO_REGISTER ? 32u + instruction->scale : 0) +
			(!instruction->is_rip_relative && instruction->base != NO_REGISTER ? 16
											   : 0),
	};
}

static uint32_t shape_of(const struct look *look)
{
	return (uint32_t)(look->key * 64 * 0x9e3779b97f4a7c15ull >> 54);
}

/* Equal for operands that name one place. */
static uint32_t number_of(const struct look *look)
{
	return (uint32_t)((look->key * 64 + look->registers) * 0x9e3779b97f4a7c15ull >> 55);
}

/* Does @store put a register into a variable of the frame that nobody looks at?  Unoptimised code
 * keeps so what is not used. */
static bool is_put_aside(const struct function *function, const struct instruction *store)
{
	bool is_slot = store->base == RSP || store->memory & MEMORY_STACK;

	if (!is_slot || store->index != NO_REGISTER || !(store->memory & MEMORY_PLAIN_MOVE) ||
	    !(store->memory & MEMORY_WRITE) || !function->has_frame_pointer)
		return false;
	for (uint32_t i = 0; i < function->count; i++) {
		const struct instruction *other = &function->instructions[i];
		int64_t distance = (int64_t)store->displacement - other->displacement;
		bool is_named = other->is_lea && (other->base == RSP || other->base == RBP);

		if (other->base != store->base && !is_named)
			continue;
		if ((is_named && (other->base != store->base || distance >= 0)) ||
		    other->index != NO_REGISTER ||
		    (!is_named && other->memory & MEMORY_READ &&
		     distance < (int64_t)other->access_bytes &&
		     -distance < (int64_t)store->access_bytes))
			return false;
	}
	return true;
}

/* What becomes of a value in a register. */
enum value_end { VALUE_READ = 1u << 0, VALUE_RETURNED = 1u << 1, VALUE_DROPPED = 1u << 2 };

/* ... at an instruction that is neither plain nor a branch, as far as that tells. */
static enum value_end end_of_value(const struct function *function,
				   const struct instruction *instruction, int number)
{
	if (instruction->kind == INSTRUCTION_RETURN)
		return number != RAX || !(function->live_at_return & REGISTER_BIT(RAX))
			       ? VALUE_DROPPED
			       : VALUE_RETURNED;
	return instruction_is_call(instruction) &&
			       (REGISTERS_LOST & ~REGISTERS_ARGUMENTS) >> number & 1
		       ? VALUE_DROPPED
		       : VALUE_READ;
}

/* All ends, on some way from instruction @index on, of what is in register @number now.  At
 * most *@left instructions are asked. */
static uint32_t ends_of_value(const struct function *function, uint32_t index, int number,
			      uint32_t *left)
{
	uint32_t ends = 0;

	while (index < function->count && *left && !(ends & VALUE_READ)) {
		const struct instruction *instruction = &function->instructions[index];
		uint32_t to = index + 1;

		--*left;
		if (instruction->source == number && is_put_aside(function, instruction))
			ends |= VALUE_DROPPED;
		else if (instruction->reads & REGISTER_BIT(number))
			return VALUE_READ;
		if (instruction->kills & REGISTER_BIT(number))
			return ends | VALUE_DROPPED;
		if (instruction_is_branch(instruction))
			to = function_target(function, instruction);
		else if (instruction->kind != INSTRUCTION_PLAIN)
			return ends | end_of_value(function, instruction, number);
		if (to != index + 1 && instruction_falls_through(instruction))
			ends |= ends_of_value(function, index + 1, number, left);
		index = to;
	}
	return VALUE_READ;
}

/* An exchange is a store, unless the thread looks at what it has got: then nothing was
 * overwritten unseen.  What is left to a caller in the last round of a loop alone is not. */
static bool is_store_by_exchange(const struct module *module, const struct function *function,
				 uint32_t index)
{
	const struct instruction *instruction = &function->instructions[index];
	uint32_t left = LOOK_MOST;
	uint32_t ends;

	if (!(instruction->memory & MEMORY_EXCHANGE) ||
	    checks_class(module, function, index) != ACCESS_LOCKED ||
	    instruction->source == NO_REGISTER)
		return false;
	ends = ends_of_value(function, index + 1, instruction->source, &left);
	return !(ends & VALUE_READ) && (!(ends & VALUE_RETURNED) || ends & VALUE_DROPPED);
}

static uint8_t role_of(const struct module *module, const struct function *function, uint32_t index)
{
	const struct instruction *instruction = &function->instructions[index];
	const struct accessor *accessor = accessor_called(module, instruction);
	unsigned role = 0;

	if (accessor)
		return accessor->is_store ? FLOW_STORE : FLOW_LOAD;
	if (is_store_by_exchange(module, function, index))
		return FLOW_STORE;
	if (checks_class(module, function, index) != ACCESS_SIMPLE ||
	    instruction->memory & MEMORY_STRING)
		return 0;
	if (instruction->memory & MEMORY_READ)
		role |= FLOW_LOAD;
	if (instruction->memory & MEMORY_WRITE)
		role |= FLOW_STORE;
	return (uint8_t)role;
}

/* The places of a vector's parts have looks of their own. */
static void note_store(const struct module *module, const struct instruction *store,
		       uint32_t index, struct shapes *stores)
{
	struct look look = look_of(module, store);
	uint32_t bytes = store->kind == INSTRUCTION_PLAIN ? store->access_bytes : 0;

	for (uint32_t part = 0; part == 0 || (bytes > 8 && part < bytes); part += FLOW_PART) {
		struct look of_part = {look.key + part * 2, look.registers};
		uint32_t shape = shape_of(&of_part);

		stores->bits[shape / 64] |= 1ull << shape % 64;
		stores->last[number_of(&of_part)] = index + 1;
	}
}

static void find_roles(const struct module *module, const struct function *function, uint8_t *roles,
		       struct shapes *stores)
{
	for (uint32_t i = 0; i < function->count; i++) {
		roles[i] = role_of(module, function, i);
		if (roles[i] & FLOW_STORE)
			note_store(module, &function->instructions[i], i, stores);
	}
	if (!open_calls_find(module, function, roles))
		return;
	for (uint32_t i = 0; i < function->count; i++)
		if (roles[i] & FLOW_OPEN)
			stores->last_open = i + 1;
}

/* --- What code comes after what ---------------------------------------------------------- */

static void find_back_branches(const struct function *function, struct back_branches *branches)
{
	branches->count = 0;
	branches->is_complete = true;
	for (uint32_t i = 0; i < function->count && branches->is_complete; i++) {
		const struct instruction *instruction = &function->instructions[i];
		uint32_t to;

		if (LIKELY(instruction->kind == INSTRUCTION_PLAIN))
			continue;
		if (instruction->kind == INSTRUCTION_JUMP_INDIRECT)
			branches->is_complete = false;
		if (!instruction_is_branch(instruction))
			continue;
		to = function_target(function, instruction);
		if (to == UINT32_MAX || to > i)
			continue;
		branches->is_complete &= branches->count < BRANCHES_MOST;
		if (branches->is_complete) {
			branches->from[branches->count] = i;
			branches->to[branches->count] = to;
			branches->first[branches->count++] = to;
		}
	}
	for (uint32_t i = branches->count; i-- > 1;)
		if (branches->first[i] < branches->first[i - 1])
			branches->first[i - 1] = branches->first[i];
}

/* The first code that may run after instruction @index. */
static uint32_t first_after(const struct back_branches *branches, uint32_t index)
{
	uint32_t number = branches->count;

	if (!branches->is_complete)
		return 0;
	for (;;) {
		/* The first branch behind @index; all later ones may run as well. */
		while (number > 0 && branches->from[number - 1] >= index)
			number--;
		if (number == branches->count || branches->first[number] >= index)
			return index;
		index = branches->first[number];
	}
}

/* The smallest loop around instruction @index; the whole function if there is none. */
static struct flow_loop loop_around(const struct back_branches *branches, uint32_t index)
{
	struct flow_loop loop = {0, UINT32_MAX};

	for (uint32_t i = 0; i < branches->count; i++)
		if (branches->to[i] <= index && index <= branches->from[i] &&
		    branches->from[i] - branches->to[i] < loop.last - loop.first)
			loop = (struct flow_loop){branches->to[i], branches->from[i]};
	return loop;
}

struct finding {
	struct shapes stores;
	struct back_branches branches;
	struct flow_loads loads;
};

/* The last store that the load at @index may be for, as its shape tells: its index + 1. */
static uint32_t last_store_for(const struct module *module, const struct function *function,
			       const uint8_t *roles, const struct shapes *stores, uint32_t index)
{
	struct look look = look_of(module, &function->instructions[index]);
	uint32_t shape = shape_of(&look);
	uint32_t last = 0;

	if (roles[index] & FLOW_LOAD && stores->bits[shape / 64] >> shape % 64 & 1)
		last = stores->last[number_of(&look)];
	if (roles[index] & FLOW_OPEN && stores->last_open > last)
		last = stores->last_open;
	return last;
}

/* Gathers the first loads that have the shape of a store which may run after them. */
static void gather_loads(const struct module *module, const struct function *function,
			 const uint8_t *roles, const struct finding *finding,
			 struct flow_loads *loads)
{
	uint32_t seen = 0;

	loads->count = 0;
	for (uint32_t i = 0; i < function->count && seen < FLOW_LOADS_MOST; i++) {
		uint32_t last, first;

		if (!(roles[i] & (FLOW_LOAD | FLOW_OPEN)))
			continue;
		last = last_store_for(module, function, roles, &finding->stores, i);
		if (!last)
			continue;
		seen++;
		first = first_after(&finding->branches, i);
		if (last <= first)
			continue;
		loads->at[loads->count] = i;
		loads->loops[loads->count] = loop_around(&finding->branches, i);
		loads->first_after[loads->count++] = first;
	}
}

/* Without memory: none. */
static struct branch_list list_branches(const struct function *function, struct scratch *scratch)
{
	uint32_t *at = scratch_take(scratch, function->count * sizeof(*at));
	struct branch_list branches = {at, 0};

	for (uint32_t i = 0; at && i < function->count; i++)
		if (instruction_is_branch(&function->instructions[i]))
			at[branches.count++] = i;
	return branches;
}

/* Of calls that one load decides, whose place is stored to. */
static void find_waits(const struct module *module, const struct function *function,
		       struct scratch *scratch, const uint8_t *roles, const struct shapes *stores,
		       const struct update_group_notes *notes)
{
	struct branch_list branches = list_branches(function, scratch);
	uint32_t left = WAITS_MOST;

	for (uint32_t i = 0; i < function->count && left; i++) {
		uint32_t past, load;
		struct look look;

		if (!instruction_is_call(&function->instructions[i]) ||
		    roles[i] & (FLOW_LOAD | FLOW_STORE))
			continue;
		load = waits_load(function, &branches, roles, i, &past);
		if (load == UINT32_MAX)
			continue;
		look = look_of(module, &function->instructions[load]);
		if (!(stores->bits[shape_of(&look) / 64] >> shape_of(&look) % 64 & 1))
			continue;
		waits_mark(function, scratch, roles, load, i, past, notes);
		left--;
	}
}

bool update_groups_find(const struct module *module, const struct function *function,
			struct scratch *scratch, const uint32_t *live,
			const struct update_group_notes *notes)
{
	struct scratch_mark mark = scratch_mark(scratch);
	uint8_t *roles = scratch_take(scratch, function->count);
	struct finding *finding = scratch_take(scratch, sizeof(*finding));
	uint32_t first = *notes->update_group_count;

	if (!roles || !finding)
		return false;
	memset(&finding->stores, 0, sizeof(finding->stores));
	find_roles(module, function, roles, &finding->stores);
	find_back_branches(function, &finding->branches);
	gather_loads(module, function, roles, finding, &finding->loads);
	/* Without memory for them, pairs are merely not known. */
	if (finding->loads.count)
		flow_pair(module, function, scratch, roles, live, &finding->loads, notes);
	accessors_join(module, function, notes->update_groups, first);
	find_waits(module, function, scratch, roles, &finding->stores, notes);
	spins_find(function, roles, notes->flags);
	scratch_release(scratch, mark);
	return true;
}
