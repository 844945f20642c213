#include "x86/flow_state.h"

#include <string.h>

#include "x86/plan.h"
#include "x86/vector.h"

#define PASS_LIMIT 4u
#define JOIN_LIMIT 8192u
#define NO_JOIN UINT32_MAX
#define NO_LOAD UINT8_MAX
#define CHANGED_BY_CALLS                                                                           \
	(REGISTER_BIT(RAX) | REGISTER_BIT(RCX) | REGISTER_BIT(RDX) | REGISTER_BIT(RSI) |           \
	 REGISTER_BIT(RDI) | REGISTER_BIT(R8) | REGISTER_BIT(R9) | REGISTER_BIT(R10) |             \
	 REGISTER_BIT(R11))

/* --- Values --------------------------------------------------------------------------- */

static int find_slot(const struct flow *flow, const struct instruction *instruction)
{
	bool is_rsp = instruction->base == RSP;
	int32_t key = (int32_t)((uint32_t)instruction->displacement * 2u + is_rsp);

	if (instruction->index != NO_REGISTER || instruction->is_rip_relative ||
	    !(is_rsp || instruction->memory & MEMORY_STACK))
		return -1;
	for (unsigned i = 0; i < flow->slot_count; i++)
		if (flow->slot_keys[i] == key)
			return (int)i;
	return -1;
}

static void add_slot(struct flow *flow, const struct instruction *instruction)
{
	bool is_rsp = instruction->base == RSP;

	if (!(instruction->memory & MEMORY_WRITE) || instruction->index != NO_REGISTER ||
	    instruction->is_rip_relative || flow->slot_count == FLOW_SLOTS_MOST ||
	    !(is_rsp || instruction->memory & MEMORY_STACK) || find_slot(flow, instruction) >= 0)
		return;
	flow->slot_keys[flow->slot_count++] =
		(int32_t)((uint32_t)instruction->displacement * 2u + is_rsp);
}

static uint64_t place_of(const struct flow *flow, const struct instruction *instruction)
{
	const struct state *now = &flow->now;
	uint64_t hash = 0x91ace;

	if (instruction->is_rip_relative)
		return flow_mix(hash, (uint64_t)instruction->target);
	if (instruction->base != NO_REGISTER)
		hash = flow_mix(hash, now->registers[instruction->base].hash);
	if (instruction->index != NO_REGISTER)
		hash = flow_mix(hash, flow_mix(now->registers[instruction->index].hash,
					       instruction->scale));
	return flow_mix(hash, (uint64_t)(int64_t)instruction->displacement);
}

static bool has_memory(const struct instruction *instruction)
{
	return (instruction->memory & (MEMORY_READ | MEMORY_WRITE)) != 0 && !instruction->is_lea;
}

static uint32_t address_registers(const struct instruction *instruction)
{
	uint32_t registers = 0;

	if (instruction->base != NO_REGISTER)
		registers |= REGISTER_BIT((unsigned)instruction->base);
	if (instruction->index != NO_REGISTER)
		registers |= REGISTER_BIT((unsigned)instruction->index);
	return registers;
}

/* The load's bit in sets, 0 if it is not in this batch. */
static uint64_t load_bit(struct flow *flow, uint32_t index, uint64_t place)
{
	uint8_t number = flow->load_of[index];

	if (number == NO_LOAD)
		return 0;
	flow->loads->places[number] = place;
	return 1ull << number;
}

/* mov between registers, which hands a value on as it is. */
static bool is_register_move(const struct flow *flow, const struct instruction *instruction)
{
	const unsigned char *bytes = flow->module->text + instruction->offset;
	unsigned at = (bytes[0] & 0xf0) == 0x40;

	return instruction->length >= at + 2 && (bytes[at] == 0x89 || bytes[at] == 0x8b) &&
	       bytes[at + 1] >= 0xc0;
}

/* What memory gives to the instruction. */
static struct value memory_value(struct flow *flow, uint32_t index)
{
	const struct instruction *instruction = &flow->function->instructions[index];
	int slot = flow->slot_of[index];
	uint64_t place;

