#include "x86/verify.h"

#include <string.h>

#include "x86/checks.h"
#include "x86/liveness.h"
#include "x86/symbolic.h"

#define NODE_COUNT 8192u
#define LOCK_END_STEPS 16u

/* A place in a check's code that paths lead through. */
struct node {
	uint32_t at;
	bool is_waiting;
	struct symbolic machine;
};

/* Machines in work: large, for the stack. */
struct scratch {
	struct symbolic machine, edge;
};

struct verifying {
	const struct decoder *decoder;
	const struct emitter *emitter;
	const struct module *module;
	const struct plan *plan;
	struct verification *result;
	const struct function *function;
	const uint32_t *offsets;
	const uint32_t *live;
	uint32_t index; /* of the instruction whose checks are followed */
	struct node *nodes;
	uint32_t node_count;
	struct scratch *scratch;
	uint32_t *begun_at, *ended_at; /* per site: the one call of a thunk for it */
	uint32_t copy_at; /* where the paths ended; 0: not yet */
};

static bool wrong(struct verifying *verifying, uint32_t at, const char *what)
{
	struct verification *result = verifying->result;

	if (result->what)
		return false;
	result->what = what;
	result->clone_offset = at;
	result->text_offset = verifying->function->instructions[verifying->index].offset;
	return false;
}

static const struct instruction *current(const struct verifying *verifying)
{
	return &verifying->function->instructions[verifying->index];
}

static bool decode_at(struct verifying *verifying, uint32_t at, struct instruction *instruction)
{
	const struct plan *plan = verifying->plan;

	if (at >= plan->clone_bytes ||
	    !instruction_decode(verifying->decoder, plan->clone + at, plan->clone_bytes - at, at,
				instruction))
		return wrong(verifying, at, "no instruction");
	return true;
}

/* Where text offset @offset is to be found by code in the clones. */
static uint64_t home_of(const struct verifying *verifying, int64_t offset)
{
	uint32_t clone = emitter_clone_offset(verifying->emitter, offset);

	return clone ? verifying->plan->clone_address + clone
		     : verifying->module->text_address + (uint64_t)offset;
}

static uint64_t destination(const struct verifying *verifying, const struct instruction *instruction)
{
	return verifying->plan->clone_address + (uint64_t)instruction->target;
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
			    machine->slots[k].at == 8 * state->saved_at[i] &&
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

/* Whether the state row tells of the original what @machine knows it to be. */
static bool check_state(struct verifying *verifying, uint32_t at, const struct symbolic *machine,
			uint32_t original, uint32_t live)
{
	const struct plan_state *state =
		plan_state_at(verifying->plan->states, verifying->plan->state_count, at);

	if (!state || plan_state_original(state, at) != original)
		return wrong(verifying, at, "the state is another instruction's");
	if (8 * state->rsp_lowered_by != machine->lowered_by)
		return wrong(verifying, at, "the state has another stack pointer");
	for (unsigned r = 0; r < 16; r++)
		if (live & REGISTER_BIT(r) && r != RSP &&
		    !(is_saved(machine, state, r) || is_original(&machine->registers[r], r)))
			return wrong(verifying, at, "the state loses a register");
	if (live & FLAGS_ALL && !has_flags(machine, state))
		return wrong(verifying, at, "the state loses the flags");
	return true;
}

static bool is_same_address(const struct symbolic_value *value, const struct instruction *instruction)
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
	return symbolic_value_is(value, &address);
}

/* How far the accesses of a chain of sites reach, from the first byte. */
static uint32_t chain_bytes(const struct verifying *verifying, uint32_t site)
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

