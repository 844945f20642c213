#include "x86/liveness/liveness.h"

#include <string.h>

#define PASS_LIMIT 24u
#define ALL_LIVE (REGISTERS_ALL | FLAGS_ALL)
/* What is live at @offset of another function. */
static uint32_t live_elsewhere(const struct module *module, int64_t offset)
{
	const struct function *function = module_find(module, offset);

	if (!function || !function->is_usable || function->start != (uint32_t)offset)
		return ALL_LIVE;
	return function->live_at_entry;
}

static bool is_import_jump(const struct instruction *instruction)
{
	return instruction->kind == INSTRUCTION_JUMP_INDIRECT && instruction->is_rip_relative;
}

/* Flags that a call's target may need: assembly calls assembly with a carry.
 * Calls that leave the module (through its stubs, or a pointer) follow the ABI. */
static uint32_t flags_for_call(const struct module *module, int64_t offset)
{
	const struct function *function = module_find(module, offset);
	uint32_t index;

	if (!function || !function->is_usable)
		return FLAGS_ALL;
	if (function->start == (uint32_t)offset)
		return function->live_at_entry & FLAGS_ALL;
	if (module->import_jumps)
		return module->import_jumps[offset / 8] >> offset % 8 & 1 ? 0 : FLAGS_ALL;
	index = function_find(function, (uint32_t)offset);
	for (uint32_t i = index; index != UINT32_MAX && i < function->count && i < index + 3; i++)
		if (is_import_jump(&function->instructions[i]))
			return 0;
	return FLAGS_ALL;
}

static uint32_t live_at_target(const struct module *module, const struct function *function,
			       const struct instruction *branch, const uint32_t *live)
{
	uint32_t index = function_target(function, branch);

	if (index != UINT32_MAX)
		return live[index];
	if (branch->target >= function->start && branch->target < function->end)
		return ALL_LIVE;
	return live_elsewhere(module, branch->target);
}

/* What is live after instruction @i, and at its target. */
static uint32_t live_after(const struct module *module, const struct function *function, uint32_t i,
			   const uint32_t *live, uint32_t live_at_indirect)
{
	const struct instruction *instruction = &function->instructions[i];

	switch ((enum instruction_kind)instruction->kind) {
	case INSTRUCTION_PLAIN:
		return live[i + 1];
	case INSTRUCTION_BRANCH_IF:
	case INSTRUCTION_LOOP:
		return live[i + 1] | live_at_target(module, function, instruction, live);
	case INSTRUCTION_BRANCH:
		return live_at_target(module, function, instruction, live);
	case INSTRUCTION_CALL:
		return REGISTERS_ALL | flags_for_call(module, instruction->target);
	case INSTRUCTION_CALL_INDIRECT:
		return REGISTERS_ALL;
	case INSTRUCTION_JUMP_INDIRECT:
		if (is_import_jump(instruction))
			return REGISTERS_ALL;
		return function->has_jump_table && !function->has_unresolved_jump ? live_at_indirect
										  : ALL_LIVE;
	case INSTRUCTION_RETURN:
		return function->live_at_return;
	case INSTRUCTION_STOP:
	case INSTRUCTION_UNKNOWN:
		break;
	}
	return ALL_LIVE;
}

/* Whether liveness after the instruction depends on other code of the function. */
static bool may_change(const struct function *function, const struct instruction *instruction)
{
	switch ((enum instruction_kind)instruction->kind) {
	case INSTRUCTION_PLAIN:
	case INSTRUCTION_BRANCH_IF:
	case INSTRUCTION_LOOP:
	case INSTRUCTION_BRANCH:
		return true;
	case INSTRUCTION_JUMP_INDIRECT:
		return function->has_jump_table;
	case INSTRUCTION_CALL:
	case INSTRUCTION_CALL_INDIRECT:
	case INSTRUCTION_RETURN:
	case INSTRUCTION_STOP:
	case INSTRUCTION_UNKNOWN:
		break;
	}
	return false;
}

/* Whether liveness at @index depends on code before it, or on code anywhere. */
static bool looks_back(const struct function *function, uint32_t index)
{
	const struct instruction *instruction = &function->instructions[index];
	uint32_t to;

	if (instruction->kind == INSTRUCTION_JUMP_INDIRECT)
		return true;
	if (!instruction_is_branch(instruction))
		return false;
	to = function_target(function, instruction);
	return to != UINT32_MAX && to <= index;
}

