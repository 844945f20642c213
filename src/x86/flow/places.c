/* Values as hashes of how they were computed: equal hashes mean equal values. */
#include "x86/decode/decode.h"
#include "x86/flow/accessors.h"
#include "x86/flow/walk.h"

#define NO_LOAD UINT16_MAX
#define CHANGED_BY_CALLS                                                                           \
	(REGISTER_BIT(RAX) | REGISTER_BIT(RCX) | REGISTER_BIT(RDX) | REGISTER_BIT(RSI) |           \
	 REGISTER_BIT(RDI) | REGISTER_BIT(R8) | REGISTER_BIT(R9) | REGISTER_BIT(R10) |             \
	 REGISTER_BIT(R11))

/* 16 registers, and then the function's slots. */
#define VALUES_MOST (16u + FLOW_SLOTS_MOST)

/* Behind the values of a state: words with a bit for each of them. */
#define BITS 2u

struct places {
	struct flow *flow;
	uint32_t value_count;
	uint64_t *joins; /* states by number */
	uint16_t *load_of;
	struct flow_values *values;
	uint64_t *stored; /* places that the function stores to, by STORED_MOST; or NULL */
	uint64_t now[VALUES_MOST + BITS];
};

#define STORED_MOST 256u /* one that has lost its place here is not known */

static uint64_t *join_state(const struct places *places, uint32_t join)
{
	return places->joins + (size_t)join * (places->value_count + BITS);
}

/* A bit for each value: what a call has returned, and what differs by the path, may be found
 * again by another search, although the two have different hashes. */
static uint64_t *found_bits(struct places *places)
{
	return &places->now[places->value_count];
}

static bool is_found(const struct places *places, unsigned number)
{
	return places->now[places->value_count] >> number & 1;
}

static void put_found(struct places *places, unsigned number, bool is_found_now)
{
	*found_bits(places) &= ~(1ull << number);
	*found_bits(places) |= (uint64_t)is_found_now << number;
}

/* A bit for each value: it comes from a place that the function stores to, so that what is found
 * by it is not what was found before: "slot = free[--count]" and "free[count++] = slot". */
static uint64_t *moving_bits(struct places *places)
{
	return &places->now[places->value_count + 1];
}

static void put_moving(struct places *places, unsigned number, bool is_moving)
{
	*moving_bits(places) &= ~(1ull << number);
	*moving_bits(places) |= (uint64_t)is_moving << number;
}

/* Is one of @registers so? */
static bool are_moving(const struct places *places, uint32_t registers)
{
	return places->now[places->value_count + 1] & registers & REGISTERS_ALL;
}

static bool is_stored(const struct places *places, uint64_t place)
{
	return places->stored && places->stored[place % STORED_MOST] == place;
}

static void begin_values(void *analysis, uint64_t name)
{
	struct places *places = analysis;

	for (uint32_t i = 0; i < places->value_count; i++)
		places->now[i] = flow_mix(name, i);
	places->now[RSP] = RSP;
	*found_bits(places) = *moving_bits(places) = 0;
}

static void set_join(void *analysis, uint32_t join)
{
	struct places *places = analysis;

	memcpy(join_state(places, join), places->now,
	       (places->value_count + BITS) * sizeof(uint64_t));
}

static void take_join(void *analysis, uint32_t join)
{
	struct places *places = analysis;

	memcpy(places->now, join_state(places, join),
	       (places->value_count + BITS) * sizeof(uint64_t));
}

/* Different values become a new one, named after the join. */
static bool meet_value(const struct places *places, uint64_t *into, uint32_t join, unsigned i)
{
	uint64_t *found = &into[places->value_count];
	uint64_t met;

	if (LIKELY(into[i] == places->now[i]))
		return false;
	met = flow_mix(0x70e1, join * 64ull + i);
	if (into[i] == met)
		return false;
	into[i] = met;
	*found |= 1ull << i;
	return true;
}

static bool meet_join(void *analysis, uint32_t join, uint32_t live)
{
	struct places *places = analysis;
	uint64_t *into = join_state(places, join);
	uint64_t moving = into[places->value_count + 1] | *moving_bits(places);
	bool has_changed = moving != into[places->value_count + 1];

	into[places->value_count + 1] = moving;
	for (live &= REGISTERS_ALL; live; live &= live - 1)
		has_changed |= meet_value(places, into, join, (unsigned)__builtin_ctz(live));
	for (uint32_t i = 16; i < places->value_count; i++)
		has_changed |= meet_value(places, into, join, i);
	return has_changed;
}

static uint64_t fixed_place(int64_t target)
{
	return flow_add_bytes(flow_mix(0, 0x91ace), target);
}

