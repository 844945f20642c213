/* Values as sets of the loads that they derive from. */
#include "x86/flow/accessors.h"
#include "x86/flow/walk.h"
#include "x86/paths/dead_ends.h"

#define NO_LOAD UINT8_MAX

/* 16 registers, the function's slots, and then its vector registers if it has any. */
#define SETS_MOST (16u + FLOW_SLOTS_MOST + FLOW_VECTORS)
_Static_assert(SETS_MOST <= 64, "a bit for each set");

struct state {
	uint64_t flags;
	uint64_t taken, passed;	  /* loads that decided a branch, by its outcome */
	uint64_t spared;	  /* ... one of whose outcomes is a dead end, for the other */
	uint64_t differed;	  /* ... otherwise than by being equal to something */
	uint64_t examined;	  /* loads that did, or that a function was given */
	uint64_t filled;	  /* which sets are not empty; most are empty */
	uint64_t sets[SETS_MOST]; /* of a join, only those in 'filled' are valid */
};

struct sets {
	struct flow *flow;
	uint32_t set_count;
	char *joins; /* states by number */
	uint8_t *load_of;
	struct flow_store *stores;
	uint64_t taken_before, spared_before, differed_before; /* the current branch */
	struct state now;
};

static size_t state_bytes(const struct sets *sets)
{
	return offsetof(struct state, sets) + sets->set_count * sizeof(uint64_t);
}

static struct state *join_state(const struct sets *sets, uint32_t join)
{
	return (struct state *)(void *)(sets->joins + join * state_bytes(sets));
}

static unsigned vector_number(const struct sets *sets, unsigned number)
{
	return 16 + sets->flow->slot_count + number;
}

static inline void put_set(struct sets *sets, unsigned number, uint64_t set)
{
	sets->now.sets[number] = set;
	sets->now.filled &= ~(1ull << number);
	sets->now.filled |= (uint64_t)(set != 0) << number;
}

/* --- States ------------------------------------------------------------------------------ */

static void begin_sets(void *analysis, uint64_t name)
{
	struct sets *sets = analysis;

	(void)name;
	for (uint64_t left = sets->now.filled; left; left &= left - 1)
		sets->now.sets[__builtin_ctzll(left)] = 0;
	sets->now.filled = 0;
	sets->now.flags = sets->now.taken = sets->now.passed = sets->now.examined = 0;
	sets->now.spared = sets->now.differed = 0;
}

static void set_join(void *analysis, uint32_t join)
{
	const struct sets *sets = analysis;
	struct state *into = join_state(sets, join);

	memcpy(into, &sets->now, offsetof(struct state, sets));
	for (uint64_t left = into->filled; left; left &= left - 1)
		into->sets[__builtin_ctzll(left)] = sets->now.sets[__builtin_ctzll(left)];
}

static void take_join(void *analysis, uint32_t join)
{
	struct sets *sets = analysis;
	const struct state *from = join_state(sets, join);

	for (uint64_t left = sets->now.filled & ~from->filled; left; left &= left - 1)
		sets->now.sets[__builtin_ctzll(left)] = 0;
	memcpy(&sets->now, from, offsetof(struct state, sets));
	for (uint64_t left = from->filled; left; left &= left - 1)
		sets->now.sets[__builtin_ctzll(left)] = from->sets[__builtin_ctzll(left)];
}

/* Returns the new members. */
static uint64_t meet_set(uint64_t *into, uint64_t from)
{
	uint64_t added = from & ~*into;

	*into |= from;
	return added;
}

/* The loads that have decided @state and not @other, but for what looked like a dead end. */
static uint64_t spared_by(const struct state *state, const struct state *other)
{
	return (state->taken | state->passed) & ~state->spared & other->spared;
}

