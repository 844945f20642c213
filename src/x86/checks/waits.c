#include "x86/checks/waits.h"

#include "x86/flow/walk.h"
#include "x86/paths/dead_ends.h"
#include "x86/survey/site.h"
#include "x86/survey/survey.h"

#define NONE UINT32_MAX
#define STEPS_MOST 256u
#define ARRIVED (REACH_ENTRY | REACH_BRANCH | REACH_INDIRECT)

/* What is reached from the call that waits without another look, and from where it is passed by. */
enum { BEHIND_WAIT = 1u << 0, PAST_WAIT = 1u << 1 };

static bool is_joined(const struct function *function, uint32_t index)
{
	return function->reach[index] & (REACH_BRANCH | REACH_INDIRECT);
}

/* Does the code before instruction @index, but for padding, run into it? */
static bool is_run_into(const struct function *function, uint32_t index)
{
	const struct instruction *instructions = function->instructions;

	while (index > 1 && !(function->reach[index - 1] & ARRIVED) &&
	       survey_is_filler(&instructions[index - 1], &instructions[index - 2]))
		index--;
	return index && instruction_falls_through(&instructions[index - 1]);
}

/* The only branch to instruction @index, or NONE. */
static uint32_t only_branch_to(const struct function *function, const struct branch_list *branches,
			       uint32_t index)
{
	uint32_t found = NONE;

	if (is_run_into(function, index))
		return NONE;
	for (uint32_t i = 0; i < branches->count; i++) {
		if (function_target(function, &function->instructions[branches->at[i]]) != index)
			continue;
		if (found != NONE)
			return NONE;
		found = branches->at[i];
	}
	return found;
}

/* The conditional branch that alone leads to the straight code before @call. */
static uint32_t find_branch(const struct function *function, const struct branch_list *branches,
			    uint32_t call, uint32_t *past)
{
	const struct instruction *instructions = function->instructions;
	uint32_t first = call;
	uint32_t branch;

	while (first && !(function->reach[first] & ARRIVED) &&
	       instructions[first - 1].kind == INSTRUCTION_PLAIN)
		first--;
	if (function->reach[first] & (REACH_ENTRY | REACH_INDIRECT) || !first)
		return NONE;
	if (function->reach[first] & REACH_BRANCH) {
		branch = only_branch_to(function, branches, first);
		*past = branch + 1;
	} else {
		branch = first - 1;
		*past = function_target(function, &instructions[branch]);
	}
	if (branch == NONE || instructions[branch].kind != INSTRUCTION_BRANCH_IF ||
	    *past >= function->count)
		return NONE;
	return branch;
}

static uint32_t operands_of(const struct instruction *instruction)
{
	uint32_t operands = instruction->reads & (REGISTERS_ALL | FLAGS_ALL);

	return flow_has_memory(instruction) ? operands & ~flow_address_registers(instruction)
					    : operands;
}

/* The load that is all that the flags at @branch derive from, but for constants. */
static uint32_t find_load(const struct function *function, const uint8_t *roles, uint32_t branch)
{
	uint32_t wanted = FLAGS_ALL;

	for (uint32_t i = branch; i-- > 0;) {
		const struct instruction *instruction = &function->instructions[i];

		if (is_joined(function, i + 1) || instruction->kind != INSTRUCTION_PLAIN)
			return NONE;
		if (!(instruction->changes & wanted))
			continue;
		if (instruction->memory & MEMORY_WRITE)
			return NONE;
		wanted = operands_of(instruction);
		if (flow_has_memory(instruction))
			return wanted || roles[i] != FLOW_LOAD || instruction->access_bytes > 8
				       ? NONE : i;
		/* One register, as `test %eax,%eax` and moves have. */
		if (!wanted || wanted & (wanted - 1) || wanted & FLAGS_ALL)
			return NONE;
	}
	return NONE;
}

/* What runs just before instruction @index, if nothing else does; or NONE.  A call that may throw
 * is followed by a jump in unoptimised code. */
static uint32_t only_before(const struct function *function, const struct branch_list *branches,
			    uint32_t index)
{
	uint32_t branch;

	if (!is_joined(function, index))
		return index - 1;
	branch = only_branch_to(function, branches, index);
	return branch != NONE && function->instructions[branch].kind == INSTRUCTION_BRANCH &&
			       !(function->reach[index] & REACH_INDIRECT)
		       ? branch
		       : NONE;
}

/* Does nothing decide between the call before and @load, but assertions? */
static bool is_first_decision(const struct function *function, const struct branch_list *branches,
			      uint32_t load)
{
	uint32_t left = STEPS_MOST;

	for (uint32_t i = load; i > 0 && i != NONE && left; left--) {
		const struct instruction *before;

		i = only_before(function, branches, i);
		if (i == NONE)
			return false;
		before = &function->instructions[i];
		if (instruction_is_call(before))
			return true;
		if (before->kind == INSTRUCTION_BRANCH_IF && !dead_ends_follow(function, before))
			return false;
		if (before->kind != INSTRUCTION_PLAIN && before->kind != INSTRUCTION_BRANCH_IF &&
		    before->kind != INSTRUCTION_BRANCH)
			return false;
	}
	return false;
}

