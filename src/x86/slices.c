#include "x86/slices.h"

#include "x86/checks.h"
#include "x86/flow.h"
#include "x86/spins.h"

#define SHAPE_BITS 1024u
#define BATCH_COUNT_MOST 4u

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

static uint8_t role_of(const struct module *module, const struct function *function,
		       const struct instruction *instruction)
{
	uint8_t role = 0;

	if (instruction->memory & MEMORY_STRING ||
	    checks_classify(module, function, instruction) != ACCESS_SIMPLE)
		return 0;
	if (instruction->memory & MEMORY_READ)
		role |= FLOW_LOAD;
	if (instruction->memory & MEMORY_WRITE)
		role |= FLOW_STORE;
	return role;
}

static void find_roles(const struct module *module, const struct function *function, uint8_t *roles,
		       struct shapes *stores)
{
	for (uint32_t i = 0; i < function->count; i++) {
		const struct instruction *instruction = &function->instructions[i];
		uint32_t shape = shape_of(instruction);

		roles[i] = role_of(module, function, instruction);
		if (roles[i] & FLOW_STORE)
			stores->bits[shape / 64] |= 1ull << shape % 64;
	}
}

/* The next batch of loads, from *@from on, that some store looks like. */
static void gather_batch(const struct function *function, const uint8_t *roles,
			 const struct shapes *stores, uint32_t *from, struct flow_loads *loads)
{
	uint32_t i;

	loads->count = 0;
	for (i = *from; i < function->count && loads->count < FLOW_LOADS_MOST; i++) {
		uint32_t shape = shape_of(&function->instructions[i]);

		if (roles[i] & FLOW_LOAD && stores->bits[shape / 64] >> shape % 64 & 1)
			loads->at[loads->count++] = i;
	}
	*from = i;
}

bool slices_find(const struct module *module, const struct function *function,
		 struct scratch *scratch, const uint32_t *live, uint32_t *slices, uint16_t *flags,
		 uint32_t *slice_count)
{
	struct slice_notes notes = {slices, flags, slice_count};
	struct scratch_mark mark = scratch_mark(scratch);
	uint8_t *roles = scratch_take(scratch, function->count);
	struct shapes stores = {.bits = {0}};
	struct flow *flow = NULL;
	struct flow_loads loads;
	uint32_t from = 0;

	if (!roles)
		return false;
	find_roles(module, function, roles, &stores);
	for (unsigned batch = 0; batch < BATCH_COUNT_MOST && from < function->count; batch++) {
		gather_batch(function, roles, &stores, &from, &loads);
		if (!loads.count)
			break;
		if (!flow)
			flow = flow_open(module, function, scratch, roles, live);
		if (!flow)
			break;
		flow_pair(flow, &loads, &notes);
	}
	spins_find(function, roles, flags);
	scratch_release(scratch, mark);
	return true;
}