/* Whether @thunk is the one for the access of @instruction, whose site is @site. */
static bool is_right_thunk(const struct verifying *verifying, const struct instruction *instruction,
			   uint32_t site, uint32_t thunk)
{
	enum access_class class =
		checks_classify(verifying->module, verifying->function, instruction);
	bool is_here = instruction == current(verifying);
	uint32_t flags = verifying->plan->sites[site].flags;

	if (thunk < THUNK_LOCK_BEGIN)
		return class == ACCESS_SIMPLE &&
		       (thunk >= THUNK_WRITE) == ((flags & PLAN_SITE_WRITE) != 0) &&
		       1u << thunk % THUNK_SIZE_COUNT == chain_bytes(verifying, site);
	if (thunk == THUNK_LOCK_BEGIN || thunk == THUNK_LOCK_END)
		return is_here && class == ACCESS_LOCKED &&
		       (thunk == THUNK_LOCK_BEGIN || !(instruction->memory & MEMORY_COMPARES));
	if (thunk == THUNK_LOCK_END_COMPARE)
		return is_here && class == ACCESS_LOCKED && instruction->memory & MEMORY_COMPARES;
	if (thunk == THUNK_SIZED)
		return class == ACCESS_SIZED;
	return is_here && class == ACCESS_STRING &&
	       (thunk - THUNK_STRING) % 20 ==
		       4u * (instruction->string - 1u) +
			       (unsigned)__builtin_ctz(instruction->access_bytes) &&
	       (thunk - THUNK_STRING) / 20 == instruction->is_repne;
}

/* Every site has one call, and a locked one a second, at its end. */
static bool is_only_call(struct verifying *verifying, uint32_t site, uint32_t thunk, uint32_t at)
{
	bool is_end = thunk == THUNK_LOCK_END || thunk == THUNK_LOCK_END_COMPARE;
	uint32_t *call = is_end ? &verifying->ended_at[site] : &verifying->begun_at[site];

	if (*call && *call != at)
		return false;
	*call = at;
	return true;
}

static bool check_thunk(struct verifying *verifying, uint32_t at, const struct symbolic *machine,
			uint32_t thunk)
{
	const struct plan *plan = verifying->plan;
	uint32_t site = (machine->pushed_id >> 1) - verifying->emitter->first_site;
	const struct function *function;
	uint32_t index;
	bool has_address = thunk <= THUNK_LOCK_BEGIN || thunk == THUNK_SIZED;

	verifying->result->thunk_calls++;
	if (site >= plan->site_count)
		return wrong(verifying, at, "a thunk is called for no site");
	if (machine->lowered_by != (machine->pushed_id & 1 ? THUNK_LOWERED : THUNK_RED_ZONE))
		return wrong(verifying, at, "a thunk is told another stack pointer");
	function = module_find(verifying->module, plan->sites[site].offset);
	index = function ? function_find(function, plan->sites[site].offset) : UINT32_MAX;
	if (index == UINT32_MAX || function != verifying->function)
		return wrong(verifying, at, "a thunk is called for a site elsewhere");
	if (has_address && !is_same_address(&machine->pushed_address, &function->instructions[index]))
		return wrong(verifying, at, "a thunk is called with another address");
	if (!is_only_call(verifying, site, thunk, at))
		return wrong(verifying, at, "a site has two checks");
	return is_right_thunk(verifying, &function->instructions[index], site, thunk) ||
	       wrong(verifying, at, "another thunk is called");
}

static bool add_node(struct verifying *verifying, int64_t at, const struct symbolic *machine)
{
	bool is_consistent = false;

	for (uint32_t i = 0; i < verifying->node_count; i++) {
		struct node *node = &verifying->nodes[i];

		if (node->at != at)
			continue;
		node->is_waiting |= symbolic_meet(&node->machine, machine, &is_consistent);
		return is_consistent || wrong(verifying, (uint32_t)at, "paths meet unevenly");
	}
	if (verifying->node_count == NODE_COUNT || at < 0)
		return wrong(verifying, (uint32_t)at, "too much code");
	verifying->nodes[verifying->node_count++] = (struct node){(uint32_t)at, true, *machine};
	return true;
}

static bool add_edge(struct verifying *verifying, int64_t at, const struct symbolic *machine,
		     bool is_equal)
{
	struct symbolic *after = &verifying->scratch->edge;

	*after = *machine;
	symbolic_branch(after, is_equal);
	return add_node(verifying, at, after);
}

/* What the function keeps below rsp, as far as that is known. */
static uint32_t protected_bytes(const struct function *function)
{
	bool is_known = !function->uses_deep_red_zone && function->red_zone_bytes <= THUNK_RED_ZONE &&
			(function->has_call ||
			 !(function->has_frame_pointer || function->stack_escapes));

	return is_known ? function->red_zone_bytes : THUNK_RED_ZONE;
}

