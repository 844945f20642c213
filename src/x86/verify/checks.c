#include "x86/decode/masked.h"
#include "x86/verify/parts.h"

#define LOCK_END_STEPS 16u

bool verify_wrong(struct verifying *verifying, uint32_t at, const char *what)
{
	struct verification *result = verifying->result;

	if (result->what)
		return false;
	result->what = what;
	result->clone_offset = at;
	result->text_offset = verifying->function->instructions[verifying->index].offset;
	return false;
}

const struct instruction *verify_current(const struct verifying *verifying)
{
	return &verifying->function->instructions[verifying->index];
}

bool verify_decode(struct verifying *verifying, uint32_t at, struct instruction *instruction)
{
	const struct plan *plan = verifying->plan;

	if (at >= plan->clone_bytes || !instruction_decode(verifying->decoder, plan->clone + at,
							   plan->clone_bytes - at, at, instruction))
		return verify_wrong(verifying, at, "no instruction");
	return true;
}

/* --- Check code ---------------------------------------------------------------------- */

static bool is_original(const struct symbolic_value *value, unsigned number)
{
	return value->kind == SYMBOLIC_ORIGINAL && value->number == (int8_t)number;
}

static bool is_saved(const struct symbolic *machine, const struct plan_state *state,
		     unsigned number)
{
	for (unsigned i = 0; i < ARRAY_LENGTH(state->saved_register); i++) {
		if (state->saved_register[i] != (int8_t)number)
			continue;
		for (unsigned k = 0; k < SYMBOLIC_SLOTS; k++)
			if (machine->slots[k].is_used &&
			    machine->slots[k].at == STATE_WORD * state->saved_at[i] &&
			    is_original(&machine->slots[k].value, number))
				return true;
	}
	return false;
}

static bool has_flags(const struct symbolic *machine, const struct plan_state *state)
{
	uint8_t kind = machine->registers[RAX].kind;

	if (!state->flags_in_rax)
		return machine->has_flags;
	return kind == SYMBOLIC_FLAGS || kind == SYMBOLIC_FLAGS_BACK;
}

/* Whether the state row agrees with @machine. */
static bool check_state(struct verifying *verifying, uint32_t at, const struct symbolic *machine,
			uint32_t original, uint32_t live)
{
	struct plan_state row;
	const struct plan_state *state = &row;

	if (!plan_state_at(&verifying->plan->states, at, &row) ||
	    plan_state_original(state, at) != original)
		return verify_wrong(verifying, at, "the state is another instruction's");
	if (STATE_WORD * state->rsp_lowered_by != machine->lowered_by)
		return verify_wrong(verifying, at, "the state has another stack pointer");
	for (unsigned r = 0; r < 16; r++)
		if (live & REGISTER_BIT(r) && r != RSP &&
		    !(is_saved(machine, state, r) || is_original(&machine->registers[r], r)))
			return verify_wrong(verifying, at, "the state loses a register");
	if (live & FLAGS_ALL && !has_flags(machine, state))
		return verify_wrong(verifying, at, "the state loses the flags");
	return true;
}

/* Is @value the address of a piece of @size_bytes of what @instruction uses? */
static bool is_address_of_piece(const struct symbolic_value *value, struct symbolic_value *address,
				const struct instruction *instruction, uint32_t size_bytes)
{
	uint32_t bytes;

	for (uint32_t at = 0; instruction_next_piece(instruction, &at, &bytes); at += bytes) {
		address->operand = operand_behind(operand_of(instruction), at);
		if (bytes == size_bytes && symbolic_value_is(value, address))
			return true;
	}
	return false;
}