static bool meet_join(void *analysis, uint32_t join, uint32_t live)
{
	struct sets *sets = analysis;
	struct state *into = join_state(sets, join);
	uint64_t added = meet_set(&into->flags, sets->now.flags);
	uint64_t left = sets->now.filled & (live | ~(uint64_t)REGISTERS_ALL);
	uint64_t either = spared_by(into, &sets->now) | spared_by(&sets->now, into);

	added |= meet_set(&into->taken, sets->now.taken | either);
	added |= meet_set(&into->passed, sets->now.passed | either);
	added |= meet_set(&into->spared, sets->now.spared);
	added |= meet_set(&into->differed, sets->now.differed);
	added |= meet_set(&into->examined, sets->now.examined);
	for (; left; left &= left - 1) {
		unsigned i = (unsigned)__builtin_ctzll(left);

		if (!(into->filled >> i & 1))
			into->sets[i] = 0;
		added |= meet_set(&into->sets[i], sets->now.sets[i]);
		into->filled |= 1ull << i;
	}
	return added != 0;
}

/* --- Instructions ------------------------------------------------------------------------ */

static uint64_t memory_set(const struct sets *sets, uint32_t index)
{
	int slot = sets->flow->slot_of[index];
	uint64_t set = slot >= 0 ? sets->now.sets[16 + slot] : 0;

	if ((slot < 0 || flow_is_named_slot(sets->flow, index)) && sets->load_of[index] != NO_LOAD)
		set |= 1ull << sets->load_of[index];
	return set;
}

/* The loads that anything the instruction reads derives from. */
static uint64_t computed_set(const struct sets *sets, uint32_t index)
{
	const struct instruction *instruction = &sets->flow->function->instructions[index];
	uint32_t operands = instruction->reads & REGISTERS_ALL;
	uint64_t set = 0;

	/* Nobody looks at what was there before but what has cleared it. */
	if (flow_is_byte_move(sets->flow, instruction))
		operands = 0;
	if (flow_has_memory(instruction)) {
		operands &= ~flow_address_registers(instruction);
		if (instruction->memory & MEMORY_READ)
			set = memory_set(sets, index);
		if (instruction->memory & MEMORY_PLAIN_MOVE && !operands)
			return set;
	}
	for (; operands; operands &= operands - 1)
		set |= sets->now.sets[__builtin_ctz(operands)];
	if (instruction->reads & FLAGS_ALL)
		set |= sets->now.flags;
	return set;
}

/* Sets the vector registers that the instruction writes.  Returns what its result
 * derives from: @set, unless it reads vectors. */
static uint64_t move_vectors(struct sets *sets, uint32_t index, uint64_t set)
{
	const struct instruction *instruction = &sets->flow->function->instructions[index];
	struct vector_operands operands;
	uint64_t from;

	if (!sets->flow->vector_count ||
	    !flow_decode_vector(sets->flow->module, instruction, &operands))
		return set;
	if (operands.is_store) {
		from = sets->now.sets[vector_number(sets, operands.reg)];
		if (operands.has_rm && !operands.to_general)
			put_set(sets, vector_number(sets, operands.rm), from);
		return from;
	}
	if (operands.has_rm && !operands.from_general)
		set = sets->now.sets[vector_number(sets, operands.rm)];
	if (operands.to_general || instruction->changes & FLAGS_ALL)
		return set;
	from = set;
	if (!operands.is_move || operands.extra != operands.reg)
		from |= sets->now.sets[vector_number(sets, operands.extra)];
	put_set(sets, vector_number(sets, operands.reg), from);
	return set;
}

static void store_set(struct sets *sets, uint32_t index, uint64_t set)
{
	const struct flow *flow = sets->flow;
	int slot = flow->slot_of[index];

	if (slot >= 0)
		put_set(sets, 16u + (unsigned)slot, set);
	if ((slot < 0 || flow_is_named_slot(flow, index)) && flow->roles[index] & FLOW_STORE)
		sets->stores[flow->store_of[index]] =
			(struct flow_store){set, sets->now.taken ^ sets->now.passed,
					    sets->now.differed, sets->now.examined, 0};
}

static void change_registers(struct sets *sets, const struct instruction *instruction, uint64_t set)
{
	uint32_t changed = instruction->changes & REGISTERS_ALL & ~REGISTER_BIT(RSP);

	for (; changed; changed &= changed - 1)
		put_set(sets, (unsigned)__builtin_ctz(changed), set);
	if (instruction->changes & FLAGS_ALL)
		sets->now.flags = set;
}