static struct symbolic_outcome step(struct verifying *verifying, struct symbolic *machine,
				    const struct instruction *instruction)
{
	const struct plan *plan = verifying->plan;
	const struct plan_options *options = verifying->emitter->options;
	struct symbolic_setting setting = {
		.code = plan->clone,
		.text_address = verifying->module->text_address,
		.text_from_clone =
			(int64_t)(plan->clone_address - verifying->module->text_address),
		.protected_bytes = protected_bytes(verifying->function),
		.words = {options->current_tls, options->shared_tls},
	};

	verifying->result->steps++;
	return symbolic_run(machine, &setting, instruction);
}

static bool go_on(struct verifying *verifying, uint32_t at, const struct instruction *instruction,
		  const struct symbolic *machine, const struct symbolic_outcome *outcome)
{
	int64_t next = (int64_t)at + instruction->length;

	switch (outcome->event) {
	case SYMBOLIC_STEP:
		return add_node(verifying, next, machine);
	case SYMBOLIC_THUNK:
		if (outcome->thunk == THUNK_LOCK_END || outcome->thunk == THUNK_LOCK_END_COMPARE)
			return wrong(verifying, at, "an end of what has not begun");
		return check_thunk(verifying, at, machine, outcome->thunk) &&
		       add_node(verifying, next, machine);
	case SYMBOLIC_JUMP:
		return add_node(verifying, outcome->target, machine);
	case SYMBOLIC_BRANCH:
		return add_edge(verifying, next, machine, !outcome->is_if_equal) &&
		       add_edge(verifying, outcome->target, machine, outcome->is_if_equal);
	case SYMBOLIC_FOREIGN:
		break;
	}
	return wrong(verifying, at, "an instruction that no check has");
}

/* Whether @at is where the copy is said to be. */
static bool is_copy(const struct verifying *verifying, uint32_t at)
{
	const struct plan_state *state =
		plan_state_at(verifying->plan->states, verifying->plan->state_count, at);

	return state && state->is_copy &&
	       plan_state_original(state, at) == current(verifying)->offset;
}

static bool visit(struct verifying *verifying, struct node *node)
{
	struct symbolic *machine = &verifying->scratch->machine;
	uint32_t at = node->at;
	struct instruction instruction;
	struct symbolic_outcome outcome;

	*machine = node->machine;
	if (!check_state(verifying, at, machine, current(verifying)->offset,
			 verifying->live[verifying->index]))
		return false;
	if (is_copy(verifying, at)) {
		if (machine->is_in_doubt)
			return wrong(verifying, at, "an access goes on unchecked");
		if (verifying->copy_at && verifying->copy_at != at)
			return wrong(verifying, at, "there are two copies");
		verifying->copy_at = at;
		return true;
	}
	if (!decode_at(verifying, at, &instruction))
		return false;
	outcome = step(verifying, machine, &instruction);
	return go_on(verifying, at, &instruction, machine, &outcome);
}

/* Inline code comes before the cold parts, so that what all its branches bring along
 * is known there. */
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

static bool follow_checks(struct verifying *verifying)
{
	struct symbolic *machine = &verifying->scratch->machine;
	struct node *node;

	symbolic_begin(machine);
	verifying->node_count = 0;
	verifying->copy_at = 0;
	if (!add_node(verifying, verifying->offsets[verifying->index], machine))
		return false;
	while ((node = next_node(verifying))) {
		node->is_waiting = false;
		if (!visit(verifying, node))
			return false;
	}
	return verifying->copy_at ||
	       wrong(verifying, verifying->offsets[verifying->index], "there is no copy");
}

/* --- Copies ----------------------------------------------------------------------------- */

static bool jumps_to(struct verifying *verifying, uint32_t at, uint64_t target, uint32_t *after)
{
	struct instruction instruction;

	if (!decode_at(verifying, at, &instruction))
		return false;
	*after = at + instruction.length;
	return (instruction.kind == INSTRUCTION_BRANCH &&
		destination(verifying, &instruction) == target) ||
	       wrong(verifying, at, "a jump elsewhere");
}

static unsigned condition_of(const unsigned char *bytes)
{
	while (*bytes != 0x0f && (*bytes & 0xf0) != 0x70)
		bytes++;
	return (*bytes == 0x0f ? bytes[1] : *bytes) & 15u;
}

static bool check_branch_if(struct verifying *verifying, const struct instruction *copy)
{
	const struct instruction *original = current(verifying);
	const unsigned char *bytes = verifying->module->text + original->offset;

	if (copy->kind != INSTRUCTION_BRANCH_IF ||
	    condition_of(bytes) != condition_of(verifying->plan->clone + copy->offset))
		return wrong(verifying, copy->offset, "another condition");
	return destination(verifying, copy) == home_of(verifying, original->target) ||
	       wrong(verifying, copy->offset, "a branch elsewhere");
}