	if (slot >= 0)
		return flow->now.others[slot];
	place = place_of(flow, instruction);
	return (struct value){
		.hash = flow_mix(0x10ad, place),
		.loads = load_bit(flow, index, place),
	};
}

/* The value that the instruction computes from all it reads. */
static struct value computed_value(struct flow *flow, uint32_t index)
{
	const struct instruction *instruction = &flow->function->instructions[index];
	struct state *now = &flow->now;
	uint32_t operands = instruction->reads & REGISTERS_ALL;
	struct value value = {.hash = instruction->mnemonic};

	if (has_memory(instruction)) {
		operands &= ~address_registers(instruction);
		if (instruction->memory & MEMORY_READ)
			value = memory_value(flow, index);
		if (instruction->memory & MEMORY_PLAIN_MOVE && !operands)
			return value;
	}
	if (instruction->is_lea)
		value.hash = place_of(flow, instruction);
	value.hash = flow_mix(value.hash,
			      flow_mix(instruction->mnemonic, (uint64_t)instruction->immediate));
	for (; operands; operands &= operands - 1) {
		const struct value *operand = &now->registers[__builtin_ctz(operands)];

		value.hash = flow_mix(value.hash, operand->hash);
		value.loads |= operand->loads;
	}
	if (instruction->reads & FLAGS_ALL)
		value.loads |= now->flags;
	return value;
}

/* --- Vector registers: only what they rest on ------------------------------------------ */

/* By the first bytes: an escape, VEX, or a prefix that may stand before one. */
static bool may_be_vector(const unsigned char *bytes)
{
	if ((bytes[0] & 0xf0) == 0x40)
		return bytes[1] == 0x0f;
	return bytes[0] == 0x0f || bytes[0] == 0x66 || bytes[0] == 0xf2 || bytes[0] == 0xf3 ||
	       bytes[0] == 0xc4 || bytes[0] == 0xc5 || bytes[0] == 0x2e || bytes[0] == 0x3e;
}

/* False: it has nothing to do with vectors.  What it stores goes to *@stored. */
static bool move_vectors(struct flow *flow, uint32_t index, const struct value *memory,
			 uint64_t *stored)
{
	const struct instruction *instruction = &flow->function->instructions[index];
	const unsigned char *bytes = flow->module->text + instruction->offset;
	struct vector_operands operands;
	uint64_t from;

	if (!flow->vector_count || instruction->source != NO_REGISTER || !may_be_vector(bytes) ||
	    !vector_decode(bytes, instruction->length, &operands))
		return false;
	if (operands.is_store) {
		*stored = flow_vector(flow, operands.reg)->loads;
		if (operands.has_rm && !operands.to_general)
			flow_vector(flow, operands.rm)->loads = *stored;
		return true;
	}
	from = operands.has_rm ? flow_vector(flow, operands.rm)->loads : memory->loads;
	if (operands.from_general)
		from = memory->loads;
	*stored = from;
	if (operands.to_general || instruction->changes & FLAGS_ALL)
		return true;
	if (!operands.is_move || operands.extra != operands.reg)
		from |= flow_vector(flow, operands.extra)->loads;
	flow_vector(flow, operands.reg)->loads = from;
	return true;
}

/* --- Pairs --------------------------------------------------------------------------------- */

static void unite(struct flow *flow, uint32_t load, uint32_t store)
{
	uint32_t *slices = flow->notes->slices;
	uint32_t old = slices[store];

	if (!slices[load])
		slices[load] = old ? old : ++*flow->notes->slice_count;
	slices[store] = slices[load];
	if (!old || old == slices[load])
		return;
	for (uint32_t i = 0; i < flow->function->count; i++)
		if (slices[i] == old)
			slices[i] = slices[load];
}

/* Which loads of its place are in the stored value, and which decided that it is made? */
static void pair_store(struct flow *flow, const struct flow_store *store)
{
	struct flow_loads *loads = flow->loads;

	for (uint64_t bits = store->rests | store->decided; bits; bits &= bits - 1) {
		unsigned i = (unsigned)__builtin_ctzll(bits);

		if (loads->places[i] != store->place || loads->at[i] == store->index)
			continue;
		unite(flow, loads->at[i], store->index);
		if (store->rests >> i & 1) {
			flow->notes->flags[loads->at[i]] |= PLAN_SITE_BASIS;
			flow->notes->flags[store->index] |= PLAN_SITE_UPDATE;
		} else {
			flow->notes->flags[loads->at[i]] |= PLAN_SITE_DECIDES;
		}
	}
}

