/*
 * The state that value flow carries along, and how states meet: between the
 * parts of flow alone.
 */
#ifndef X86_FLOW_STATE_H
#define X86_FLOW_STATE_H

#include "x86/flow.h"

#define FLOW_SLOTS_MOST 32u
#define FLOW_VECTORS 16u

struct value {
	uint64_t hash;
	uint64_t loads; /* it rests on */
};

/* What is known at one point of the function. */
struct state {
	bool is_reached;
	bool is_new; /* of a join: it has changed since the code behind it was followed */
	uint64_t flags;
	uint64_t taken, passed; /* loads that decided a branch, by its outcome */
	struct value registers[16];
	/* The function's slots, and then its vector registers if it has any. */
	struct value others[FLOW_SLOTS_MOST + FLOW_VECTORS];
};

/* A store of a value that rests on loads, or that loads have decided. */
struct flow_store {
	uint32_t index;
	uint64_t place, rests, decided;
};

struct flow {
	const struct module *module;
	const struct function *function;
	const uint8_t *roles;
	const uint32_t *live;
	struct flow_loads *loads;
	const struct slice_notes *notes;
	char *joins;		/* states by number; the last is for all indirect targets */
	uint32_t *join_numbers; /* per instruction, or NO_JOIN */
	uint8_t *load_of;	/* per instruction: its bit's number in sets, or NO_LOAD */
	int8_t *slot_of;	/* per instruction: of its memory operand, or -1 */
	uint32_t join_count;
	int32_t slot_keys[FLOW_SLOTS_MOST]; /* displacement * 2 + (base is rsp) */
	uint32_t slot_count, vector_count;
	bool has_loop, has_changed, is_whole_pass, is_last_pass;
	struct flow_store *stores; /* in their order; those not reached rest on nothing */
	uint32_t *store_of;	   /* per instruction: its store's number */
	uint32_t store_count;
	struct state now;
};

static inline uint64_t flow_mix(uint64_t a, uint64_t b)
{
	uint64_t x =
		(a ^ (b + 0x9e3779b97f4a7c15ull + (a << 6) + (a >> 2))) * 0xff51afd7ed558ccdull;

	return x ^ x >> 32;
}

/* How much of a state is used: only what the function has of slots and vectors. */
size_t flow_state_bytes(const struct flow *flow);

struct state *flow_join(const struct flow *flow, uint32_t join);

static inline struct value *flow_vector(struct flow *flow, unsigned number)
{
	return &flow->now.others[flow->slot_count + number];
}

/* What is known where nothing is: every place has a value of its own. */
void flow_begin(const struct flow *flow, struct state *state, uint64_t name);

/* Brings @from to join number @join.  Only registers that are alive there matter: @live. */
void flow_meet(struct flow *flow, uint32_t join, uint32_t live, const struct state *from);

#endif