/* The instruction around its displacement, which may differ if it means the same. */
static bool check_plain(struct verifying *verifying, const struct instruction *copy)
{
	const struct instruction *original = current(verifying);
	const unsigned char *should = verifying->module->text + original->offset;
	const unsigned char *is = verifying->plan->clone + copy->offset;
	uint64_t target = verifying->module->text_address + (uint64_t)original->target;

	if (copy->length != original->length)
		return wrong(verifying, copy->offset, "another instruction");
	for (unsigned i = 0; i < original->length; i++) {
		bool is_displacement = original->is_rip_relative && i >= original->displacement_at &&
				       i < original->displacement_at + 4u;

		if (is[i] != should[i] && !is_displacement)
			return wrong(verifying, copy->offset, "other bytes");
	}
	return !original->is_rip_relative || destination(verifying, copy) == target ||
	       wrong(verifying, copy->offset, "another operand");
}

/* A short hop over a jump: loop +2; jmp on; jmp target. */
static bool check_loop(struct verifying *verifying, const struct instruction *copy, uint32_t *after)
{
	const struct instruction *original = current(verifying);
	const unsigned char *code = verifying->plan->clone + copy->offset;
	uint32_t hop = copy->offset + original->length, jump = hop + 2;

	if (memcmp(code, verifying->module->text + original->offset, original->length - 1u) ||
	    copy->target != jump || !jumps_to(verifying, jump, home_of(verifying, original->target),
					      after))
		return wrong(verifying, copy->offset, "another loop");
	return jumps_to(verifying, hop, verifying->plan->clone_address + *after, &jump);
}

static bool check_copy(struct verifying *verifying, uint32_t *after)
{
	const struct instruction *original = current(verifying);
	uint64_t anchor = verifying->module->text_address + original->offset;
	struct instruction copy;

	if (!decode_at(verifying, verifying->copy_at, &copy))
		return false;
	*after = verifying->copy_at + copy.length;
	switch ((enum instruction_kind)original->kind) {
	case INSTRUCTION_BRANCH_IF:
		return check_branch_if(verifying, &copy);
	case INSTRUCTION_BRANCH:
		return jumps_to(verifying, verifying->copy_at, home_of(verifying, original->target),
				after);
	case INSTRUCTION_CALL:
	case INSTRUCTION_CALL_INDIRECT:
		return jumps_to(verifying, verifying->copy_at, anchor, after);
	case INSTRUCTION_LOOP:
		return check_loop(verifying, &copy, after);
	case INSTRUCTION_PLAIN:
	case INSTRUCTION_JUMP_INDIRECT:
	case INSTRUCTION_RETURN:
	case INSTRUCTION_STOP:
	case INSTRUCTION_UNKNOWN:
		break;
	}
	return check_plain(verifying, &copy);
}

/* The call that follows a locked instruction.  All registers are alive there. */
static bool follow_lock_end(struct verifying *verifying, uint32_t *at)
{
	const struct instruction *original = current(verifying);
	uint32_t next = original->offset + original->length;
	struct symbolic *machine = &verifying->scratch->machine;
	bool has_called = false;

	symbolic_begin(machine);
	for (unsigned i = 0; i < LOCK_END_STEPS && !(has_called && !machine->lowered_by); i++) {
		struct instruction instruction;
		struct symbolic_outcome outcome;

		if (!check_state(verifying, *at, machine, next, REGISTERS_ALL | FLAGS_ALL) ||
		    !decode_at(verifying, *at, &instruction))
			return false;
		outcome = step(verifying, machine, &instruction);
		if (outcome.event == SYMBOLIC_THUNK) {
			has_called = outcome.thunk != THUNK_LOCK_BEGIN;
			if (!check_thunk(verifying, *at, machine, outcome.thunk))
				return false;
		} else if (outcome.event != SYMBOLIC_STEP) {
			return wrong(verifying, *at, "an instruction that no check has");
		}
		*at += instruction.length;
	}
	return (has_called && machine->has_flags) ||
	       wrong(verifying, *at, "a locked instruction has no end");
}

/* --- Functions ------------------------------------------------------------------------------ */

