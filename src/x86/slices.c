#include "x86/slices.h"

#include "x86/checks.h"
#include "x86/flow.h"
#include "x86/spins.h"

#define SHAPE_BITS 1024u

/* Stores of a function, by what their operands look like. */
struct shapes {
	uint64_t bits[SHAPE_BITS / 64];
};

static uint32_t shape_of(const struct instruction *instruction)
{
	uint64_t key = instruction->is_rip_relative
			       ? (uint64_t)instruction->target * 2 + 1
			       : (uint64_t)(int64_t)instruction->displacement * 2;

	key = key * 64 + instruction->access_bytes;
	return (uint32_t)(key * 0x9e3779b97f4a7c15ull >> 54);
}

static uint8_t role_of(const struct module *module, const struct function *function, uint32_t index)
{
	const struct instruction *instruction = &function->instructions[index];
	unsigned role = 0;

	if (checks_class(module, function, index) != ACCESS_SIMPLE ||
	    instruction->memory & MEMORY_STRING)
		return 0;
	if (instruction->memory & MEMORY_READ)
		role |= FLOW_LOAD;
	if (instruction->memory & MEMORY_WRITE)
		role |= FLOW_STORE;
	return (uint8_t)role;
}

static void find_roles(const struct module *module, const struct function *function, uint8_t *roles,
		       struct shapes *stores)
{
	for (uint32_t i = 0; i < function->count; i++) {
		uint32_t shape;

		roles[i] = role_of(module, function, i);
		if (!(roles[i] & FLOW_STORE))
			continue;
		shape = shape_of(&function->instructions[i]);
		stores->bits[shape / 64] |= 1ull << shape % 64;
	}
}

/* The first loads that some store looks like. */
static void gather_loads(const struct function *function, const uint8_t *roles,
			 const struct shapes *stores, struct flow_loads *loads)
{
	loads->count = 0;
	for (uint32_t i = 0; i < function->count && loads->count < FLOW_LOADS_MOST; i++) {
		uint32_t shape;

		if (!(roles[i] & FLOW_LOAD))
			continue;
		shape = shape_of(&function->instructions[i]);
		if (stores->bits[shape / 64] >> shape % 64 & 1)
			loads->at[loads->count++] = i;
	}
}

bool slices_find(const struct module *module, const struct function *function,
		 struct scratch *scratch, const uint32_t *live, uint32_t *slices, uint16_t *flags,
		 uint32_t *slice_count)
{
	struct slice_notes notes = {slices, flags, slice_count};
	struct scratch_mark mark = scratch_mark(scratch);
	uint8_t *roles = scratch_take(scratch, function->count);
	struct shapes stores = {.bits = {0}};
	struct flow_loads loads;

	if (!roles)
		return false;
	find_roles(module, function, roles, &stores);
	gather_loads(function, roles, &stores, &loads);
	/* Without memory for them, pairs are merely not known. */
	if (loads.count)
		flow_pair(module, function, scratch, roles, live, &loads, &notes);
	spins_find(function, roles, flags);
	scratch_release(scratch, mark);
	return true;
}