static bool is_same_address(const struct symbolic_value *value,
			    const struct instruction *instruction, uint32_t size_bytes)
{
	struct symbolic_value address = {
		.kind = SYMBOLIC_ADDRESS,
		.number = NO_REGISTER,
		.mask = -1,
		.operand = operand_of(instruction),
	};

	if (instruction->memory & MEMORY_STRING) {
		address.operand = (struct operand){.base = RDI, .index = NO_REGISTER};
		if (symbolic_value_is(value, &address))
			return true;
		address.operand.base = RSI;
	}
	if (instruction->used_bytes)
		return is_address_of_piece(value, &address, instruction, size_bytes);
	return symbolic_value_is(value, &address);
}

uint32_t verify_chain_bytes(const struct verifying *verifying, uint32_t site)
{
	const struct plan_site *sites = verifying->plan->sites;
	uint32_t most = sites[site].size_bytes;

	while (sites[site].next_member) {
		uint32_t end;

		site = sites[site].next_member - 1;
		end = (uint32_t)sites[site].member_offset + sites[site].size_bytes;
		if (end > most)
			most = end;
	}
	return most;
}

/* Whether the mask and indexes on the stack belong to the masked move or gather. */
static bool has_right_elements(const struct verifying *verifying, const struct symbolic *machine,
			       const struct instruction *instruction, uint32_t site, uint32_t thunk)
{
	const unsigned char *bytes = verifying->module->text + instruction->offset;
	struct masked_operands operands;
	struct symbolic_value mask;

	if (!masked_decode(bytes, instruction, &operands))
		return false;
	mask = symbolic_mask(operands.mask, operands.element_bytes, operands.is_mask_wide);
	return thunk == operands.thunk && symbolic_value_is(&machine->pushed_mask, &mask) &&
	       verifying->plan->sites[site].size_bytes == operands.element_bytes &&
	       (!operands.is_gather || machine->stored_vector == (int8_t)operands.index);
}

/* Whether @thunk is right for the access of @instruction, whose site is @site. */
static bool is_right_thunk(const struct verifying *verifying, const struct symbolic *machine,
			   const struct instruction *instruction, uint32_t site, uint32_t thunk)
{
	enum access_class class =
		checks_classify(verifying->module, verifying->function, instruction);
	bool is_here = instruction == verify_current(verifying);
	uint32_t flags = verifying->plan->sites[site].flags;

	if (thunk < THUNK_LOCK_BEGIN)
		return class == ACCESS_SIMPLE &&
		       (thunk >= THUNK_WRITE) == ((flags & PLAN_SITE_WRITE) != 0) &&
		       1u << thunk % THUNK_SIZE_COUNT == verify_chain_bytes(verifying, site);
	if (thunk == THUNK_LOCK_BEGIN || thunk == THUNK_LOCK_END)
		return is_here && class == ACCESS_LOCKED &&
		       (thunk == THUNK_LOCK_BEGIN || !(instruction->memory & MEMORY_COMPARES));
	if (thunk == THUNK_LOCK_END_COMPARE)
		return is_here && class == ACCESS_LOCKED && instruction->memory & MEMORY_COMPARES;
	if (thunk == THUNK_SIZED)
		return class == ACCESS_SIZED;
	if (thunk == THUNK_PREFETCH)
		return class == ACCESS_PREFETCH;
	if (thunk < THUNK_STRING)
		return is_here && class == ACCESS_MASKED &&
		       has_right_elements(verifying, machine, instruction, site, thunk);
	return is_here && class == ACCESS_STRING &&
	       (thunk - THUNK_STRING) % THUNK_STRING_FORMS ==
		       THUNK_STRING_SIZES * (instruction->string - 1u) +
			       (unsigned)__builtin_ctz(instruction->access_bytes) &&
	       (thunk - THUNK_STRING) / THUNK_STRING_FORMS == instruction->is_repne;
}

/* Every site has one call; a locked one has a second, at its end. */
static bool is_only_call(struct verifying *verifying, uint32_t site, uint32_t thunk, uint32_t at)
{
	bool is_end = thunk == THUNK_LOCK_END || thunk == THUNK_LOCK_END_COMPARE;
	uint32_t *call = is_end ? &verifying->ended_at[site] : &verifying->begun_at[site];

	if (*call && *call != at)
		return false;
	*call = at;
	return true;
}