static bool goes_on(const struct instruction *instruction)
{
	return instruction->kind == INSTRUCTION_PLAIN ||
	       instruction->kind == INSTRUCTION_BRANCH_IF || instruction->kind == INSTRUCTION_LOOP;
}

static bool check_instruction(struct verifying *verifying)
{
	const struct function *function = verifying->function;
	const struct instruction *original = current(verifying);
	uint32_t after, end;

	verifying->result->instructions++;
	if (!follow_checks(verifying) || !check_copy(verifying, &after))
		return false;
	if (checks_classify(verifying->module, function, original) == ACCESS_LOCKED &&
	    !follow_lock_end(verifying, &after))
		return false;
	if (!goes_on(original))
		return true;
	if (verifying->index + 1 == function->count)
		return jumps_to(verifying, after, home_of(verifying, function->end), &end);
	return after == verifying->offsets[verifying->index + 1] ||
	       wrong(verifying, after, "the next instruction is elsewhere");
}

static bool is_wanted(enum access_class class)
{
	return class == ACCESS_SIMPLE || class == ACCESS_SIZED || class == ACCESS_MASKED ||
	       class == ACCESS_LOCKED || class == ACCESS_STRING;
}

static bool check_function(struct verifying *verifying, uint8_t *has_site, uint32_t *live)
{
	const struct function *function = verifying->function;

	liveness_compute(verifying->module, function, live);
	verifying->live = live;
	verifying->result->functions++;
	for (uint32_t i = 0; i < function->count; i++) {
		const struct instruction *instruction = &function->instructions[i];

		verifying->index = i;
		if (is_wanted(checks_classify(verifying->module, function, instruction)) &&
		    !has_site[instruction->offset])
			return wrong(verifying, verifying->offsets[i], "an access has no site");
		if (!check_instruction(verifying))
			return false;
	}
	return true;
}

static bool check_all(struct verifying *verifying, uint8_t *has_site, uint32_t *live)
{
	const struct module *module = verifying->module;
	const struct plan *plan = verifying->plan;

	for (uint32_t i = 0; i < plan->site_count; i++)
		has_site[plan->sites[i].offset] = 1;
	for (uint32_t i = 0; i < module->function_count; i++) {
		verifying->function = &module->functions[i];
		verifying->offsets = verifying->emitter->clone_offsets[i];
		if (verifying->offsets && !check_function(verifying, has_site, live))
			return false;
	}
	return true;
}

static uint32_t longest(const struct module *module)
{
	uint32_t most = 0;

	for (uint32_t i = 0; i < module->function_count; i++)
		if (module->functions[i].count > most)
			most = module->functions[i].count;
	return most;
}

bool verify_clones(const struct decoder *decoder, const struct emitter *emitter,
		   const struct plan *plan, struct verification *verification)
{
	struct arena *arena = emitter->arena;
	const struct module *module = emitter->module;
	size_t live_bytes = (longest(module) + 1) * sizeof(uint32_t);
	size_t site_bytes = (plan->site_count + 1) * sizeof(uint32_t);
	struct verifying verifying = {
		.decoder = decoder,
		.emitter = emitter,
		.module = module,
		.plan = plan,
		.result = verification,
		.nodes = arena_alloc(arena, NODE_COUNT * sizeof(*verifying.nodes)),
		.scratch = arena_alloc(arena, sizeof(*verifying.scratch)),
		.begun_at = arena_alloc(arena, site_bytes),
		.ended_at = arena_alloc(arena, site_bytes),
	};
	uint8_t *has_site = arena_alloc(arena, module->text_bytes);
	uint32_t *live = arena_alloc(arena, live_bytes);
	bool is_right = false;

	*verification = (struct verification){.what = NULL};
	if (verifying.nodes && verifying.scratch && verifying.begun_at && verifying.ended_at &&
	    has_site && live)
		is_right = check_all(&verifying, has_site, live);
	else
		verification->what = "out of memory";
	arena_free(arena, verifying.nodes, NODE_COUNT * sizeof(*verifying.nodes));
	arena_free(arena, verifying.begun_at, site_bytes);
	arena_free(arena, verifying.ended_at, site_bytes);
	arena_free(arena, verifying.scratch, sizeof(*verifying.scratch));
	arena_free(arena, has_site, module->text_bytes);
	arena_free(arena, live, live_bytes);
	return is_right;
}