static void note_store(struct flow *flow, uint32_t index, uint64_t rests)
{
	uint64_t decided = flow->now.taken ^ flow->now.passed;
	struct flow_store *store = &flow->stores[flow->store_of[index]];

	*store = (struct flow_store){.index = index, .rests = rests, .decided = decided};
	if (rests | decided)
		store->place = place_of(flow, &flow->function->instructions[index]);
	if (flow->is_last_pass)
		pair_store(flow, store);
}

/* --- Instructions ----------------------------------------------------------------------------- */

/* What a store stores: a register's value, or what the instruction computed. */
static struct value stored_value(const struct flow *flow, const struct instruction *instruction,
				 const struct value *computed)
{
	if (instruction->source == NO_REGISTER || instruction->memory & MEMORY_READ)
		return *computed;
	return flow->now.registers[instruction->source];
}

static void store_value(struct flow *flow, uint32_t index, const struct value *value)
{
	int slot = flow->slot_of[index];

	if (slot >= 0)
		flow->now.others[slot] = *value;
	else if (flow->roles[index] & FLOW_STORE)
		note_store(flow, index, value->loads);
}

static void change_registers(struct flow *flow, const struct instruction *instruction,
			     const struct value *value)
{
	uint32_t changed = instruction->changes & REGISTERS_ALL & ~REGISTER_BIT(RSP);
	bool is_only = (changed & (changed - 1)) == 0;

	for (; changed; changed &= changed - 1) {
		unsigned r = (unsigned)__builtin_ctz(changed);

		flow->now.registers[r].hash = is_only ? value->hash : flow_mix(value->hash, r);
		flow->now.registers[r].loads = value->loads;
	}
	if (instruction->changes & FLAGS_ALL)
		flow->now.flags = value->loads;
}

/* Slots named from rsp mean other places once it moves. */
static void forget_moved_slots(struct flow *flow, uint32_t index)
{
	for (unsigned i = 0; i < flow->slot_count; i++)
		if (flow->slot_keys[i] & 1)
			flow->now.others[i] = (struct value){.hash = flow_mix(index, 64 + i)};
}

static void run_plain(struct flow *flow, uint32_t index)
{
	const struct instruction *instruction = &flow->function->instructions[index];
	struct value value = computed_value(flow, index), stored;
	uint64_t vector_loads = 0;

	if (move_vectors(flow, index, &value, &vector_loads))
		value.loads = vector_loads;
	stored = stored_value(flow, instruction, &value);
	if (instruction->memory & MEMORY_WRITE)
		store_value(flow, index, &stored);
	if (is_register_move(flow, instruction) && instruction->source != NO_REGISTER)
		value = flow->now.registers[instruction->source];
	change_registers(flow, instruction, &value);
	if (instruction->changes & REGISTER_BIT(RSP))
		forget_moved_slots(flow, index);
}

static void run_call(struct flow *flow, uint32_t index)
{
	for (unsigned r = 0; r < 16; r++)
		if (CHANGED_BY_CALLS & REGISTER_BIT(r))
			flow->now.registers[r] =
				(struct value){.hash = flow_mix(0xca11, index * 16 + r)};
	for (unsigned i = 0; i < flow->vector_count; i++)
		flow_vector(flow, i)->loads = 0;
	flow->now.flags = 0;
}

static void branch_to(struct flow *flow, const struct instruction *branch,
		      const struct state *state)
{
	uint32_t index = function_target(flow->function, branch);

	if (index != UINT32_MAX && flow->join_numbers[index] != NO_JOIN)
		flow_meet(flow, flow->join_numbers[index], flow->live[index], state);
}

static bool is_call(const struct instruction *instruction)
{
	return instruction->kind == INSTRUCTION_CALL ||
	       instruction->kind == INSTRUCTION_CALL_INDIRECT;
}

