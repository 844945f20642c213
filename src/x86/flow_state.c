#include "x86/flow_state.h"

#include <stddef.h>
#include <string.h>

size_t flow_state_bytes(const struct flow *flow)
{
	return offsetof(struct state, others) +
	       (flow->slot_count + flow->vector_count) * sizeof(struct value);
}

struct state *flow_join(const struct flow *flow, uint32_t join)
{
	return (void *)(flow->joins + join * flow_state_bytes(flow));
}

/* Whether @into has changed. */
static bool meet_value(struct value *into, const struct value *from, uint64_t name)
{
	bool has_changed = (from->loads & ~into->loads) != 0;

	if (into->hash != from->hash && into->hash != flow_mix(0x70e1, name)) {
		into->hash = flow_mix(0x70e1, name);
		has_changed = true;
	}
	into->loads |= from->loads;
	return has_changed;
}

static bool meet_set(uint64_t *into, uint64_t from)
{
	bool has_changed = (from & ~*into) != 0;

	*into |= from;
	return has_changed;
}

void flow_meet(struct flow *flow, uint32_t join, uint32_t live, const struct state *from)
{
	struct state *into = flow_join(flow, join);
	uint32_t other_count = flow->slot_count + flow->vector_count;
	bool has_changed = false;

	if (!into->is_reached) {
		memcpy(into, from, flow_state_bytes(flow));
		into->is_new = flow->has_changed = true;
		return;
	}
	for (live &= REGISTERS_ALL; live; live &= live - 1) {
		unsigned i = (unsigned)__builtin_ctz(live);

		has_changed |= meet_value(&into->registers[i], &from->registers[i],
					  join * 64ull + i);
	}
	for (unsigned i = 0; i < other_count; i++)
		has_changed |=
			meet_value(&into->others[i], &from->others[i], join * 64ull + 16 + i);
	has_changed |= meet_set(&into->flags, from->flags);
	has_changed |= meet_set(&into->taken, from->taken);
	has_changed |= meet_set(&into->passed, from->passed);
	into->is_new |= has_changed;
	flow->has_changed |= has_changed;
}

void flow_begin(const struct flow *flow, struct state *state, uint64_t name)
{
	memset(state, 0, flow_state_bytes(flow));
	for (unsigned i = 0; i < 16; i++)
		state->registers[i].hash = flow_mix(name, i);
	for (unsigned i = 0; i < flow->slot_count; i++)
		state->others[i].hash = flow_mix(name, 16 + i);
	state->registers[RSP].hash = RSP;
	state->is_reached = true;
}