static uint64_t place_of(const struct places *places, const struct instruction *instruction)
{
	uint64_t place = instruction->memory & MEMORY_SEGMENT ? flow_mix(0, 0x71ace) : 0;

	if (instruction->is_rip_relative)
		return place + fixed_place(instruction->target);
	if (instruction->base != NO_REGISTER)
		place += places->now[instruction->base];
	if (instruction->index != NO_REGISTER)
		place += flow_mix(places->now[instruction->index], instruction->scale);
	return flow_add_bytes(place, instruction->displacement);
}

/* What the access at @index accesses: by an address that moves, another place each time. */
static uint64_t accessed_by(const struct places *places, uint32_t index)
{
	const struct instruction *instruction = &places->flow->function->instructions[index];
	uint64_t place = place_of(places, instruction);

	return are_moving(places, flow_address_registers(instruction)) ? flow_mix(place, index)
								       : place;
}

/* The same for all places that may be one, found by two searches; 0: it was not found so. */
static uint64_t like_place(const struct places *places, const struct instruction *instruction)
{
	if (instruction->is_rip_relative || instruction->base == NO_REGISTER ||
	    instruction->index != NO_REGISTER || instruction->memory & MEMORY_SEGMENT ||
	    !is_found(places, (unsigned)instruction->base))
		return 0;
	return flow_mix((uint64_t)instruction->displacement, instruction->access_bytes) | 1;
}

static uint64_t memory_value(struct places *places, uint32_t index)
{
	const struct instruction *instruction = &places->flow->function->instructions[index];
	int slot = places->flow->slot_of[index];
	uint64_t place;

	if (slot >= 0 && !flow_is_named_slot(places->flow, index))
		return places->now[16 + slot];
	place = place_of(places, instruction);
	if (places->load_of[index] != NO_LOAD) {
		places->values->load_places[places->load_of[index]] = accessed_by(places, index);
		places->values->load_likes[places->load_of[index]] =
			like_place(places, instruction);
	}
	return slot >= 0 ? places->now[16 + slot] : flow_loaded(place);
}

/* Of a constant to a register. */
static bool is_addition(const struct instruction *instruction)
{
	uint32_t operands = instruction->reads & REGISTERS_ALL;

	return !instruction->memory && instruction->source == NO_REGISTER && operands &&
	       !(operands & (operands - 1)) && instruction_form(instruction) == FORM_ADD;
}

/* A value that depends on all that the instruction reads. */
static uint64_t computed_value(struct places *places, uint32_t index)
{
	const struct instruction *instruction = &places->flow->function->instructions[index];
	uint32_t operands = instruction->reads & REGISTERS_ALL;
	uint64_t value = instruction->mnemonic;

	if (instruction->is_lea)
		return place_of(places, instruction);
	if (is_addition(instruction))
		return flow_add_bytes(places->now[__builtin_ctz(operands)],
				      instruction_subtracts(instruction) ? -instruction->immediate
									 : instruction->immediate);
	if (flow_has_memory(instruction)) {
		operands &= ~flow_address_registers(instruction);
		if (instruction->memory & MEMORY_READ)
			value = memory_value(places, index);
		if (instruction->memory & MEMORY_PLAIN_MOVE && !operands)
			return value;
	}
	value = flow_mix(value, flow_mix(instruction->mnemonic, (uint64_t)instruction->immediate));
	for (; operands; operands &= operands - 1)
		value = flow_mix(value, places->now[__builtin_ctz(operands)]);
	return value;
}

/* Does the instruction only pass on, or add a constant to, what was found? */
static bool passes_found(const struct places *places, uint32_t index)
{
	const struct instruction *instruction = &places->flow->function->instructions[index];
	int slot = places->flow->slot_of[index];

	if (flow_is_register_move(places->flow, instruction))
		return is_found(places, (unsigned)instruction->source);
	if (slot >= 0)
		return instruction->memory & MEMORY_PLAIN_MOVE &&
		       is_found(places, 16u + (unsigned)slot);
	if (instruction->is_lea)
		return instruction->base != NO_REGISTER && instruction->index == NO_REGISTER &&
		       is_found(places, (unsigned)instruction->base);
	return is_addition(instruction) &&
	       is_found(places, (unsigned)__builtin_ctz(instruction->reads & REGISTERS_ALL));
}

/* Does the result of the instruction move, as what it reads? */
static bool is_result_moving(const struct places *places, uint32_t index)
{
	const struct instruction *instruction = &places->flow->function->instructions[index];
	int slot = places->flow->slot_of[index];

	if (!(instruction->memory & MEMORY_READ))
		return are_moving(places, instruction->reads);
	if (are_moving(places, instruction->reads & ~flow_address_registers(instruction)))
		return true;
	return slot >= 0 ? places->now[places->value_count + 1] >> (16 + slot) & 1
			 : is_stored(places, place_of(places, instruction));
}