/* May @instruction go on with the next one? */
static bool falls_through(const struct instruction *instruction)
{
	return instruction->kind == INSTRUCTION_PLAIN ||
	       instruction->kind == INSTRUCTION_BRANCH_IF || instruction->kind == INSTRUCTION_LOOP;
}

/*
 * Does the code that @branch goes to end in a call that does not come back, as far
 * as the layout tells?  It lies apart, and behind the call is code that is
 * reached otherwise, or none.  Such a branch is an assertion rather than a decision,
 * as is one that leaves the function (its cold part).
 */
static bool is_dead_end(const struct flow *flow, const struct instruction *branch)
{
	const struct function *function = flow->function;
	const struct instruction *instructions = function->instructions;
	uint32_t index = function_target(function, branch);

	if (index == UINT32_MAX)
		return true;
	if (index == 0 || falls_through(&instructions[index - 1]))
		return false;
	for (; index < function->count; index++) {
		if (instructions[index].kind == INSTRUCTION_STOP)
			return true;
		if (is_call(&instructions[index]) &&
		    (index + 1 == function->count ||
		     function->reach[index + 1] & (REACH_BRANCH | REACH_INDIRECT)))
			return true;
		if (!is_call(&instructions[index]) && instructions[index].kind != INSTRUCTION_PLAIN)
			return false;
	}
	return true;
}

static void run_branch_if(struct flow *flow, const struct instruction *instruction)
{
	uint64_t taken = flow->now.taken;
	uint64_t decides = is_dead_end(flow, instruction) ? 0 : flow->now.flags;

	flow->now.taken |= decides;
	branch_to(flow, instruction, &flow->now);
	flow->now.taken = taken;
	flow->now.passed |= decides;
}

static void run(struct flow *flow, uint32_t index)
{
	const struct instruction *instruction = &flow->function->instructions[index];

	switch ((enum instruction_kind)instruction->kind) {
	case INSTRUCTION_PLAIN:
		run_plain(flow, index);
		break;
	case INSTRUCTION_BRANCH_IF:
	case INSTRUCTION_LOOP:
		run_branch_if(flow, instruction);
		break;
	case INSTRUCTION_CALL:
	case INSTRUCTION_CALL_INDIRECT:
		run_call(flow, index);
		break;
	case INSTRUCTION_BRANCH:
		branch_to(flow, instruction, &flow->now);
		flow->now.is_reached = false;
		break;
	case INSTRUCTION_JUMP_INDIRECT:
		flow_meet(flow, flow->join_count, REGISTERS_ALL, &flow->now);
		flow->now.is_reached = false;
		break;
	case INSTRUCTION_RETURN:
	case INSTRUCTION_STOP:
	case INSTRUCTION_UNKNOWN:
		flow->now.is_reached = false;
		break;
	}
}

/* Arrives at a place where paths meet.  False: nothing is new here. */
static bool arrive_at_join(struct flow *flow, uint32_t index)
{
	struct state *join = flow_join(flow, flow->join_numbers[index]);
	uint8_t reach = flow->function->reach[index];

	if (flow->now.is_reached)
		flow_meet(flow, flow->join_numbers[index], flow->live[index], &flow->now);
	if (reach & REACH_INDIRECT && flow_join(flow, flow->join_count)->is_reached)
		flow_meet(flow, flow->join_numbers[index], flow->live[index],
			  flow_join(flow, flow->join_count));
	flow->now.is_reached = false;
	if (!flow->is_whole_pass && !(join->is_reached && join->is_new))
		return false;
	join->is_new = false;
	if (join->is_reached)
		memcpy(&flow->now, join, flow_state_bytes(flow));
	else if (reach & (REACH_ENTRY | REACH_INDIRECT))
		flow_begin(flow, &flow->now, flow_mix(0xbe91, index));
	return true;
}

/* The first pass follows all code; after that what comes to joins that have changed
 * is followed, up to the next join. */
static void run_pass(struct flow *flow)
{
	bool follows = flow->is_whole_pass;

	flow->has_changed = false;
	flow->now.is_reached = false;
	if (follows)
		flow_begin(flow, &flow->now, 0xbe90);
	for (uint32_t i = 0; i < flow->function->count; i++) {
		if (flow->join_numbers[i] != NO_JOIN)
			follows = arrive_at_join(flow, i);
		else if (follows && !flow->now.is_reached &&
			 flow->function->reach[i] & REACH_ENTRY)
			flow_begin(flow, &flow->now, flow_mix(0xbe91, i));
		if (flow->now.is_reached)
			run(flow, i);
	}
}

