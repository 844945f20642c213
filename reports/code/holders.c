#include "reports/code/holders.h"

#include "x86/liveness/vector_use.h"

#define VECTOR(number) ((holders)1 << (32 + (number)))
#define SLOT(number) ((holders)1 << (48 + (number)))

static holders bit_of(int number)
{
	return number == NO_REGISTER ? 0 : REGISTER_BIT((unsigned)number);
}

static bool is_slot(const struct instruction *instruction)
{
	return (instruction->base == RSP || instruction->base == RBP) &&
	       instruction->index == NO_REGISTER && !(instruction->memory & MEMORY_SEGMENT);
}

static unsigned find_slot(const struct stack_slot *slots, unsigned count,
			  const struct instruction *instruction)
{
	unsigned i;

	for (i = 0; i < count; i++)
		if (slots[i].base == instruction->base &&
		    slots[i].displacement == instruction->displacement)
			break;
	return i;
}

void holders_note_given(struct stack_slots *slots, const struct instruction *instruction)
{
	if (instruction->is_lea && is_slot(instruction) && slots->given_count < HOLDERS_GIVEN_MAX)
		slots->given[slots->given_count++] = (struct stack_slot){
			instruction->base, instruction->displacement};
}

/* The slot that @instruction accesses: its bit; 0 if it is none, or there is no room. */
static holders slot_of(struct stack_slots *slots, const struct instruction *instruction)
{
	unsigned slot = find_slot(slots->known, slots->count, instruction);

	if (!is_slot(instruction) || slots->given_count == HOLDERS_GIVEN_MAX ||
	    find_slot(slots->given, slots->given_count, instruction) < slots->given_count ||
	    slot == HOLDERS_SLOTS_MAX)
		return 0;
	if (slot == slots->count)
		slots->known[slots->count++] = (struct stack_slot){instruction->base,
								   instruction->displacement};
	return SLOT(slot);
}

/* --- Vectors ------------------------------------------------------------------------------- */

/* pand, pandn, andps, andnps: what masks are put in force by. */
static bool is_mask(const struct vector_use *use)
{
	unsigned opcode = *use->opcode;

	return use->row->form == FORM_CHOOSE ||
	       (use->row->map == 1 && use->row->form == FORM_EACH &&
		(opcode == 0x54 || opcode == 0x55 || opcode == 0xdb || opcode == 0xdf));
}

bool holders_is_comparison(const struct instruction *instruction, const unsigned char *bytes)
{
	struct vector_use use;
	unsigned opcode;

	if (vector_use_of(bytes, instruction, &use) != VECTOR_KNOWN)
		return false;
	opcode = *use.opcode;
	return use.row->map == 1   ? (opcode >= 0x64 && opcode <= 0x66) ||
					     (opcode >= 0x74 && opcode <= 0x76) || opcode == 0xc2
	       : use.row->map == 2 ? opcode == 0x29 || opcode == 0x37
				   : false;
}

/* What the result of @use is made of; @second: its second operand. */
static holders sources_of(const struct vector_use *use, holders second)
{
	holders sources = 0;

	if (vector_use_is_zeros(use) || vector_use_is_ones(use))
		return 0;
	if (use->row->form == FORM_GENERAL || use->row->form == FORM_INSERT)
		sources = second;
	for (unsigned i = 0; i < use->width; i++) {
		struct vector_sources of = vector_sources_of(use, i);

		sources |= (of.first ? VECTOR(use->first) : 0) | (of.second ? second : 0) |
			   (of.third ? VECTOR(use->third) : 0);
	}
	return sources;
}

/* What an instruction without a vector as its result looks at. */
static holders looked_at(const struct vector_use *use, holders second)
{
	if (use->row->form == FORM_TAKE_ONE ||
	    (use->row->form == FORM_LOOK && use->row->map == 1))
		return second;
	if (use->row->form == FORM_LOOK || use->row->form == FORM_COMPARE)
		return VECTOR(use->reg) | second;
	return VECTOR(use->reg);
}