static void store_value(struct places *places, uint32_t index, uint64_t value)
{
	const struct flow *flow = places->flow;
	const struct instruction *store = &flow->function->instructions[index];
	int slot = flow->slot_of[index];
	uint32_t number = flow->store_of[index];

	if (slot >= 0) {
		places->now[16 + slot] = value;
		put_found(places, 16u + (unsigned)slot,
			  store->source != NO_REGISTER && !(store->memory & MEMORY_READ) &&
				  is_found(places, (unsigned)store->source));
		put_moving(places, 16u + (unsigned)slot, is_result_moving(places, index));
	}
	if ((slot < 0 || flow_is_named_slot(flow, index)) && flow->roles[index] & FLOW_STORE) {
		uint64_t place = place_of(places, store);

		if (places->stored && store->base != RSP && store->base != RBP)
			places->stored[place % STORED_MOST] = place;
		places->values->store_places[number] = accessed_by(places, index);
		places->values->store_likes[number] = like_place(places, store);
		places->values->store_values[number] = value;
	}
}

/* Is it a cmp of a register with a register or memory? */
static bool is_compare(const struct flow *flow, const struct instruction *instruction)
{
	const unsigned char *bytes = flow->module->text + instruction->offset;
	unsigned at = bytes[0] == 0x66;

	at += (bytes[at] & 0xf0) == 0x40;
	return bytes[at] >= 0x38 && bytes[at] <= 0x3b;
}

#define FLAGS_KEPT_MOST 4u /* instructions between a cmp and its branch */

/* Does the branch behind the cmp at @index ask whether the two are equal? */
static bool asks_equality(const struct flow *flow, uint32_t index)
{
	const struct function *function = flow->function;
	uint32_t last = index + FLAGS_KEPT_MOST;

	while (++index < function->count && index <= last) {
		const struct instruction *next = &function->instructions[index];

		if (next->kind == INSTRUCTION_BRANCH_IF)
			return (instruction_condition(flow->module->text + next->offset) & ~1u) ==
			       CONDITION_EQUAL;
		if (next->kind != INSTRUCTION_PLAIN || next->changes & FLAGS_ALL)
			return false;
	}
	return false;
}

/* Notes which values a cmp compares. */
static void note_compare(struct places *places, uint32_t index)
{
	const struct instruction *instruction = &places->flow->function->instructions[index];
	struct flow_values *values = places->values;
	uint32_t registers = instruction->reads & REGISTERS_ALL;
	uint64_t other;

	if (!(instruction->changes & FLAGS_ALL) || values->compared_count == FLOW_COMPARED_MOST ||
	    !is_compare(places->flow, instruction))
		return;
	if (flow_has_memory(instruction))
		registers &= ~flow_address_registers(instruction);
	if (!registers)
		return;
	other = flow_has_memory(instruction) ? memory_value(places, index)
					     : places->now[31 - (unsigned)__builtin_clz(registers)];
	if (asks_equality(places->flow, index))
		values->equated |= 1ull << values->compared_count;
	values->compared[values->compared_count++] =
		flow_pair_of(places->now[__builtin_ctz(registers)], other);
}

static void change_registers(struct places *places, const struct instruction *instruction,
			     uint64_t value, bool is_found_now, bool is_moving)
{
	uint32_t changed = instruction->changes & REGISTERS_ALL & ~REGISTER_BIT(RSP);
	bool is_only = (changed & (changed - 1)) == 0;

	for (; changed; changed &= changed - 1) {
		unsigned r = (unsigned)__builtin_ctz(changed);

		places->now[r] = is_only ? value : flow_mix(value, r);
		put_found(places, r, is_only && is_found_now);
		put_moving(places, r, is_moving);
	}
}

/* Slots named from rsp are other slots once rsp changes. */
static void forget_moved_slots(struct places *places, uint32_t index)
{
	for (unsigned i = 0; i < places->flow->slot_count; i++)
		if (places->flow->slot_keys[i] & 1) {
			places->now[16 + i] = flow_mix(index, 64 + i);
			put_found(places, 16 + i, false);
			put_moving(places, 16 + i, false);
		}
}