/* What a load has decided in an earlier round of a loop was by another value. */
static void forget_decision(struct sets *sets, uint32_t index)
{
	uint64_t load = sets->load_of[index] == NO_LOAD ? 0 : 1ull << sets->load_of[index];

	sets->now.taken &= ~load;
	sets->now.passed &= ~load;
	sets->now.spared &= ~load;
	sets->now.differed &= ~load;
	sets->now.examined &= ~load;
}

/* Slots named from rsp are other slots once rsp changes. */
static void forget_moved_slots(struct sets *sets)
{
	for (unsigned i = 0; i < sets->flow->slot_count; i++)
		if (sets->flow->slot_keys[i] & 1)
			put_set(sets, 16 + i, 0);
}

/* True if the instruction reads and writes only empty sets, apart from the flags. */
static inline bool is_idle(const struct sets *sets, const struct instruction *instruction,
			   uint32_t index)
{
	uint64_t vectors = ~0ull << (16 + sets->flow->slot_count);
	uint64_t concerned =
		vectors | ((instruction->reads | instruction->changes) & REGISTERS_ALL);

	/* Slots, too, where they are named or lost. */
	if (sets->flow->slot_of[index] >= 0 || instruction->changes & REGISTER_BIT(RSP))
		concerned = ~0ull;
	return !(sets->now.filled & concerned) && sets->load_of[index] == NO_LOAD &&
	       !(instruction->reads & FLAGS_ALL && sets->now.flags);
}

static void run_plain(void *analysis, uint32_t index)
{
	struct sets *sets = analysis;
	const struct instruction *instruction = &sets->flow->function->instructions[index];
	uint64_t set;

	if (is_idle(sets, instruction, index)) {
		if (instruction->memory & MEMORY_WRITE)
			store_set(sets, index, 0);
		if (instruction->changes & FLAGS_ALL)
			sets->now.flags = 0;
		return;
	}
	forget_decision(sets, index);
	set = move_vectors(sets, index, computed_set(sets, index));
	if (instruction->memory & MEMORY_WRITE)
		store_set(sets, index,
			  instruction->source == NO_REGISTER || instruction->memory & MEMORY_READ
				  ? set
				  : sets->now.sets[instruction->source]);
	if (flow_is_register_move(sets->flow, instruction))
		set = sets->now.sets[instruction->source];
	change_registers(sets, instruction, set);
	if (instruction->changes & REGISTER_BIT(RSP))
		forget_moved_slots(sets);
}

/* Of the argument or result of an accessor. */
static unsigned number_of_value(const struct sets *sets, const struct accessor *accessor)
{
	return accessor->value < ACCESSOR_VECTORS
		       ? (unsigned)accessor->value
		       : vector_number(sets, (unsigned)accessor->value - ACCESSOR_VECTORS);
}

/* It may store any of its arguments. */
static struct flow_store stores_by_open_call(const struct sets *sets)
{
	struct flow_store store = {.examined = sets->now.examined};

	for (unsigned i = 0; i < ARGUMENTS_MOST; i++) {
		uint64_t set = sets->now.sets[register_of_argument(i)];

		store.rests |= set;
		store.arguments |= set ? 1u << i : 0;
	}
	return store;
}

static struct flow_store store_by_accessor(const struct sets *sets, const struct accessor *accessor)
{
	struct flow_store store = {.decided = sets->now.taken ^ sets->now.passed,
				   .differed = sets->now.differed,
				   .examined = sets->now.examined};

	if (accessor->acts)
		return store;
	store.rests = sets->now.sets[number_of_value(sets, accessor)];
	store.arguments = 1u << argument_of_register(accessor->value);
	return store;
}