/* @memory: what has its memory operand. */
static enum effect pass_vector(const struct instruction *next, const struct vector_use *use,
			       holders memory, struct stack_slots *slots, struct passage *by)
{
	holders second = use->has_rm ? VECTOR(use->rm) : memory;
	holders slot = next->memory & MEMORY_WRITE ? slot_of(slots, next) : 0;

	if (vector_use_has_result(use)) {
		if (!memory && (use->row->form == FORM_GENERAL || use->row->form == FORM_INSERT))
			second = next->reads;
		by->read = sources_of(use, second) & by->held;
		by->held &= ~VECTOR(use->result);
		if (by->read)
			by->held |= VECTOR(use->result);
		return by->read && is_mask(use) ? EFFECT_MASKS : EFFECT_PASSES;
	}
	by->read = looked_at(use, second) & by->held;
	if (by->read && use->row->form == FORM_STORE_MASKED)
		return EFFECT_MASKS;
	if (by->read && next->memory & MEMORY_WRITE && !slot)
		return EFFECT_NEEDS;
	by->held &= ~(slot | next->kills);
	if (by->read)
		by->held |= slot ? slot : next->changes & HOLDERS_GENERAL;
	return EFFECT_PASSES;
}

/* --- General registers --------------------------------------------------------------------- */

/* An 'and' of two registers: one of them may be a mask or a truth value. */
static bool is_and(const unsigned char *bytes)
{
	if (*bytes == 0x66)
		bytes++;
	if ((*bytes & 0xf0) == 0x40)
		bytes++;
	return *bytes >= 0x20 && *bytes <= 0x23 && bytes[1] >= 0xc0;
}

static bool is_conditional_move(const struct instruction *instruction)
{
	return instruction->destination != NO_REGISTER && instruction->reads & FLAGS_ALL &&
	       !(instruction->kills & bit_of(instruction->destination));
}

static enum effect pass_general(const struct instruction *next, const unsigned char *bytes,
				holders memory, struct stack_slots *slots, struct passage *by)
{
	holders value;

	by->read = (next->reads | memory) & by->held;
	value = by->read & ~(holders)FLAGS_ALL;
	if (next->memory & MEMORY_WRITE) {
		holders slot = slot_of(slots, next);
		bool is_kept = (bit_of(next->source) & by->held) || (memory & by->held);

		if (by->read && !slot)
			return EFFECT_NEEDS;
		by->held &= ~slot;
		if (is_kept)
			by->held |= slot;
		return EFFECT_PASSES;
	}
	if (value && next->changes & REGISTER_BIT(RSP)) /* it is pushed */
		return EFFECT_NEEDS;
	if (value && ((is_conditional_move(next) && !(by->read & FLAGS_ALL)) || is_and(bytes)))
		return EFFECT_PICKS;
	by->held &= ~(holders)next->kills;
	if (by->read)
		by->held |= next->changes & HOLDERS_GENERAL;
	return EFFECT_PASSES;
}

enum effect holders_pass(const struct instruction *instruction, const unsigned char *bytes,
			 bool is_load, struct stack_slots *slots, struct passage *by)
{
	holders address = bit_of(instruction->base) | bit_of(instruction->index);
	holders memory = 0;
	struct vector_use use;

	by->read = address & by->held;
	if (instruction->memory && !instruction->is_lea && by->read)
		return EFFECT_NEEDS;
	if (is_load)
		memory = HOLDERS_LOADED;
	else if (instruction->memory & MEMORY_READ)
		memory = slot_of(slots, instruction);
	switch (vector_use_of(bytes, instruction, &use)) {
	case VECTOR_KNOWN:
		return pass_vector(instruction, &use, memory, slots, by);
	case VECTOR_UNKNOWN:
		by->read |= by->held & HOLDERS_VECTORS;
		return by->read ? EFFECT_PICKS : EFFECT_PASSES;
	case VECTOR_CLEARS:
		return EFFECT_PASSES;
	case VECTOR_NONE:
		break;
	}
	return pass_general(instruction, bytes, memory, slots, by);
}
