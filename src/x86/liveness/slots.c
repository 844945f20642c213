#include "x86/liveness/slots.h"

#define SLOT_BYTES 32

static bool is_on_stack(const struct instruction *instruction)
{
	return instruction->memory && (instruction->base == RSP ||
				       (instruction->memory & MEMORY_STACK));
}

static bool is_of_slot(const struct slot *slot, const struct instruction *instruction)
{
	return slot->base == instruction->base && instruction->index == NO_REGISTER &&
	       !(instruction->memory & MEMORY_GATHER);
}

static bool has_slot(const struct slots *slots, const struct instruction *instruction)
{
	for (unsigned i = 0; i < slots->count; i++)
		if (slots->slots[i].base == instruction->base &&
		    slots->slots[i].at == instruction->displacement)
			return true;
	return false;
}

void slots_find(const struct module *module, const struct function *function, struct slots *slots)
{
	slots->count = 0;
	if (function->stack_escapes)
		return;
	for (uint32_t i = 0; i < function->count && slots->count < LANES_SLOTS; i++) {
		const struct instruction *instruction = &function->instructions[i];

		if (is_on_stack(instruction) && instruction->index == NO_REGISTER &&
		    lanes_are_stored(module->text + instruction->offset, instruction) &&
		    !has_slot(slots, instruction))
			slots->slots[slots->count++] =
				(struct slot){instruction->displacement, instruction->base};
	}
}

bool slots_are_concerned(const struct slots *slots, const struct instruction *instruction)
{
	return slots->count &&
	       (is_on_stack(instruction) || instruction->changes & REGISTER_BIT(RSP));
}

/* Bits of the slot's bytes that an access touches. */
static uint32_t touched(const struct slot *slot, const struct instruction *instruction)
{
	int64_t from = (int64_t)instruction->displacement - slot->at;
	int64_t to = from + instruction->access_bytes;

	from = from < 0 ? 0 : from;
	to = to > SLOT_BYTES ? SLOT_BYTES : to;
	return from < to ? vector_bytes_at((unsigned)from, (unsigned)(to - from)) : 0;
}

/* Bits counted from the slot, or from the access: the one in terms of the other. */
static uint32_t moved(uint32_t bits, int64_t by)
{
	return by <= -32 || by >= 32 ? 0 : by < 0 ? bits >> -by : bits << by;
}

void slots_before_store(const struct slots *slots, const struct instruction *instruction,
			struct lanes *lanes)
{
	uint32_t known = 0, needed = 0;

	lanes->is_dropped = 0;
	if (!slots->count || !is_on_stack(instruction) ||
	    (instruction->memory & (MEMORY_READ | MEMORY_WRITE | MEMORY_MASKED)) != MEMORY_WRITE)
		return;
	for (unsigned i = 0; i < slots->count; i++) {
		const struct slot *slot = &slots->slots[i];
		uint32_t *of_slot = &lanes->needed[LANES_REGISTERS + i];
		uint32_t bits = is_of_slot(slot, instruction) ? touched(slot, instruction) : 0;
		int64_t by = (int64_t)slot->at - instruction->displacement;

		known |= moved(bits, by);
		needed |= moved(bits & *of_slot, by);
		*of_slot &= ~bits;
	}
	lanes->is_dropped = known & ~needed;
}

static bool is_any_needed(const struct slots *slots, const struct lanes *lanes)
{
	for (unsigned i = 0; i < slots->count; i++)
		if (lanes->needed[LANES_REGISTERS + i])
			return true;
	return false;
}

static void need_all(const struct slots *slots, struct lanes *lanes)
{
	for (unsigned i = 0; i < slots->count; i++)
		lanes->needed[LANES_REGISTERS + i] = LANES_ALL;
}

static void need_loaded(const struct slots *slots, const struct instruction *instruction,
			uint32_t of_memory, struct lanes *lanes)
{
	for (unsigned i = 0; i < slots->count; i++) {
		const struct slot *slot = &slots->slots[i];
		int64_t by = (int64_t)instruction->displacement - slot->at;
		uint32_t bits = LANES_ALL;

		if (is_of_slot(slot, instruction))
			bits = touched(slot, instruction) &
			       (of_memory == LANES_ALL ? LANES_ALL : moved(of_memory, by));
		lanes->needed[LANES_REGISTERS + i] |= bits;
	}
}

void slots_before_load(const struct slots *slots, const struct instruction *instruction,
		       uint32_t of_memory, struct lanes *lanes)
{
	if (!slots->count || instruction->kind == INSTRUCTION_RETURN)
		return;
	if (instruction_is_call(instruction) ||
	    (instruction->changes & REGISTER_BIT(RSP) && is_any_needed(slots, lanes)))
		need_all(slots, lanes);
	else if (!(instruction->changes & REGISTER_BIT(RSP)) && is_on_stack(instruction) &&
		 instruction->memory & MEMORY_READ)
		need_loaded(slots, instruction, of_memory, lanes);
}