static void run_plain(void *analysis, uint32_t index)
{
	struct places *places = analysis;
	const struct instruction *instruction = &places->flow->function->instructions[index];
	uint64_t value;
	bool is_found_now, is_moving;

	note_compare(places, index);
	/* The result goes nowhere. */
	if (!(instruction->changes & REGISTERS_ALL) && !instruction->memory)
		return;
	value = computed_value(places, index);
	is_found_now = *found_bits(places) && passes_found(places, index);
	is_moving = is_result_moving(places, index);
	if (instruction->memory & MEMORY_WRITE)
		store_value(places, index,
			    instruction->source == NO_REGISTER || instruction->memory & MEMORY_READ
				    ? value
				    : places->now[instruction->source]);
	if (flow_is_register_move(places->flow, instruction))
		value = places->now[instruction->source];
	change_registers(places, instruction, value, is_found_now, is_moving);
	if (instruction->changes & REGISTER_BIT(RSP))
		forget_moved_slots(places, index);
}

/* As place_of() where the accessor is called. */
static uint64_t accessed_place(const struct places *places, const struct accessor_path *path)
{
	uint64_t place = fixed_place(path->target);

	for (unsigned i = path->is_rip_relative; i < path->length; i++)
		place = flow_add_bytes(i ? flow_loaded(place) : places->now[path->argument],
				       path->steps[i]);
	return place;
}

/* What a call returns: the same if it is given the same, as most that return a reference or
 * pointer do. */
static uint64_t returned_value(const struct places *places, const struct instruction *call)
{
	const struct function *function = module_find(places->flow->module, call->target);
	uint64_t value = flow_mix(0xca11ed, (uint64_t)call->target);

	if (call->kind != INSTRUCTION_CALL || !function ||
	    function->start != (uint64_t)call->target || !function->arguments)
		return flow_mix(0xca11, call->offset);
	for (uint32_t left = function->arguments; left; left &= left - 1)
		value = flow_mix(value, places->now[__builtin_ctz(left)]);
	return value;
}

static void run_call(void *analysis, uint32_t index)
{
	struct places *places = analysis;
	const struct flow *flow = places->flow;
	const struct accessor *accessor = NULL;
	uint64_t result = returned_value(places, &flow->function->instructions[index]);
	uint64_t place = 0;

	if (flow->roles[index])
		accessor = accessor_called(flow->module, &flow->function->instructions[index]);
	if (accessor)
		place = accessed_place(places, &accessor->path);
	if (accessor && accessor->is_store) {
		places->values->store_places[flow->store_of[index]] = place;
		places->values->store_values[flow->store_of[index]] =
			!accessor->acts && accessor->value < ACCESSOR_VECTORS
				? places->now[accessor->value]
				: flow_mix(0xca11, index);
	}
	for (unsigned r = 0; r < 16; r++)
		if (CHANGED_BY_CALLS & REGISTER_BIT(r))
			places->now[r] = flow_mix(0xca11, index * 16 + r);
	*found_bits(places) &= ~(uint64_t)CHANGED_BY_CALLS;
	*moving_bits(places) &= ~(uint64_t)CHANGED_BY_CALLS;
	places->now[RAX] = result;
	put_found(places, RAX, true);
	if (places->load_of[index] != NO_LOAD) {
		places->values->load_places[places->load_of[index]] = place;
		if (accessor && accessor->value == RAX && !accessor->is_derived)
			places->now[RAX] = flow_loaded(place);
	}
}

static void ignore_instruction(void *analysis, uint32_t index)
{
	(void)analysis;
	(void)index;
}

static void number_loads(struct places *places, const struct flow_loads *loads)
{
	for (uint32_t i = 0; i < places->flow->function->count; i++)
		places->load_of[i] = NO_LOAD;
	for (uint32_t i = 0; i < loads->count; i++)
		places->load_of[loads->at[i]] = (uint16_t)i;
}

bool flow_find_places(struct flow *flow, struct scratch *scratch, const struct flow_loads *loads,
		      struct flow_values *values)
{
	static const struct flow_actions actions = {
		.begin = begin_values,
		.set = set_join,
		.meet = meet_join,
		.take = take_join,
		.plain = run_plain,
		.call = run_call,
		.decide = ignore_instruction,
		.pass_by = ignore_instruction,
	};
	struct places places = {
		.flow = flow,
		.value_count = 16 + flow->slot_count,
		.load_of = scratch_take(scratch, flow->function->count * sizeof(uint16_t)),
		.values = values,
	};

	places.joins =
		scratch_take(scratch, ((size_t)flow->join_count + 1) * (places.value_count + BITS) *
					      sizeof(uint64_t));
	places.stored = scratch_take(scratch, STORED_MOST * sizeof(uint64_t));
	if (!places.load_of || !places.joins)
		return false;
	if (places.stored)
		memset(places.stored, 0, STORED_MOST * sizeof(uint64_t));
	number_loads(&places, loads);
	flow_walk(flow, &actions, &places);
	return true;
}
