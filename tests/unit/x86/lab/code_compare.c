/* Comparing what clones do with what their originals do. */
#include "code_lab.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/arch/arch.h"
#include "x86/decode/masked.h"
#include "x86/checks/checks.h"
#include "x86/plan.h"

#define STATUS_FLAGS 0x8d5u

static uint64_t register_or_zero(const struct lab_step *step, int8_t number)
{
	return number == NO_REGISTER ? 0 : step->registers[number];
}

static uint64_t address_of(const struct lab *lab, const struct instruction *instruction,
			   const struct lab_step *step)
{
	if (instruction->is_rip_relative)
		return lab->module.text_address + (uint64_t)instruction->target;
	return (instruction->memory & MEMORY_SEGMENT ? arch_thread_pointer() : 0) +
	       register_or_zero(step, instruction->base) +
	       register_or_zero(step, instruction->index) * instruction->scale +
	       (uint64_t)(int64_t)instruction->displacement;
}

static void expect_string(const struct instruction *instruction, const struct lab_step *step)
{
	bool is_read = instruction->string != STRING_STOS;
	bool has_from = instruction->string == STRING_MOVS || instruction->string == STRING_CMPS ||
			instruction->string == STRING_LODS;
	bool has_to = instruction->string != STRING_LODS;
	bool is_to_written = instruction->string == STRING_MOVS || !is_read;
	uint64_t count = instruction->is_prefix_repeated ? step->registers[RCX] : 1;

	/* The rest of the count at every step: the check covers what a fault would cut off. */
	if (has_from)
		lab_see(step->registers[RSI], count * instruction->access_bytes, LAB_READ);
	if (has_to)
		lab_see(step->registers[RDI], count * instruction->access_bytes,
			is_to_written ? LAB_WRITE : LAB_READ);
}

static void expect_masked(const struct lab *lab, const struct instruction *instruction,
			  const struct lab_step *step)
{
	const unsigned char *bytes = lab->module.text + instruction->offset;
	unsigned what = instruction->memory & MEMORY_WRITE ? LAB_WRITE : LAB_READ, count;
	uint64_t base = address_of(lab, instruction, step);
	struct masked_operands operands;
	bool is_half, has_wide;

	ck_assert(masked_decode(bytes, instruction, &operands));
	has_wide = operands.is_gather && operands.thunk >= THUNK_GATHER + 4;
	is_half = operands.thunk >= THUNK_GATHER + 8;
	count = (operands.is_mask_wide ? 32u : is_half ? 8u : 16u) / operands.element_bytes;
	for (unsigned i = 0; i < count; i++) {
		unsigned last = (i + 1) * operands.element_bytes - 1;
		uint64_t distance = i * operands.element_bytes;

		if (operands.is_gather)
			distance = lab_index_of(step->indexes, i, has_wide) * instruction->scale;
		if (((const uint8_t *)step->mask)[last] & 0x80)
			lab_see(base + distance, operands.element_bytes, what);
	}
}

/* Does a condition hold, by the flags? */
static bool holds(unsigned condition, uint64_t flags)
{
	bool carry = flags & 1, zero = flags & 0x40, sign = flags & 0x80, overflow = flags & 0x800;
	bool is = false;

	switch (condition & ~1u) {
	case CONDITION_BELOW:
		is = carry;
		break;
	case CONDITION_EQUAL:
		is = zero;
		break;
	case CONDITION_NOT_ABOVE:
		is = carry || zero;
		break;
	case 8:
		is = sign;
		break;
	case 12:
		is = sign != overflow;
		break;
	case CONDITION_NOT_GREATER:
		is = zero || sign != overflow;
		break;
	default:
		ck_abort_msg("condition %u", condition);
	}
	return is != (condition & 1);
}

/* Is what a load brings at step @step thrown away by then? */
static bool is_thrown_away(const struct instruction *load, const struct lab_step *step)
{
	return load->picked_if &&
	       !holds(load->picked_if - 1u, step[load->picked_behind].flags);
}

/* Records in lab_seen which bytes a run of the original accessed, by its steps. */
static void expect_trace(const struct lab *lab, const struct lab_step *trace, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		uint32_t offset = (uint32_t)(trace[i].pc - lab->module.text_address);
		const struct function *function = module_find(&lab->module, offset);
		const struct instruction *instruction;
		enum access_class class;

		instruction = &function->instructions[function_find(function, offset)];
		class = checks_classify(&lab->module, function, instruction);
		if (is_thrown_away(instruction, &trace[i]))
			continue;
		if (instruction->memory & MEMORY_STRING)
			expect_string(instruction, &trace[i]);
		else if (class == ACCESS_MASKED)
			expect_masked(lab, instruction, &trace[i]);
		else if (class == ACCESS_SIMPLE || class == ACCESS_SIZED || class == ACCESS_LOCKED)
			lab_see(address_of(lab, instruction, &trace[i]), instruction->access_bytes,
				(instruction->memory & MEMORY_READ ? LAB_READ : 0u) |
					(instruction->memory & MEMORY_WRITE ? LAB_WRITE : 0u));
	}
}

static void compare_machines(const char *name, const struct lab_machine *is,
			     const struct lab_machine *should)
{
	for (unsigned r = 0; r < 16; r++)
		ck_assert_msg(is->registers[r] == should->registers[r],
			      "%s: register %u: %lx, not %lx", name, r, is->registers[r],
			      should->registers[r]);
	ck_assert_msg(((is->flags ^ should->flags) & STATUS_FLAGS) == 0, "%s: flags %lx, not %lx",
		      name, is->flags, should->flags);
}

