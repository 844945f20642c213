/* A walk by the layout: who needs more asks flow.h. */
#include "x86/flow/accessors.h"

#include "x86/decode/decode.h"
#include "x86/flow/walk.h"

#define SLOTS_MOST 16u

/* A value, as far as it rests on what a call has returned. */
struct value {
	uint32_t call; /* its index + 1; 0: on none */
	bool is_made;  /* it is not what was returned, but computed of it */
};

struct walk {
	struct value registers[16];
	struct slot {
		int32_t displacement;
		int8_t base;
		struct value value;
	} slots[SLOTS_MOST];
	uint32_t slot_count;
};

/* May @call load or store for its caller? */
static bool is_candidate(const struct module *module, const struct instruction *call)
{
	return call->kind == INSTRUCTION_CALL_INDIRECT ||
	       module_jumps_to_import(module, call->target) || accessor_at(module, call->target);
}

static struct slot *find_slot(struct walk *walk, const struct instruction *instruction)
{
	for (uint32_t i = 0; i < walk->slot_count; i++)
		if (walk->slots[i].displacement == instruction->displacement &&
		    walk->slots[i].base == instruction->base)
			return &walk->slots[i];
	return NULL;
}

static bool is_slot(const struct instruction *instruction)
{
	return flow_has_memory(instruction) && instruction->index == NO_REGISTER &&
	       (instruction->base == RSP || instruction->memory & MEMORY_STACK);
}

static void store_slot(struct walk *walk, const struct instruction *instruction)
{
	struct slot *slot = find_slot(walk, instruction);
	struct value value = {0, false};

	if (instruction->source != NO_REGISTER && !(instruction->memory & MEMORY_READ))
		value = walk->registers[instruction->source];
	if (!slot && value.call && walk->slot_count < SLOTS_MOST)
		slot = &walk->slots[walk->slot_count++];
	if (slot)
		*slot = (struct slot){instruction->displacement, instruction->base, value};
}

/* What @instruction makes of what it reads. */
static struct value make_value(struct walk *walk, const struct instruction *instruction)
{
	enum instruction_form form = instruction_form(instruction);
	uint32_t operands = instruction->reads & REGISTERS_ALL;
	struct value value = {0, false};
	const struct slot *slot;

	if (flow_has_memory(instruction)) {
		slot = is_slot(instruction) ? find_slot(walk, instruction) : NULL;
		if (slot)
			value = slot->value;
		operands &= ~flow_address_registers(instruction);
	}
	for (; operands && !value.call; operands &= operands - 1)
		value = walk->registers[__builtin_ctz(operands)];
	value.is_made |= value.call && form != FORM_MOVE && form != FORM_EXTEND;
	return value;
}

static void run_plain(struct walk *walk, const struct instruction *instruction)
{
	uint32_t changed = instruction->changes & REGISTERS_ALL & ~REGISTER_BIT(RSP);
	struct value value;

	if (is_slot(instruction) && instruction->memory & MEMORY_WRITE)
		store_slot(walk, instruction);
	if (!changed)
		return;
	value = make_value(walk, instruction);
	for (; changed; changed &= changed - 1)
		walk->registers[__builtin_ctz(changed)] = value;
}

/* Returns the call on whose result an argument of this one rests, as in walk; 0: none. */
static uint32_t run_call(struct walk *walk, uint32_t index, bool is_wanted)
{
	uint32_t from = 0;

	for (unsigned i = 0; is_wanted && i < ARGUMENTS_MOST; i++) {
		const struct value *value = &walk->registers[register_of_argument(i)];

		if (value->is_made)
			from = value->call;
	}
	for (unsigned r = 0; r < 16; r++)
		if (!(REGISTERS_PRESERVED >> r & 1))
			walk->registers[r] = (struct value){0, false};
	if (is_wanted)
		walk->registers[RAX].call = index + 1;
	return from;
}

bool open_calls_find(const struct module *module, const struct function *function, uint8_t *roles)
{
	struct walk walk = {.slot_count = 0};
	bool is_found = false;

	for (uint32_t i = 0; function->has_call && i < function->count; i++) {
		const struct instruction *instruction = &function->instructions[i];
		uint32_t from;

		if (!instruction_is_call(instruction)) {
			if (instruction->kind == INSTRUCTION_PLAIN)
				run_plain(&walk, instruction);
			continue;
		}
		from = run_call(&walk, i, is_candidate(module, instruction));
		if (!from)
			continue;
		is_found = true;
		if (!roles)
			return true;
		roles[i] |= FLOW_OPEN;
		roles[from - 1] |= FLOW_OPEN;
	}
	return is_found;
}
