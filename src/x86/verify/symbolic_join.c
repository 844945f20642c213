#include "x86/verify/symbolic.h"

#include <string.h>

const struct symbolic_value symbolic_rubbish = {.kind = SYMBOLIC_RUBBISH, .number = NO_REGISTER};

void symbolic_begin(struct symbolic *machine)
{
	memset(machine, 0, sizeof(*machine));
	for (int8_t r = 0; r < 16; r++)
		machine->registers[r] =
			(struct symbolic_value){.kind = SYMBOLIC_ORIGINAL, .number = r};
	machine->has_flags = machine->has_overflow = true;
	machine->stored_vector = NO_REGISTER;
}

bool symbolic_value_is(const struct symbolic_value *a, const struct symbolic_value *b)
{
	int64_t distance;

	if (a->kind != b->kind)
		return false;
	if (a->kind >= SYMBOLIC_ADDRESS && a->kind <= SYMBOLIC_SUMMARY)
		return a->mask == b->mask && a->bit == b->bit && a->at == b->at &&
		       operand_distance(&a->operand, &b->operand, &distance) && distance == 0;
	if (a->kind == SYMBOLIC_DISTANCE)
		return a->number == b->number && a->mask == b->mask && a->at == b->at &&
		       a->bit == b->bit && a->operand.displacement == b->operand.displacement;
	if (a->kind == SYMBOLIC_MASK)
		return a->number == b->number && a->at == b->at && a->bit == b->bit;
	return a->kind != SYMBOLIC_ORIGINAL || a->number == b->number;
}

bool symbolic_is_same_place(const struct symbolic_value *a, const struct symbolic_value *b)
{
	struct symbolic_value first = *a;

	first.at = b->at;
	return symbolic_value_is(&first, b);
}

static bool meet_value(struct symbolic_value *into, const struct symbolic_value *from)
{
	if (into->kind == SYMBOLIC_RUBBISH || symbolic_value_is(into, from))
		return false;
	*into = symbolic_rubbish;
	return true;
}

static bool meet_slots(struct symbolic *machine, const struct symbolic *other)
{
	bool has_lost = false;

	for (unsigned i = 0; i < SYMBOLIC_SLOTS; i++) {
		struct symbolic_slot *slot = &machine->slots[i];

		if (!slot->is_used)
			continue;
		if (other->slots[i].is_used && other->slots[i].at == slot->at &&
		    symbolic_value_is(&slot->value, &other->slots[i].value))
			continue;
		slot->is_used = false;
		has_lost = true;
	}
	return has_lost;
}

/* Where the word was cleared it is not the stack pointer, whatever was told before. */
static bool meet_ahead(struct symbolic *machine, const struct symbolic *other)
{
	struct symbolic before = *machine;

	if (machine->ahead == AHEAD_CLEARED) {
		machine->ahead = other->ahead;
		machine->told = other->told;
		machine->is_clear = other->is_clear;
		machine->tested_of = other->tested_of;
	} else if (other->ahead != AHEAD_CLEARED) {
		machine->ahead = machine->ahead == other->ahead ? machine->ahead : AHEAD_UNKNOWN;
		machine->told &= other->told;
		machine->is_clear &= other->is_clear;
		if (!symbolic_value_is(&machine->tested_of, &other->tested_of))
			machine->is_clear = 0;
	}
	machine->is_ahead &= other->is_ahead;
	return before.ahead != machine->ahead || before.told != machine->told ||
	       before.is_clear != machine->is_clear || before.is_ahead != machine->is_ahead;
}

bool symbolic_meet(struct symbolic *machine, const struct symbolic *other, bool *is_consistent)
{
	bool has_lost = meet_slots(machine, other);

	*is_consistent = machine->lowered_by == other->lowered_by &&
			 machine->pushed_count == other->pushed_count &&
			 machine->is_in_doubt == other->is_in_doubt &&
			 machine->trail == other->trail &&
			 machine->picked_if == other->picked_if &&
			 machine->picked_end == other->picked_end &&
			 machine->stored_vector == other->stored_vector &&
			 machine->owes_look == other->owes_look &&
			 (!machine->is_in_doubt ||
			  symbolic_is_same_place(&machine->compared, &other->compared));
	has_lost |= machine->is_compared && !other->is_compared;
	machine->is_compared &= other->is_compared;
	has_lost |= !machine->is_summarised && other->is_summarised;
	machine->is_summarised |= other->is_summarised;
	/* Of an access with several words, the last one compared. */
	has_lost |= machine->is_in_doubt && machine->compared.at < other->compared.at;
	if (machine->compared.at < other->compared.at)
		machine->compared.at = other->compared.at;
	has_lost |= machine->is_measured && !other->is_measured;
	machine->is_measured &= other->is_measured;
	has_lost |= (machine->is_subtracted && !other->is_subtracted) ||
		    (machine->is_not && machine->is_not != other->is_not);
	machine->is_subtracted &= other->is_subtracted;
	if (machine->is_not != other->is_not)
		machine->is_not = 0;
	has_lost |= meet_value(&machine->measured, &other->measured);
	has_lost |= meet_ahead(machine, other) || machine->least > other->least;
	if (machine->least > other->least)
		machine->least = other->least;
	for (unsigned r = 0; r < 16; r++)
		has_lost |= meet_value(&machine->registers[r], &other->registers[r]);
	has_lost |= (machine->has_flags && !other->has_flags) ||
		    (machine->has_overflow && !other->has_overflow);
	machine->has_flags &= other->has_flags;
	machine->has_overflow &= other->has_overflow;
	return has_lost;
}
