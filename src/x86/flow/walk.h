/*
 * The walk over a function's code that both analyses of flow make, and checks/waits.c.
 *
 * States are kept where paths meet, at joins.  The first pass walks all code.  After
 * that, code behind a changed join is walked up to the next join, until nothing
 * changes or there were too many passes, which does no harm.
 */
#ifndef X86_FLOW_WALK_H
#define X86_FLOW_WALK_H

#include <string.h>

#include "x86/decode/vector.h"
#include "x86/flow/flow.h"

#define FLOW_SLOTS_MOST 32u /* a bit for each */
#define FLOW_VECTORS 16u
#define FLOW_PASSES_MOST 5u
#define FLOW_NO_JOIN UINT32_MAX

/* What both analyses know of a function. */
struct flow {
	const struct module *module;
	const struct function *function;
	const uint8_t *roles;
	const uint32_t *live;
	uint32_t *join_numbers; /* per instruction, or FLOW_NO_JOIN */
	uint32_t *store_of;	/* per instruction: its store's number */
	int8_t *slot_of;	/* per instruction: of its memory operand, or -1 */
	uint32_t join_count;	/* with one for all targets of indirect jumps */
	uint32_t store_count;
	int32_t slot_keys[FLOW_SLOTS_MOST]; /* displacement * 2 + (base is rsp) */
	uint32_t slot_count, vector_count;
	uint32_t named_slots;	      /* a bit for each whose address is taken */
	bool has_loop;		      /* one pass is not enough */
	uint8_t *is_reached, *is_new; /* per join */
	bool is_now_reached, has_changed;
};

/* The parts of an analysis, which keeps the current state itself. */
struct flow_actions {
	/* Sets the state in which nothing is known. */
	void (*begin)(void *analysis, uint64_t name);
	/* Merges the state into a join, and returns whether that changes the join.  Only
	 * registers in @live matter. */
	void (*set)(void *analysis, uint32_t join);
	bool (*meet)(void *analysis, uint32_t join, uint32_t live);
	/* Makes the state of a join the current one. */
	void (*take)(void *analysis, uint32_t join);
	void (*plain)(void *analysis, uint32_t index);
	void (*call)(void *analysis, uint32_t index);
	/* Before a conditional branch is followed, and after it, where it is not taken. */
	void (*decide)(void *analysis, uint32_t index);
	void (*pass_by)(void *analysis, uint32_t index);
};

/* Does instruction @index access a slot whose address is taken?  As others may access it as well,
 * it is followed as a place of memory, too. */
static inline bool flow_is_named_slot(const struct flow *flow, uint32_t index)
{
	int slot = flow->slot_of[index];

	return slot >= 0 && flow->named_slots >> slot & 1;
}

static inline uint64_t flow_mix(uint64_t a, uint64_t b)
{
	uint64_t x =
		(a ^ (b + 0x9e3779b97f4a7c15ull + (a << 6) + (a >> 2))) * 0xff51afd7ed558ccdull;

	return x ^ x >> 32;
}

static inline uint32_t flow_address_registers(const struct instruction *instruction)
{
	uint32_t registers = 0;

	if (instruction->base != NO_REGISTER)
		registers |= REGISTER_BIT((unsigned)instruction->base);
	if (instruction->index != NO_REGISTER)
		registers |= REGISTER_BIT((unsigned)instruction->index);
	return registers;
}

static inline bool flow_has_memory(const struct instruction *instruction)
{
	return (instruction->memory & (MEMORY_READ | MEMORY_WRITE)) != 0 && !instruction->is_lea;
}

/* mov between registers. */
static inline bool flow_is_register_move(const struct flow *flow,
					 const struct instruction *instruction)
{
	const unsigned char *bytes = flow->module->text + instruction->offset;
	unsigned at;

	if (instruction->memory || instruction->source == NO_REGISTER)
		return false;
	at = (bytes[0] & 0xf0) == 0x40;
	return instruction->length >= at + 2 && (bytes[at] == 0x89 || bytes[at] == 0x8b) &&
	       bytes[at + 1] >= 0xc0;
}

/* setcc with a register, or a move of a constant or of memory to its lowest byte: all else in it
 * is left as it was. */