static void run_call(void *analysis, uint32_t index)
{
	struct sets *sets = analysis;
	const struct flow *flow = sets->flow;
	const struct accessor *accessor = NULL;

	if (flow->roles[index])
		accessor = accessor_called(flow->module, &flow->function->instructions[index]);
	if (accessor && accessor->is_store)
		sets->stores[flow->store_of[index]] = store_by_accessor(sets, accessor);
	else if (flow->roles[index] & FLOW_OPEN)
		sets->stores[flow->store_of[index]] = stores_by_open_call(sets);
	forget_decision(sets, index);
	for (unsigned i = 0; !accessor && i < ARGUMENTS_MOST; i++)
		sets->now.examined |= sets->now.sets[register_of_argument(i)];
	for (uint32_t lost = REGISTERS_LOST; lost; lost &= lost - 1)
		put_set(sets, (unsigned)__builtin_ctz(lost), 0);
	for (unsigned i = 0; i < sets->flow->vector_count; i++)
		put_set(sets, vector_number(sets, i), 0);
	sets->now.flags = 0;
	if (sets->load_of[index] != NO_LOAD)
		put_set(sets, RAX, 1ull << sets->load_of[index]);
	if (sets->load_of[index] != NO_LOAD && accessor && accessor->value >= ACCESSOR_VECTORS)
		put_set(sets, number_of_value(sets, accessor), 1ull << sets->load_of[index]);
}

/* --- Branches -------------------------------------------------------------------------------- */

/* Whether the branch at @index leads to a dead end ahead, as checks for overflow do.  The
 * body of a loop that waits, behind its branch, may look like a dead end. */
static bool is_assertion(const struct function *function, uint32_t index)
{
	const struct instruction *branch = &function->instructions[index];

	return dead_ends_follow(function, branch) && function_target(function, branch) > index;
}

/* Are the values that the branch at @index asks for equal, if it @is_taken or is not? */
static bool is_equal_at(const struct sets *sets, uint32_t index, bool is_taken)
{
	const struct instruction *branch = &sets->flow->function->instructions[index];

	return branch->kind == INSTRUCTION_BRANCH_IF &&
	       instruction_condition(sets->flow->module->text + branch->offset) ==
		       (is_taken ? CONDITION_EQUAL : CONDITION_UNEQUAL);
}

/* Who goes on beside a dead end has decided nothing. */
static void take_decision(void *analysis, uint32_t index)
{
	struct sets *sets = analysis;
	const struct function *function = sets->flow->function;

	sets->taken_before = sets->now.taken;
	sets->spared_before = sets->now.spared;
	sets->differed_before = sets->now.differed;
	if (!sets->now.flags)
		return;
	if (!is_assertion(function, index))
		sets->now.examined |= sets->now.flags;
	if (dead_ends_are_skipped(function, index)) {
		sets->now.spared |= sets->now.flags;
		return;
	}
	sets->now.taken |= sets->now.flags;
	if (!is_equal_at(sets, index, true))
		sets->now.differed |= sets->now.flags;
}

static void pass_by(void *analysis, uint32_t index)
{
	struct sets *sets = analysis;

	sets->now.taken = sets->taken_before;
	sets->now.spared = sets->spared_before;
	sets->now.differed = sets->differed_before;
	if (!sets->now.flags)
		return;
	if (is_assertion(sets->flow->function, index)) {
		sets->now.spared |= sets->now.flags;
		return;
	}
	sets->now.passed |= sets->now.flags;
	if (!is_equal_at(sets, index, false))
		sets->now.differed |= sets->now.flags;
}

bool flow_find_sets(struct flow *flow, struct scratch *scratch, const uint32_t *loads,
		    uint32_t load_count, struct flow_store *stores)
{
	static const struct flow_actions actions = {
		.begin = begin_sets,
		.set = set_join,
		.meet = meet_join,
		.take = take_join,
		.plain = run_plain,
		.call = run_call,
		.decide = take_decision,
		.pass_by = pass_by,
	};
	struct sets sets = {
		.flow = flow,
		.set_count = 16 + flow->slot_count + flow->vector_count,
		.load_of = scratch_take(scratch, flow->function->count),
		.stores = stores,
	};

	sets.joins = scratch_take(scratch, ((size_t)flow->join_count + 1) * state_bytes(&sets));
	if (!sets.load_of || !sets.joins)
		return false;
	memset(sets.load_of, NO_LOAD, flow->function->count);
	for (uint32_t i = 0; i < load_count; i++)
		sets.load_of[loads[i]] = (uint8_t)i;
	memset(stores, 0, flow->store_count * sizeof(*stores));
	flow_walk(flow, &actions, &sets);
	return true;
}