uint32_t waits_load(const struct function *function, const struct branch_list *branches,
		    const uint8_t *roles, uint32_t call, uint32_t *past)
{
	uint32_t branch = find_branch(function, branches, call, past);
	uint32_t load = branch == NONE ? NONE : find_load(function, roles, branch);

	return load != NONE && is_first_decision(function, branches, load) ? load : NONE;
}

/* --- What is reached -------------------------------------------------------------- */

/* Gives @mark to all that is reached from @first without passing @barrier. */
static void mark_reached(const struct function *function, uint32_t *stack, uint8_t *marks,
			 uint32_t first, uint32_t barrier, uint8_t mark)
{
	uint32_t count = 0;

	stack[count++] = first;
	while (count) {
		uint32_t i = stack[--count];

		for (; i < function->count && i != barrier && !(marks[i] & mark); i++) {
			const struct instruction *instruction = &function->instructions[i];
			uint32_t to = instruction_is_branch(instruction)
					      ? function_target(function, instruction)
					      : NONE;

			marks[i] |= mark;
			if (to != NONE && !(marks[to] & mark))
				stack[count++] = to;
			if (!instruction_falls_through(instruction) &&
			    !instruction_is_call(instruction))
				break;
		}
	}
}

static bool is_alike(const struct instruction *load, const struct instruction *store)
{
	return load->access_bytes == store->access_bytes &&
	       load->is_rip_relative == store->is_rip_relative &&
	       (load->is_rip_relative ? load->target == store->target
				      : load->displacement == store->displacement) &&
	       (load->base == NO_REGISTER) == (store->base == NO_REGISTER) &&
	       (load->index == NO_REGISTER) == (store->index == NO_REGISTER);
}

/* A store of what is not a constant: of that no harm is known. */
static bool is_store(const struct instruction *instruction, uint8_t role)
{
	return role & FLOW_STORE && !instruction_is_call(instruction) &&
	       (role & FLOW_LOAD || !(instruction->memory & MEMORY_CONSTANT));
}

/* An update by one instruction rests on no load, so that a group may have it as well. */
static bool is_whole_update(uint8_t role)
{
	return (role & (FLOW_LOAD | FLOW_STORE)) == (FLOW_LOAD | FLOW_STORE);
}

/*
 * The group that load and call share with stores.  A group that is there is neither
 * widened by stores of loaded values nor united with another: what rests on what must stay
 * as it is.
 */
static uint32_t choose_group(const struct update_group_notes *notes, uint32_t load,
			     const uint32_t *stores, uint32_t count)
{
	if (notes->update_groups[load] || !count)
		return notes->update_groups[load];
	for (uint32_t i = 0; i < count; i++)
		if (!notes->update_groups[stores[i]])
			return ++*notes->update_group_count;
	return notes->update_groups[stores[0]];
}

/* The stores behind the wait to what @load loads, in @stores: not if there are none where it did
 * not wait.  Compilers may have made two of one. */
static uint32_t list_stores(const struct function *function, const uint8_t *roles,
			    const uint8_t *marks, uint32_t load, uint32_t *stores)
{
	uint32_t count = 0;
	uint8_t all = 0;

	for (uint32_t i = 0; i < function->count; i++) {
		if (!is_store(&function->instructions[i], roles[i]) ||
		    !is_alike(&function->instructions[load], &function->instructions[i]))
			continue;
		all |= marks[i];
		if (marks[i] & BEHIND_WAIT)
			stores[count++] = i;
	}
	return all & PAST_WAIT ? count : 0;
}

void waits_mark(const struct function *function, struct scratch *scratch, const uint8_t *roles,
		uint32_t load, uint32_t call, uint32_t past,
		const struct update_group_notes *notes)
{
	uint32_t *stack = scratch_take(scratch, (function->count + 1ul) * sizeof(*stack));
	uint8_t *marks = scratch_take_zeroed(scratch, function->count);
	uint32_t group, known, count;

	if (!stack || !marks)
		return;
	known = *notes->update_group_count;
	mark_reached(function, stack, marks, call + 1, load, BEHIND_WAIT);
	mark_reached(function, stack, marks, past, call, PAST_WAIT);
	count = list_stores(function, roles, marks, load, stack);
	group = choose_group(notes, load, stack, count);
	if (!count || !group)
		return;
	for (uint32_t i = 0; i < count; i++)
		if (!notes->update_groups[stack[i]] &&
		    (group > known || is_whole_update(roles[stack[i]])))
			notes->update_groups[stack[i]] = group;
	notes->update_groups[load] = notes->update_groups[call] = group;
	notes->flags[load] |= PLAN_SITE_AWAITS | PLAN_SITE_MAY_BE_SPLIT;
	notes->flags[call] |= PLAN_SITE_AWAITS;
}
