#include "x86/verify/parts.h"

#include <string.h>

#include "x86/decode/decode.h"
#include "x86/emit/copy.h"
#include "x86/liveness/liveness.h"

/* The address that clones must use for text offset @offset. */
static uint64_t home_of(const struct verifying *verifying, int64_t offset)
{
	uint32_t clone = module_clone_offset(verifying->module, offset);

	return clone ? verifying->plan->clone_address + clone
		     : verifying->module->text_address + (uint64_t)offset;
}

static uint64_t target_address(const struct verifying *verifying,
			       const struct instruction *instruction)
{
	return verifying->plan->clone_address + (uint64_t)instruction->target;
}

static bool jumps_to(struct verifying *verifying, uint32_t at, uint64_t target, uint32_t *after)
{
	struct instruction instruction;

	if (!verify_decode(verifying, at, &instruction))
		return false;
	*after = at + instruction.length;
	return (instruction.kind == INSTRUCTION_BRANCH &&
		target_address(verifying, &instruction) == target) ||
	       verify_wrong(verifying, at, "a jump elsewhere");
}

static bool check_branch_if(struct verifying *verifying, const struct instruction *copy)
{
	const struct instruction *original = verify_current(verifying);
	const unsigned char *bytes = verifying->module->text + original->offset;

	if (copy->kind != INSTRUCTION_BRANCH_IF ||
	    instruction_condition(bytes) !=
		    instruction_condition(verifying->plan->clone + copy->offset))
		return verify_wrong(verifying, copy->offset, "another condition");
	return target_address(verifying, copy) == home_of(verifying, original->target) ||
	       verify_wrong(verifying, copy->offset, "a branch elsewhere");
}

/* Equal bytes, but for a displacement that leads to the same address. */
static bool check_plain(struct verifying *verifying, const struct instruction *copy)
{
	const struct instruction *original = verify_current(verifying);
	const unsigned char *should = verifying->module->text + original->offset;
	const unsigned char *is = verifying->plan->clone + copy->offset;
	uint64_t target = verifying->module->text_address + (uint64_t)original->target;

	if (copy->length != original->length)
		return verify_wrong(verifying, copy->offset, "another instruction");
	for (unsigned i = 0; i < original->length; i++) {
		bool is_displacement = original->is_rip_relative &&
				       i >= original->displacement_at &&
				       i < original->displacement_at + 4u;

		if (is[i] != should[i] && !is_displacement)
			return verify_wrong(verifying, copy->offset, "other bytes");
	}
	return !original->is_rip_relative || target_address(verifying, copy) == target ||
	       verify_wrong(verifying, copy->offset, "another operand");
}

bool verify_state(const struct verifying *verifying, uint32_t at, int64_t original)
{
	struct plan_state state;

	return plan_state_at(&verifying->plan->states, at, &state) &&
	       plan_state_original(&state, at) == original;
}

/* mov $0, %eax; jmp target. */
static bool check_xbegin(struct verifying *verifying, const struct instruction *copy,
			 uint32_t *after)
{
	const struct instruction *original = verify_current(verifying);
	uint32_t jump = copy->offset + COPY_OF_XBEGIN_BYTES;

	if (memcmp(verifying->plan->clone + copy->offset, copy_of_xbegin, COPY_OF_XBEGIN_BYTES))
		return verify_wrong(verifying, copy->offset, "another transaction");
	if (!verify_state(verifying, jump, original->target))
		return verify_wrong(verifying, jump, "the state is another instruction's");
	return jumps_to(verifying, jump, home_of(verifying, original->target), after);
}

/* A short hop over a jump: loop +2; jmp on; jmp target. */
static bool check_loop(struct verifying *verifying, const struct instruction *copy, uint32_t *after)
{
	const struct instruction *original = verify_current(verifying);
	const unsigned char *code = verifying->plan->clone + copy->offset;
	uint32_t hop = copy->offset + original->length, jump = hop + 2;

	if (instruction_form(original) == FORM_XBEGIN)
		return check_xbegin(verifying, copy, after);
	if (memcmp(code, verifying->module->text + original->offset, original->length - 1u) ||
	    copy->target != jump ||
	    !jumps_to(verifying, jump, home_of(verifying, original->target), after))
		return verify_wrong(verifying, copy->offset, "another loop");
	if (!verify_state(verifying, hop, (int64_t)original->offset + original->length) ||
	    !verify_state(verifying, jump, original->target))
		return verify_wrong(verifying, hop, "the state is another instruction's");
	return jumps_to(verifying, hop, verifying->plan->clone_address + *after, &jump);
}