static inline bool flow_is_byte_move(const struct flow *flow, const struct instruction *instruction)
{
	const unsigned char *bytes = flow->module->text + instruction->offset;
	unsigned at = (bytes[0] & 0xf0) == 0x40;

	if (instruction->memory)
		return bytes[at] == 0x8a;
	return (bytes[at] == 0x0f && (bytes[at + 1] & 0xf0) == 0x90) || (bytes[at] & 0xf8) == 0xb0;
}

/* By the first byte: an escape, VEX, or a prefix that may stand before one. */
static inline bool flow_may_be_vector(const unsigned char *bytes)
{
	if ((bytes[0] & 0xf0) == 0x40)
		return bytes[1] == 0x0f;
	return bytes[0] == 0x0f || bytes[0] == 0x66 || bytes[0] == 0xf2 || bytes[0] == 0xf3 ||
	       bytes[0] == 0xc4 || bytes[0] == 0xc5 || bytes[0] == 0x2e || bytes[0] == 0x3e;
}

/* Moves between general registers, and stores of them, do not; one to a vector does. */
static inline bool flow_may_move_vector(const struct instruction *instruction)
{
	return instruction->source == NO_REGISTER ||
	       (!instruction->memory && instruction->destination == NO_REGISTER);
}

/* False: it has no vector operands. */
static inline bool flow_decode_vector(const struct module *module,
				      const struct instruction *instruction,
				      struct vector_operands *operands)
{
	const unsigned char *bytes = module->text + instruction->offset;

	return flow_may_move_vector(instruction) && flow_may_be_vector(bytes) &&
	       vector_decode(bytes, instruction->length, operands);
}

#define FLOW_INLINE static inline __attribute__((always_inline))

FLOW_INLINE void flow_bring(struct flow *flow, const struct flow_actions *actions, void *analysis,
			    uint32_t join, uint32_t live)
{
	bool has_changed = true;

	if (flow->is_reached[join])
		has_changed = actions->meet(analysis, join, live);
	else
		actions->set(analysis, join);
	flow->is_reached[join] = true;
	flow->is_new[join] |= has_changed;
	flow->has_changed |= has_changed;
}

FLOW_INLINE void flow_branch(struct flow *flow, const struct flow_actions *actions, void *analysis,
			     uint32_t index)
{
	const struct function *function = flow->function;
	uint32_t to = function_target(function, &function->instructions[index]);

	if (to != UINT32_MAX && flow->join_numbers[to] != FLOW_NO_JOIN)
		flow_bring(flow, actions, analysis, flow->join_numbers[to], flow->live[to]);
}

/* Instructions other than plain ones. */
FLOW_INLINE void flow_run(struct flow *flow, const struct flow_actions *actions, void *analysis,
			  uint32_t index)
{
	switch ((enum instruction_kind)flow->function->instructions[index].kind) {
	case INSTRUCTION_BRANCH_IF:
	case INSTRUCTION_LOOP:
		actions->decide(analysis, index);
		flow_branch(flow, actions, analysis, index);
		actions->pass_by(analysis, index);
		break;
	case INSTRUCTION_CALL:
	case INSTRUCTION_CALL_INDIRECT:
		actions->call(analysis, index);
		break;
	case INSTRUCTION_BRANCH:
		flow_branch(flow, actions, analysis, index);
		flow->is_now_reached = false;
		break;
	case INSTRUCTION_JUMP_INDIRECT:
		flow_bring(flow, actions, analysis, flow->join_count, REGISTERS_ALL);
		flow->is_now_reached = false;
		break;
	case INSTRUCTION_RETURN:
	case INSTRUCTION_STOP:
	case INSTRUCTION_UNKNOWN:
		flow->is_now_reached = false;
		break;
	case INSTRUCTION_PLAIN:
		break;
	}
}