/* For most instructions: what live_after() says, without a call. */
static inline bool is_simple(const struct function *function, uint32_t index, const uint32_t *live,
			     uint32_t *out)
{
	const struct instruction *instruction = &function->instructions[index];

	*out = live[index + 1];
	if (LIKELY(instruction->kind == INSTRUCTION_PLAIN))
		return true;
	if (instruction->kind != INSTRUCTION_BRANCH_IF || !instruction->target_index)
		return false;
	*out |= live[instruction->target_index - 1];
	return true;
}

#define LOOPS_MOST 64u

/* The state of a fixed-point search. */
struct search {
	const struct module *module;
	const struct function *function;
	uint32_t *live;
	uint32_t kept; /* live everywhere */
	uint32_t live_at_indirect;
	uint32_t back[LOOPS_MOST]; /* instructions that look back, last first */
	uint32_t back_count;	   /* LOOPS_MOST: there may be more */
};

static uint32_t needed_at(const struct search *search, uint32_t index, uint32_t out)
{
	const struct instruction *instruction = &search->function->instructions[index];

	return (out & ~instruction->kills) | instruction->reads | search->kept;
}

static void make_first_pass(struct search *search)
{
	const struct function *function = search->function;
	uint32_t indirect = 0;

	for (uint32_t i = function->count; i-- > 0;) {
		uint32_t out, in;

		if (!is_simple(function, i, search->live, &out))
			out = live_after(search->module, function, i, search->live, 0);
		in = needed_at(search, i, out);
		if (function->reach[i] & REACH_INDIRECT)
			indirect |= in;
		search->live[i] = in;
		/* An instruction that depends on code before it needs another pass. */
		if (function->instructions[i].kind != INSTRUCTION_PLAIN &&
		    search->back_count < LOOPS_MOST && looks_back(function, i))
			search->back[search->back_count++] = i;
	}
	search->live_at_indirect = indirect;
}

/* The last instruction that looks back and whose liveness has grown, or UINT32_MAX. */
static uint32_t find_change(const struct search *search)
{
	const struct function *function = search->function;

	if (search->back_count == LOOPS_MOST)
		return search->back[0];
	for (uint32_t i = 0; i < search->back_count; i++) {
		uint32_t index = search->back[i];
		uint32_t out = live_after(search->module, function, index, search->live,
					  search->live_at_indirect);

		if (needed_at(search, index, out) != search->live[index])
			return index;
	}
	return UINT32_MAX;
}

/* Another pass backward from instruction @last.  False: nothing changed. */
static bool improve_live(struct search *search, uint32_t last)
{
	const struct function *function = search->function;
	uint32_t indirect = search->live_at_indirect;
	bool has_changed = false, is_next_new = false;

	for (uint32_t i = last + 1; i-- > 0;) {
		uint8_t kind = function->instructions[i].kind;
		uint32_t out, in;

		/* In straight-line code only the next instruction can change the result. */
		if (kind == INSTRUCTION_PLAIN && !is_next_new)
			continue;
		is_next_new = false;
		if (!is_simple(function, i, search->live, &out)) {
			if (!may_change(function, &function->instructions[i]))
				continue;
			out = live_after(search->module, function, i, search->live,
					 search->live_at_indirect);
		}
		in = needed_at(search, i, out);
		if (in == search->live[i])
			continue;
		if (function->reach[i] & REACH_INDIRECT)
			indirect |= in;
		search->live[i] = in;
		has_changed = is_next_new = true;
	}
	has_changed |= indirect != search->live_at_indirect;
	search->live_at_indirect = indirect;
	return has_changed;
}

void liveness_compute(const struct module *module, const struct function *function, uint32_t *live)
{
	struct search search;

	search.module = module;
	search.function = function;
	search.live = live;
	search.kept = function->lsda ? REGISTERS_PRESERVED : REGISTER_BIT(RSP);
	search.back_count = 0;
	/* Backward branches start with nothing live. */
	memset(live, 0, function->count * sizeof(*live));
	live[function->count] = ALL_LIVE;
	make_first_pass(&search);
	for (unsigned pass = 1; pass < PASS_LIMIT; pass++) {
		uint32_t last = find_change(&search);

		if (last == UINT32_MAX || !improve_live(&search, last))
			return;
	}
	for (uint32_t i = 0; i < function->count; i++)
		live[i] = ALL_LIVE;
}
