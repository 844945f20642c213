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

static void meet_value(struct flow *flow, struct value *into, const struct value *from,
		       uint64_t name)
{
	if (into->hash != from->hash && into->hash != flow_mix(0x70e1, name)) {
		into->hash = flow_mix(0x70e1, name);
		flow->has_changed = true;
	}
	if (from->loads & ~into->loads) {
		into->loads |= from->loads;
		flow->has_changed = true;
	}
}

static void meet_set(struct flow *flow, uint64_t *into, uint64_t from)
{
	if (from & ~*into) {
		*into |= from;
		flow->has_changed = true;
	}
}

void flow_meet(struct flow *flow, uint32_t join, uint32_t live, const struct state *from)
{
	struct state *into = flow_join(flow, join);
	uint32_t other_count = flow->slot_count + flow->vector_count;

	if (!into->is_reached) {
		memcpy(into, from, flow_state_bytes(flow));
		flow->has_changed = true;
		return;
	}
	for (live &= REGISTERS_ALL; live; live &= live - 1) {
		unsigned i = (unsigned)__builtin_ctz(live);

		meet_value(flow, &into->registers[i], &from->registers[i], join * 64ull + i);
	}
	for (unsigned i = 0; i < other_count; i++)
		meet_value(flow, &into->others[i], &from->others[i], join * 64ull + 16 + i);
	meet_set(flow, &into->flags, from->flags);
	meet_set(flow, &into->taken, from->taken);
	meet_set(flow, &into->passed, from->passed);
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