/* Brings the state to a join.  False: it changes nothing. */
FLOW_INLINE bool flow_arrive(struct flow *flow, const struct flow_actions *actions, void *analysis,
			     uint32_t index, bool is_whole)
{
	uint32_t join = flow->join_numbers[index];
	uint8_t reach = flow->function->reach[index];

	if (flow->is_now_reached)
		flow_bring(flow, actions, analysis, join, flow->live[index]);
	if (reach & REACH_INDIRECT && flow->is_reached[flow->join_count]) {
		actions->take(analysis, flow->join_count);
		flow_bring(flow, actions, analysis, join, flow->live[index]);
	}
	flow->is_now_reached = false;
	if (!is_whole && !flow->is_new[join])
		return false;
	flow->is_new[join] = false;
	flow->is_now_reached = true;
	if (flow->is_reached[join])
		actions->take(analysis, join);
	else if (reach & (REACH_ENTRY | REACH_INDIRECT))
		actions->begin(analysis, flow_mix(0xbe91, index));
	else
		flow->is_now_reached = false;
	return true;
}

FLOW_INLINE void flow_pass(struct flow *flow, const struct flow_actions *actions, void *analysis,
			   bool is_whole)
{
	const struct function *function = flow->function;
	bool follows = is_whole;

	flow->has_changed = false;
	flow->is_now_reached = is_whole;
	if (is_whole)
		actions->begin(analysis, 0xbe90);
	for (uint32_t i = 0; i < function->count; i++) {
		if (flow->join_numbers[i] != FLOW_NO_JOIN) {
			follows = flow_arrive(flow, actions, analysis, i, is_whole);
			if (!flow->is_now_reached)
				continue;
		} else if (!flow->is_now_reached) {
			if (!follows || !(function->reach[i] & REACH_ENTRY))
				continue;
			actions->begin(analysis, flow_mix(0xbe91, i));
			flow->is_now_reached = true;
		}
		if (LIKELY(function->instructions[i].kind == INSTRUCTION_PLAIN))
			actions->plain(analysis, i);
		else
			flow_run(flow, actions, analysis, i);
	}
}

FLOW_INLINE void flow_walk(struct flow *flow, const struct flow_actions *actions, void *analysis)
{
	memset(flow->is_reached, 0, flow->join_count + 1);
	memset(flow->is_new, 0, flow->join_count + 1);
	for (unsigned pass = 0; pass < FLOW_PASSES_MOST; pass++) {
		flow_pass(flow, actions, analysis, pass == 0);
		if (!flow->has_changed || !flow->has_loop)
			break;
	}
}

#define FLOW_COMPARED_MOST 64u

/* Values and addresses, as hashes. */
struct flow_values {
	uint64_t *store_places, *store_values; /* by number */
	uint64_t *load_places;		       /* by the load's number */
	uint64_t *store_likes, *load_likes;    /* equal for places that may be one; 0: none */
	uint64_t compared[FLOW_COMPARED_MOST]; /* flow_pair_of() of two values each */
	uint32_t compared_count;
	uint64_t equated; /* bit n: all that is asked of compared[n] is whether they are equal */
};

/* Addresses are linear in what is added, so that one way to compute them equals another. */
static inline uint64_t flow_add_bytes(uint64_t address, int64_t bytes)
{
	return address + (uint64_t)bytes * 0x9e3779b97f4a7c15ull;
}

/* The value that a load from @place loads. */
static inline uint64_t flow_loaded(uint64_t place)
{
	return flow_mix(0x10ad, place);
}

static inline uint64_t flow_pair_of(uint64_t a, uint64_t b)
{
	return a < b ? flow_mix(a, b) : flow_mix(b, a);
}

/* Fills @values, but for those of what is never reached.  False: no memory. */
bool flow_find_places(struct flow *flow, struct scratch *scratch, const struct flow_loads *loads,
		      struct flow_values *values);

#define FLOW_SET_MOST 64u

/* The loads that a store's value derives from, those that decided to make it, of these those
 * that did otherwise than by being equal to something, and those whose values were looked at
 * before, whatever came of that: bit n is the load at[n]. */
struct flow_store {
	uint64_t rests, decided, differed, examined;
	uint32_t arguments; /* of a call that stores: which may be stored */
};

/* Fills @stores, by number.  False: no memory. */
bool flow_find_sets(struct flow *flow, struct scratch *scratch, const uint32_t *loads,
		    uint32_t load_count, struct flow_store *stores);

#endif