/* A write that a check announced stands for a read as well. */
static void compare_seen(const char *name, const uint8_t *should)
{
	for (uint64_t i = 0; i < LAB_END - LAB_MEMORY; i += 1) {
		if (i == LAB_MEMORY_BYTES)
			i = LAB_STACK_TOP - LAB_STACK_USED - LAB_MEMORY;
		if (i == LAB_STACK_TOP + 4096 - LAB_MEMORY)
			i = LAB_TEXT - LAB_MEMORY;
		if (i == LAB_TEXT + 0x10000 - LAB_MEMORY)
			break;
		/* Check notes every assertion in a file: only what fails. */
		if ((lab_seen[i] != 0) != (should[i] != 0) || (lab_seen[i] ^ should[i]) & LAB_WRITE)
			ck_abort_msg("%s: byte %lx: checked as %u, touched as %u", name,
				     LAB_MEMORY + i, lab_seen[i], should[i]);
	}
}

/* The state of the original that a step of the clone stands for. */
static struct lab_step translate_step(const struct lab *lab, const struct lab_step *step)
{
	uint32_t offset = (uint32_t)(step->pc - LAB_CLONES);
	struct plan_state state;
	struct lab_step original = *step;

	if (step->pc < LAB_CLONES)
		return original;
	ck_assert(plan_state_at(&lab->plan.states, offset, &state));
	original.pc = LAB_TEXT + plan_state_original(&state, offset);
	original.registers[RSP] += STATE_WORD * (uint64_t)state.rsp_lowered_by;
	if (state.flags_in_rax)
		original.flags = plan_state_flags(step->registers[RAX]);
	for (unsigned i = 0; i < 3; i++)
		if (state.saved_register[i] != NO_REGISTER)
			original.registers[state.saved_register[i]] = step->saved[i];
	return original;
}

/* Whether @is equals the original's state @should, dead registers aside. */
static bool is_state(const struct lab *lab, const struct lab_step *is,
		     const struct lab_step *should)
{
	uint32_t offset = (uint32_t)(should->pc - LAB_TEXT), live;
	const struct function *function = module_find(&lab->module, offset);

	if (is->pc != should->pc || !function)
		return false;
	live = lab->live[function - lab->module.functions][function_find(function, offset)];
	for (unsigned r = 0; r < 16; r++)
		if (live & REGISTER_BIT(r) && is->registers[r] != should->registers[r])
			return false;
	return !(live & FLAGS_ALL) || ((is->flags ^ should->flags) & STATUS_FLAGS) == 0;
}

static const struct lab_step *keep_trace(const struct lab_step *trace, uint32_t count)
{
	struct lab_step *copy = calloc(count + 1, sizeof(*copy));

	memcpy(copy, trace, count * sizeof(*copy));
	return copy;
}

static void compare_states(const struct lab *lab, const char *name, const struct lab_step *should,
			   uint32_t should_count, const struct lab_step *is, uint32_t is_count)
{
	uint32_t at = 0;

	for (uint32_t i = 0; i < is_count; i++) {
		struct lab_step original = translate_step(lab, &is[i]);

		if (at + 1 < should_count && !is_state(lab, &original, &should[at]))
			at++;
		if (!is_state(lab, &original, &should[at]))
			ck_abort_msg("%s: at %lx (original %lx): not the state before %lx", name,
				     is[i].pc, original.pc, should[at].pc);
	}
	ck_assert_uint_eq(at + 1, should_count);
}

void lab_compare_steps(struct lab *lab, const char *name, const struct lab_machine *machine,
		       uint64_t seed, enum lab_shadow shadow)
{
	const struct function *function = lab_function(lab, name);
	struct lab_machine one = *machine, other = *machine;
	const struct lab_step *is, *should;
	uint32_t should_count, is_count;

	is = lab_trace(lab_original(lab, function), &one, seed, shadow, &should_count);
	should = keep_trace(is, should_count);
	is = lab_trace(lab_clone(lab, function), &other, seed, shadow, &is_count);
	compare_states(lab, name, should, should_count, is, is_count);
	free((void *)(uintptr_t)should);
}

void lab_compare(struct lab *lab, const char *name, const struct lab_machine *machine,
		 uint64_t seed)
{
	const struct function *function = lab_function(lab, name);
	struct lab_machine should = *machine, is = *machine;
	uint8_t *memory = malloc(LAB_MEMORY_BYTES), *touched = malloc(LAB_END - LAB_MEMORY);
	const struct lab_step *trace;
	uint32_t count;

	trace = lab_trace(lab_original(lab, function), &should, seed, LAB_NEVER_EQUAL, &count);
	expect_trace(lab, trace, count);
	memcpy(memory, (void *)LAB_MEMORY, LAB_MEMORY_BYTES);
	memcpy(touched, lab_seen, LAB_END - LAB_MEMORY);
	for (unsigned shadow = LAB_NEVER_EQUAL; shadow <= LAB_SUMMARY; shadow++) {
		is = *machine;
		lab_run(lab_clone(lab, function), &is, seed, (enum lab_shadow)shadow);
		compare_machines(name, &is, &should);
		ck_assert_msg(!memcmp(memory, (void *)LAB_MEMORY, LAB_MEMORY_BYTES), "%s: memory",
			      name);
		/* After a call the original goes on, as nobody has patched it. */
		if (shadow == LAB_NEVER_EQUAL && !function->has_call)
			compare_seen(name, touched);
	}
	free(memory);
	free(touched);
}