static bool check_thunk(struct verifying *verifying, uint32_t at, struct symbolic *machine,
			uint32_t thunk)
{
	const struct plan *plan = verifying->plan;
	uint32_t site = (machine->pushed_id >> THUNK_SITE_SHIFT) - plan->first_site;
	const struct function *function;
	uint32_t index;
	bool has_address =
		thunk <= THUNK_LOCK_BEGIN || (thunk >= THUNK_SIZED && thunk < THUNK_STRING);
	bool is_gather = thunk >= THUNK_GATHER && thunk < THUNK_STRING;
	int32_t lowered_by = machine->lowered_by - (is_gather ? THUNK_INDEX_BYTES : 0);

	verifying->result->thunk_calls++;
	if (site >= plan->site_count)
		return verify_wrong(verifying, at, "a thunk is called for no site");
	if (lowered_by != (machine->pushed_id & THUNK_IS_LOWERED ? THUNK_LOWERED : THUNK_RED_ZONE))
		return verify_wrong(verifying, at, "a thunk is told another stack pointer");
	function = module_find(verifying->module, plan->sites[site].offset);
	index = function ? function_find(function, plan->sites[site].offset) : UINT32_MAX;
	if (index == UINT32_MAX || function != verifying->function)
		return verify_wrong(verifying, at, "a thunk is called for a site elsewhere");
	if (verifying->is_before_loop || thunk == THUNK_RANGE)
		return (verifying->is_before_loop && thunk == THUNK_RANGE &&
			verify_range(verifying, at, machine, site, index)) ||
		       verify_wrong(verifying, at, "another range is recorded");
	if (function->instructions[index].picked_if != machine->picked_if)
		return verify_wrong(verifying, at, "a check is made under another condition");
	if (has_address &&
	    !is_same_address(&machine->pushed_address, &function->instructions[index],
			     plan->sites[site].size_bytes))
		return verify_wrong(verifying, at, "a thunk is called with another address");
	if (!is_only_call(verifying, site, thunk, at))
		return verify_wrong(verifying, at, "a site has two checks");
	return is_right_thunk(verifying, machine, &function->instructions[index], site, thunk) ||
	       verify_wrong(verifying, at, "another thunk is called");
}

/* Behind a check that is made under a condition, as if the branch had been taken. */
static void leave_picked(struct symbolic *machine, int64_t at)
{
	if (!machine->picked_if || machine->picked_end != at)
		return;
	machine->trail = machine->picked_trail;
	machine->picked_if = 0;
	machine->picked_end = 0;
	machine->picked_trail = 0;
}

static bool add_node(struct verifying *verifying, int64_t at, struct symbolic *machine)
{
	bool is_consistent = false;

	leave_picked(machine, at);
	for (uint32_t i = 0; i < verifying->node_count; i++) {
		struct node *node = &verifying->nodes[i];

		if (node->at != at)
			continue;
		node->is_waiting |= symbolic_meet(&node->machine, machine, &is_consistent);
		return is_consistent ||
		       verify_wrong(verifying, (uint32_t)at, "paths meet unevenly");
	}
	if (verifying->node_count == VERIFY_NODES_MOST || at < 0)
		return verify_wrong(verifying, (uint32_t)at, "too much code");
	verifying->nodes[verifying->node_count++] = (struct node){(uint32_t)at, true, *machine};
	return true;
}

static bool add_edge(struct verifying *verifying, int64_t at, const struct symbolic *machine,
		     bool is_equal)
{
	struct symbolic *after = &verifying->machines->edge;

	*after = *machine;
	symbolic_branch(after, is_equal);
	return add_node(verifying, at, after);
}

/* The bytes below rsp that the function may use. */
static uint32_t protected_bytes(const struct function *function)
{
	bool is_known =
		!function->uses_deep_red_zone && function->red_zone_bytes <= THUNK_RED_ZONE &&
		(function->has_call || !(function->has_frame_pointer || function->stack_escapes));

	return is_known ? function->red_zone_bytes : THUNK_RED_ZONE;
}

