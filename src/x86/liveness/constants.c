#include "x86/liveness/constants.h"

#include <string.h>

#define VALUES_MOST 200u
#define NOTHING 0u /* the number of the value of which nothing is known */
#define NOT_REACHED 255u
#define PASSES_MOST 16u
#define NOBODY UINT32_MAX

struct registers {
	uint8_t value[LANES_REGISTERS];	 /* number */
	uint32_t maker[LANES_REGISTERS]; /* of general registers: the move of a number */
};

struct constants {
	const struct module *module;
	const struct function *function;
	struct registers *before; /* per instruction, and one more */
	struct vector_value values[VALUES_MOST];
	unsigned value_count;
	bool has_changed;
};

static const unsigned char *bytes_of(const struct constants *constants, uint32_t index)
{
	return constants->module->text + constants->function->instructions[index].offset;
}

static uint8_t number_of(struct constants *constants, const struct vector_value *value)
{
	if (!value->known)
		return NOTHING;
	for (unsigned i = 1; i < constants->value_count; i++)
		if (memcmp(&constants->values[i], value, sizeof(*value)) == 0)
			return (uint8_t)i;
	if (constants->value_count == VALUES_MOST)
		return NOTHING;
	constants->values[constants->value_count] = *value;
	return (uint8_t)constants->value_count++;
}

/* The memory operand, if it is read-only: as many of its bytes as are there. */
static void read_memory(const struct constants *constants, const struct instruction *instruction,
			struct vector_value *value)
{
	const struct module *module = constants->module;
	const unsigned char *bytes;

	*value = (struct vector_value){.known = 0};
	if (!instruction->is_rip_relative || !(instruction->memory & MEMORY_READ) ||
	    instruction->access_bytes > sizeof(value->bytes) || !module->read_only_bytes)
		return;
	bytes = module->read_only_bytes(module->context,
					module->text_address + (uint64_t)instruction->target,
					instruction->access_bytes);
	if (!bytes)
		return;
	memcpy(value->bytes, bytes, instruction->access_bytes);
	value->known = vector_bytes_at(0, instruction->access_bytes);
}

/* mov $..., r32 */
static bool is_move_of_number(const unsigned char *bytes)
{
	return (bytes[*bytes == 0x41] & 0xf8) == 0xb8;
}

/* movd */
static void move_general(const struct constants *constants, const struct vector_use *use,
			 uint32_t index, struct vector_value *value)
{
	uint32_t maker = constants->before[index].maker[use->rm];
	uint32_t number;

	if (*use->opcode != 0x6e || !use->has_rm || maker == NOBODY)
		return;
	number = (uint32_t)constants->function->instructions[maker].immediate;
	for (unsigned i = 0; i < sizeof(number); i++)
		value->bytes[i] = (unsigned char)(number >> 8 * i);
	value->known = LANE_BYTES;
}

/* Is each byte of its result a copy of one byte, or zero? */
static bool is_shuffle(const struct vector_use *use)
{
	switch ((unsigned)use->row->form) {
	case FORM_OWN:
		return use->element == 1;
	case FORM_SHIFT:
		return use->extension & 1 || (use->constant % 8 == 0 && use->extension != 4);
	case FORM_MOVE_ONE:
	case FORM_FILL:
	case FORM_SPREAD:
	case FORM_LOW_HALF:
	case FORM_HIGH_HALF:
	case FORM_DOUBLE:
	case FORM_DOUBLE_ODD:
	case FORM_UNPACK_LOW:
	case FORM_UNPACK_HIGH:
	case FORM_SHUFFLE:
	case FORM_PERMUTE:
	case FORM_PERMUTE_LOW:
	case FORM_PERMUTE_HIGH:
	case FORM_PERMUTE_FAR:
	case FORM_BLEND:
	case FORM_ALIGN:
	case FORM_INSERT_HALF:
	case FORM_SWAP_HALVES:
		return true;
	default:
		return false;
	}
}

static void copy_byte(struct vector_value *value, unsigned to, const struct vector_value *from,
		      uint32_t at)
{
	unsigned byte = (unsigned)__builtin_ctz(at);

	if (!from || !(from->known & at))
		return;
	value->bytes[to] = from->bytes[byte];
	value->known |= 1u << to;
}

static void shuffle(const struct vector_use *use, const struct lane_values *values,
		    struct vector_value *value)
{
	const struct vector_value *first = values->of[use->first];
	const struct vector_value *second = use->has_rm ? values->of[use->rm] : values->memory;

	for (unsigned j = 0; j < use->width; j++) {
		struct vector_sources sources = vector_sources_of(use, j);

		if (sources.first)
			copy_byte(value, j, first, sources.first);
		else if (sources.second)
			copy_byte(value, j, second, sources.second);
		else
			value->known |= 1u << j;
	}
}