bool verify_copy(struct verifying *verifying, uint32_t *after)
{
	const struct instruction *original = verify_current(verifying);
	uint64_t anchor = verifying->module->text_address + original->offset;
	struct instruction copy;

	if (!verify_decode(verifying, verifying->copy_at, &copy))
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

static bool check_instruction(struct verifying *verifying)
{
	const struct function *function = verifying->function;
	const struct instruction *original = verify_current(verifying);
	uint32_t after, end;

	verifying->result->instructions++;
	if (!verify_follow_checks(verifying) || !verify_copy(verifying, &after))
		return false;
	if (checks_classify(verifying->module, function, original) == ACCESS_LOCKED &&
	    !verify_follow_lock_end(verifying, &after))
		return false;
	if (!instruction_falls_through(original))
		return true;
	if (verifying->index + 1 == function->count)
		return jumps_to(verifying, after, home_of(verifying, function->end), &end);
	if (after == verifying->offsets[verifying->index + 1])
		return true;
	return after < verifying->offsets[verifying->index + 1]
		       ? verify_follow_ranges(verifying, after)
		       : verify_wrong(verifying, after, "the next instruction is elsewhere");
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
		if (checks_are_for(checks_classify(verifying->module, function, instruction)) &&
		    !instruction->is_unused && !has_site[instruction->offset])
			return verify_wrong(verifying, verifying->offsets[i],
					    "an access has no site");
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
		uint32_t number = (verifying->result->begins_with + i) % module->function_count;

		verifying->function = &module->functions[number];
		verifying->offsets = verifying->function->clone_offsets;
		if (verifying->offsets && !check_function(verifying, has_site, live))
			return false;
	}
	return true;
}

static uint32_t find_longest(const struct module *module)
{
	uint32_t most = 0;

	for (uint32_t i = 0; i < module->function_count; i++)
		if (module->functions[i].count > most)
			most = module->functions[i].count;
	return most;
}

bool verify_clones(const struct decoder *decoder, const struct plan *plan,
		   const struct plan_options *options, struct arena *arena,
		   struct verification *verification)
{
	const struct module *module = plan->module;
	size_t live_bytes = (find_longest(module) + 1) * sizeof(uint32_t);
	size_t site_bytes = (plan->site_count + 1) * sizeof(uint32_t);
	struct verifying verifying = {
		.decoder = decoder,
		.options = options,
		.module = module,
		.plan = plan,
		.result = verification,
		.nodes = arena_alloc(arena, VERIFY_NODES_MOST * sizeof(*verifying.nodes)),
		.machines = arena_alloc(arena, sizeof(*verifying.machines)),
		.begun_at = arena_alloc(arena, site_bytes),
		.ended_at = arena_alloc(arena, site_bytes),
	};
	uint8_t *has_site = arena_alloc(arena, module->text_bytes);
	uint32_t *live = arena_alloc(arena, live_bytes);
	bool is_right = false;

	*verification = (struct verification){.begins_with = verification->begins_with};
	if (verifying.nodes && verifying.machines && verifying.begun_at && verifying.ended_at &&
	    has_site && live)
		is_right = check_all(&verifying, has_site, live);
	else
		verification->what = "out of memory";
	arena_free(arena, verifying.nodes, VERIFY_NODES_MOST * sizeof(*verifying.nodes));
	arena_free(arena, verifying.begun_at, site_bytes);
	arena_free(arena, verifying.ended_at, site_bytes);
	arena_free(arena, verifying.machines, sizeof(*verifying.machines));
	arena_free(arena, has_site, module->text_bytes);
	arena_free(arena, live, live_bytes);
	return is_right;
}