static struct symbolic_outcome step_machine(struct verifying *verifying, struct symbolic *machine,
					    const struct instruction *instruction)
{
	const struct plan *plan = verifying->plan;
	const struct plan_options *options = verifying->options;
	struct symbolic_setting setting = {
		.code = plan->clone,
		.text_address = verifying->module->text_address,
		.text_from_clone = (int64_t)(plan->clone_address - verifying->module->text_address),
		.protected_bytes = protected_bytes(verifying->function),
		.words = {options->current_tls, options->shared_tls, options->ahead_tls,
			  options->count_tls, options->counts},
	};

	verifying->result->steps++;
	return symbolic_run(machine, &setting, instruction);
}

static bool go_on(struct verifying *verifying, uint32_t at, const struct instruction *instruction,
		  struct symbolic *machine, const struct symbolic_outcome *outcome)
{
	int64_t next = (int64_t)at + instruction->length;

	switch (outcome->event) {
	case SYMBOLIC_STEP:
		return add_node(verifying, next, machine);
	case SYMBOLIC_THUNK:
		if (outcome->thunk == THUNK_LOCK_END || outcome->thunk == THUNK_LOCK_END_COMPARE)
			return verify_wrong(verifying, at, "an end of what has not begun");
		return check_thunk(verifying, at, machine, outcome->thunk) &&
		       add_node(verifying, next, machine);
	case SYMBOLIC_JUMP:
		if (outcome->target == at)
			return verify_wrong(verifying, at, "a check never ends");
		return add_node(verifying, outcome->target, machine);
	case SYMBOLIC_BRANCH:
		return add_edge(verifying, next, machine, !outcome->is_if_equal) &&
		       add_edge(verifying, outcome->target, machine, outcome->is_if_equal);
	case SYMBOLIC_FOREIGN:
		break;
	}
	return verify_wrong(verifying, at, "an instruction that no check has");
}

/* Whether a copy is at @at, by the states. */
static bool is_copy(const struct verifying *verifying, uint32_t at)
{
	struct plan_state state;

	return plan_state_at(&verifying->plan->states, at, &state) && state.is_copy &&
	       plan_state_original(&state, at) == verify_current(verifying)->offset;
}

/* Is it the branch around the checks of loads that the source makes under a condition? */
static bool is_around_picked(const struct verifying *verifying, const struct symbolic *machine,
			     const struct instruction *branch)
{
	unsigned condition = instruction_condition(verifying->plan->clone + branch->offset) ^ 1;
	uint32_t index = verifying->index;

	for (uint32_t i = index > PICKED_BEHIND_MOST ? index - PICKED_BEHIND_MOST : 0; i <= index;
	     i++) {
		const struct instruction *load = &verifying->function->instructions[i];

		if (load->picked_if == condition + 1 && i + load->picked_behind == index)
			return machine->has_flags && !machine->lowered_by && !machine->picked_if &&
			       !machine->is_in_doubt && !machine->owes_look &&
			       branch->target > branch->offset;
	}
	return false;
}

static bool follow_picked(struct verifying *verifying, const struct instruction *branch,
			  struct symbolic *machine)
{
	struct symbolic *within = &verifying->machines->edge;

	*within = *machine;
	within->picked_if = (uint8_t)(
		(instruction_condition(verifying->plan->clone + branch->offset) ^ 1) + 1);
	within->picked_end = branch->target;
	within->picked_trail = machine->trail;
	return add_node(verifying, (int64_t)branch->offset + branch->length, within) &&
	       add_node(verifying, branch->target, machine);
}