/* Whether one pass is enough, and vectors are to be followed. */
static void note_shape(struct flow *flow, uint32_t index)
{
	const struct instruction *instruction = &flow->function->instructions[index];
	bool is_branch = instruction->kind == INSTRUCTION_BRANCH ||
			 instruction->kind == INSTRUCTION_BRANCH_IF ||
			 instruction->kind == INSTRUCTION_LOOP;

	if ((is_branch && instruction->target <= instruction->offset) ||
	    instruction->kind == INSTRUCTION_JUMP_INDIRECT)
		flow->has_loop = true;
	if (instruction->source == NO_REGISTER && flow->roles[index] & FLOW_STORE &&
	    !(instruction->memory & (MEMORY_CONSTANT | MEMORY_READ)))
		flow->vector_count = FLOW_VECTORS;
}

static void number_joins(struct flow *flow)
{
	const struct function *function = flow->function;

	for (uint32_t i = 0; i < function->count; i++) {
		bool is_join = i && function->reach[i] & (REACH_BRANCH | REACH_INDIRECT);

		flow->join_numbers[i] = is_join ? flow->join_count++ : NO_JOIN;
		flow->store_of[i] = flow->store_count;
		flow->store_count += (flow->roles[i] & FLOW_STORE) != 0;
		add_slot(flow, &function->instructions[i]);
		note_shape(flow, i);
	}
	for (uint32_t i = 0; i < function->count; i++)
		flow->slot_of[i] = (int8_t)find_slot(flow, &function->instructions[i]);
}

struct flow *flow_open(const struct module *module, const struct function *function,
		       struct scratch *scratch, const uint8_t *roles, const uint32_t *live)
{
	struct flow *flow = scratch_take(scratch, sizeof(*flow));

	if (!flow)
		return NULL;
	*flow = (struct flow){
		.module = module,
		.function = function,
		.roles = roles,
		.live = live,
		.join_numbers = scratch_take(scratch, function->count * sizeof(uint32_t)),
		.store_of = scratch_take(scratch, function->count * sizeof(uint32_t)),
		.slot_of = scratch_take(scratch, function->count),
		.load_of = scratch_take(scratch, function->count),
	};
	if (!flow->join_numbers || !flow->store_of || !flow->slot_of || !flow->load_of)
		return NULL;
	number_joins(flow);
	if (flow->join_count > JOIN_LIMIT)
		return NULL;
	flow->joins = scratch_take(scratch, (flow->join_count + 1) * flow_state_bytes(flow));
	flow->stores = scratch_take(scratch, flow->store_count * sizeof(*flow->stores));
	return flow->joins && flow->stores ? flow : NULL;
}

static void begin_batch(struct flow *flow, struct flow_loads *loads,
			const struct slice_notes *notes)
{
	flow->loads = loads;
	flow->notes = notes;
	for (uint32_t i = 0; i <= flow->join_count; i++)
		flow_join(flow, i)->is_reached = false;
	memset(flow->stores, 0, flow->store_count * sizeof(*flow->stores));
	memset(flow->load_of, NO_LOAD, flow->function->count);
	for (uint32_t i = 0; i < loads->count; i++)
		flow->load_of[loads->at[i]] = (uint8_t)i;
}

void flow_pair(struct flow *flow, struct flow_loads *loads, const struct slice_notes *notes)
{
	begin_batch(flow, loads, notes);
	/* Once nothing changes, another pass would find the same. */
	for (unsigned pass = 0; pass <= PASS_LIMIT; pass++) {
		flow->is_last_pass = pass == PASS_LIMIT;
		flow->is_whole_pass = pass == 0 || flow->is_last_pass;
		run_pass(flow);
		if (!flow->has_changed || !flow->has_loop)
			break;
	}
	for (uint32_t i = 0; i < flow->store_count && !flow->is_last_pass; i++)
		pair_store(flow, &flow->stores[i]);
}