/* The result of instruction @index. */
static struct vector_value value_after(const struct constants *constants,
				       const struct vector_use *use, uint32_t index)
{
	struct vector_value memory, value = {.known = 0};
	struct lane_values values = constants_before(constants, index, &memory);

	if (vector_use_is_ones(use) || vector_use_is_zeros(use)) {
		memset(value.bytes, vector_use_is_ones(use) ? 0xff : 0, use->width);
		value.known = vector_bytes_at(0, use->width);
	} else if (use->row->form == FORM_GENERAL) {
		move_general(constants, use, index, &value);
	} else if (is_shuffle(use)) {
		shuffle(use, &values, &value);
	}
	/* VEX clears the upper half, others leave it as it was. */
	if (use->is_vex && value.known)
		value.known |= ~vector_bytes_at(0, use->width);
	return value;
}

static void forget_all(struct registers *registers)
{
	memset(registers->value, NOTHING, sizeof(registers->value));
	memset(registers->maker, 0xff, sizeof(registers->maker));
}

static void pass_number(const struct constants *constants, uint32_t index,
			struct registers *registers)
{
	uint32_t changes = constants->function->instructions[index].changes & REGISTERS_ALL;

	for (; changes; changes &= changes - 1) {
		unsigned general = (unsigned)__builtin_ctz(changes);

		registers->maker[general] =
			is_move_of_number(bytes_of(constants, index)) ? index : NOBODY;
	}
}

static void pass_instruction(struct constants *constants, uint32_t index,
			     struct registers *registers)
{
	struct vector_value value;
	struct vector_use use;

	pass_number(constants, index, registers);
	switch (vector_use_of(bytes_of(constants, index), &constants->function->instructions[index],
			      &use)) {
	case VECTOR_NONE:
		return;
	case VECTOR_UNKNOWN:
	case VECTOR_CLEARS:
		forget_all(registers);
		return;
	case VECTOR_KNOWN:
		break;
	}
	if (use.row->form == FORM_GATHER) {
		registers->value[use.reg] = registers->value[use.first] = NOTHING;
	} else if (vector_use_has_result(&use)) {
		value = value_after(constants, &use, index);
		registers->value[use.result] = number_of(constants, &value);
	}
}

/* What is known behind one way leads to @index, too. */
static void meet(struct constants *constants, uint32_t index, const struct registers *registers)
{
	struct registers *before = &constants->before[index];
	struct registers met = *before;

	if (before->value[0] == NOT_REACHED)
		met = *registers;
	for (unsigned r = 0; r < LANES_REGISTERS; r++) {
		if (met.value[r] != registers->value[r])
			met.value[r] = NOTHING;
		if (met.maker[r] != registers->maker[r])
			met.maker[r] = NOBODY;
	}
	if (memcmp(&met, before, sizeof(met)) == 0)
		return;
	*before = met;
	constants->has_changed = true;
}

static void pass_on(struct constants *constants, uint32_t index)
{
	const struct instruction *instruction = &constants->function->instructions[index];
	struct registers registers = constants->before[index];
	uint32_t target = UINT32_MAX;

	if (registers.value[0] == NOT_REACHED)
		return;
	pass_instruction(constants, index, &registers);
	if (instruction_is_branch(instruction))
		target = function_target(constants->function, instruction);
	if (target != UINT32_MAX)
		meet(constants, target, &registers);
	if (instruction_falls_through(instruction))
		meet(constants, index + 1, &registers);
}

struct constants *constants_find(const struct module *module, const struct function *function,
				 struct scratch *scratch)
{
	size_t room = (function->count + 1) * sizeof(struct registers);
	struct constants *constants = scratch_take_zeroed(scratch, sizeof(*constants));
	struct registers *before = constants ? scratch_take(scratch, room) : NULL;

	if (!before || function->has_unknown_targets)
		return NULL;
	*constants = (struct constants){.module = module,
					.function = function,
					.before = before,
					.value_count = 1,
					.has_changed = true};
	memset(before, NOT_REACHED, room);
	for (uint32_t i = 0; i < function->count; i++)
		if (i == 0 || function->reach[i] & (REACH_ENTRY | REACH_INDIRECT))
			forget_all(&before[i]);
	for (unsigned pass = 0; pass < PASSES_MOST && constants->has_changed; pass++) {
		constants->has_changed = false;
		for (uint32_t i = 0; i < function->count; i++)
			pass_on(constants, i);
	}
	return constants->has_changed ? NULL : constants;
}

struct lane_values constants_before(const struct constants *constants, uint32_t index,
				    struct vector_value *memory)
{
	struct lane_values values = {.memory = memory};

	read_memory(constants, &constants->function->instructions[index], memory);
	for (unsigned r = 0; r < LANES_REGISTERS; r++) {
		unsigned number = constants->before[index].value[r];

		if (number != NOTHING && number != NOT_REACHED)
			values.of[r] = &constants->values[number];
	}
	return values;
}