static bool visit_node(struct verifying *verifying, struct node *node)
{
	struct symbolic *machine = &verifying->machines->machine;
	uint32_t at = node->at;
	struct instruction instruction;
	struct symbolic_outcome outcome;

	*machine = node->machine;
	if (!check_state(verifying, at, machine, verify_current(verifying)->offset,
			 verifying->live[verifying->index]))
		return false;
	if (verifying->is_before_loop && at == verifying->offsets[verifying->index]) {
		verifying->copy_at = at;
		return true;
	}
	if (verifying->is_before_loop && is_copy(verifying, at))
		return verify_loop(verifying, at, machine);
	if (is_copy(verifying, at)) {
		if (machine->is_in_doubt || machine->owes_look)
			return verify_wrong(verifying, at, "an access goes on unchecked");
		if (verifying->copy_at && verifying->copy_at != at)
			return verify_wrong(verifying, at, "there are two copies");
		verifying->copy_at = at;
		return true;
	}
	if (!verify_decode(verifying, at, &instruction))
		return false;
	if (instruction.kind == INSTRUCTION_BRANCH_IF &&
	    is_around_picked(verifying, machine, &instruction))
		return follow_picked(verifying, &instruction, machine);
	outcome = step_machine(verifying, machine, &instruction);
	if (machine->is_with_ahead && outcome.event == SYMBOLIC_STEP)
		verifying->head = at;
	return go_on(verifying, at, &instruction, machine, &outcome);
}

/* Inline code first: at a cold part the states of all branches to it are then known. */
static struct node *next_node(struct verifying *verifying)
{
	struct node *next = NULL;

	for (uint32_t i = 0; i < verifying->node_count; i++) {
		struct node *node = &verifying->nodes[i];

		if (node->is_waiting && (!next || node->at < next->at))
			next = node;
	}
	return next;
}

static bool follow_all(struct verifying *verifying, uint32_t at)
{
	struct symbolic *machine = &verifying->machines->machine;
	struct node *node;

	symbolic_begin(machine);
	verifying->node_count = 0;
	verifying->copy_at = 0;
	if (!add_node(verifying, at, machine))
		return false;
	while ((node = next_node(verifying))) {
		node->is_waiting = false;
		if (!visit_node(verifying, node))
			return false;
	}
	return verifying->copy_at || verify_wrong(verifying, at, "there is no copy");
}

bool verify_follow_checks(struct verifying *verifying)
{
	return follow_all(verifying, verifying->offsets[verifying->index]);
}

bool verify_follow_ranges(struct verifying *verifying, uint32_t at)
{
	bool is_right;

	verifying->index++;
	verifying->is_before_loop = true;
	verifying->told_count = 0;
	verifying->head = 0;
	is_right = follow_all(verifying, at);
	verifying->is_before_loop = false;
	verifying->index--;
	return is_right;
}

/* All registers are live there. */
bool verify_follow_lock_end(struct verifying *verifying, uint32_t *at)
{
	const struct instruction *original = verify_current(verifying);
	uint32_t next = original->offset + original->length;
	struct symbolic *machine = &verifying->machines->machine;
	bool has_called = false;

	symbolic_begin(machine);
	for (unsigned i = 0; i < LOCK_END_STEPS && !(has_called && !machine->lowered_by); i++) {
		struct instruction instruction;
		struct symbolic_outcome outcome;

		if (!check_state(verifying, *at, machine, next, REGISTERS_ALL | FLAGS_ALL) ||
		    !verify_decode(verifying, *at, &instruction))
			return false;
		outcome = step_machine(verifying, machine, &instruction);
		if (outcome.event == SYMBOLIC_THUNK) {
			has_called = outcome.thunk != THUNK_LOCK_BEGIN;
			if (!check_thunk(verifying, *at, machine, outcome.thunk))
				return false;
		} else if (outcome.event != SYMBOLIC_STEP) {
			return verify_wrong(verifying, *at, "an instruction that no check has");
		}
		*at += instruction.length;
	}
	return (has_called && machine->has_flags) ||
	       verify_wrong(verifying, *at, "a locked instruction has no end");
}
