/* The code before a counted loop: how far it is from the first byte to the last one, whether
 * that is enough, and the word that loops without checks compare with. */
#include <string.h>

#include "x86/emit/range.h"
#include "x86/verify/symbolic_code.h"

void symbolic_lose_flags(struct symbolic *machine)
{
	machine->has_flags = machine->has_overflow = machine->is_measured = false;
	machine->is_subtracted = machine->is_with_ahead = false;
	machine->tested = 0;
}

bool symbolic_make_distance(struct symbolic_value *value, bool is_half)
{
	if (value->kind == SYMBOLIC_DISTANCE)
		return true;
	if (value->kind != SYMBOLIC_ORIGINAL)
		return false;
	*value = (struct symbolic_value){
		.kind = SYMBOLIC_DISTANCE,
		.number = value->number,
		.mask = NO_REGISTER,
		.bit = is_half,
	};
	return true;
}

/* A distance from another register. */
bool symbolic_run_subtract(struct symbolic *machine, const struct opcode *opcode)
{
	struct symbolic_value *value = &machine->registers[rm_of(opcode, 1)];
	const struct symbolic_value *other = &machine->registers[reg_of(opcode, 1)];

	symbolic_lose_flags(machine);
	machine->is_not = 0;
	machine->is_subtracted = opcode->at[1] >= 0xc0 && other->kind == SYMBOLIC_ORIGINAL &&
				 symbolic_make_distance(value, false) &&
				 value->bit == !opcode->is_wide && value->mask == NO_REGISTER &&
				 value->at == 0;
	value->mask = other->number;
	return machine->is_subtracted;
}

/* cmp $constant, distance */
bool symbolic_run_measure(struct symbolic *machine, const struct opcode *opcode)
{
	int32_t constant;
	struct symbolic_value *value = &machine->registers[rm_of(opcode, 1)];

	symbolic_lose_flags(machine);
	memcpy(&constant, opcode->at + 2, sizeof(constant));
	machine->is_measured = opcode->is_wide && opcode->at[1] >= 0xf8 &&
			       symbolic_make_distance(value, false) &&
			       (constant == RANGE_BYTES - 1 || constant == RANGE_BYTES_NEAR - 1 ||
				constant == RANGE_BYTES_FORCED - 1);
	machine->measured = *value;
	machine->least = constant;
	return machine->is_measured;
}

/* test $constant, distance */
bool symbolic_run_test(struct symbolic *machine, const struct opcode *opcode)
{
	struct symbolic_value *value = &machine->registers[rm_of(opcode, 1)];
	uint32_t constant;

	symbolic_lose_flags(machine);
	memcpy(&constant, opcode->at + 2, sizeof(constant));
	if (!opcode->is_wide || (opcode->at[1] & 0xf8) != 0xc0 ||
	    !symbolic_make_distance(value, false) || value->at != 0)
		return false;
	machine->tested = constant;
	machine->tested_of = *value;
	return true;
}

/* %fs:ahead, without a base or an index. */
static bool is_of_ahead(const struct opcode *opcode)
{
	const struct instruction *instruction = opcode->instruction;

	return opcode->is_fs && opcode->is_wide && opcode->at[2] == 0x25 && !opcode->reg_high &&
	       instruction->index == NO_REGISTER && instruction->base == NO_REGISTER &&
	       instruction->displacement == opcode->setting->words.ahead;
}

bool symbolic_run_set_ahead(struct symbolic *machine, const struct opcode *opcode)
{
	machine->ahead = AHEAD_SET;
	machine->told = 0;
	return is_of_ahead(opcode) && opcode->at[1] == 0x24 && !machine->lowered_by;
}

bool symbolic_run_clear_ahead(struct symbolic *machine, const struct opcode *opcode)
{
	uint32_t constant;

	memcpy(&constant, opcode->at + 7, sizeof(constant));
	machine->ahead = AHEAD_CLEARED;
	machine->told = 0;
	return is_of_ahead(opcode) && opcode->at[1] == 4 && constant == 0;
}

bool symbolic_shift_distance(struct symbolic_value *value, const struct opcode *opcode)
{
	bool is_left = (opcode->at[1] & 0xf8) == 0xe0;

	value->at += is_left ? opcode->at[2] : -opcode->at[2];
	return (is_left || (opcode->at[1] & 0xf8) == 0xe8) && opcode->is_wide;
}
