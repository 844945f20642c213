#include "x86/verify/symbolic.h"

#include <string.h>

#include "base/shadow_place.h"
#include "x86/emit/encode.h"
#include "x86/verify/symbolic_code.h"

static struct opcode opcode_of(const struct symbolic_setting *setting,
			       const struct instruction *instruction)
{
	struct opcode opcode = {
		.at = setting->code + instruction->offset,
		.instruction = instruction,
		.setting = setting,
	};

	if (*opcode.at == 0x64) {
		opcode.is_fs = true;
		opcode.at++;
	}
	if ((*opcode.at & 0xf0) == 0x40) {
		opcode.is_wide = *opcode.at & 8;
		opcode.reg_high = *opcode.at & 4 ? 8 : 0;
		opcode.base_high = *opcode.at & 1 ? 8 : 0;
		opcode.at++;
	}
	return opcode;
}

static struct symbolic_slot *find_slot(struct symbolic *machine, int32_t at)
{
	for (unsigned i = 0; i < SYMBOLIC_SLOTS; i++)
		if (machine->slots[i].is_used && machine->slots[i].at == at)
			return &machine->slots[i];
	return NULL;
}

static bool is_stack(const struct instruction *instruction)
{
	return instruction->base == RSP && instruction->index == NO_REGISTER;
}

/* Of a half nothing is left but a distance. */
static bool run_move(struct symbolic *machine, const struct opcode *opcode)
{
	struct symbolic_value *into = &machine->registers[rm_of(opcode, 1)];

	*into = machine->registers[reg_of(opcode, 1)];
	return opcode->is_wide ||
	       (into->kind == SYMBOLIC_ORIGINAL && symbolic_make_distance(into, true));
}

/* A spill must be below the function's part of the red zone, but within the red zone. */
static bool run_store(struct symbolic *machine, const struct opcode *opcode)
{
	int32_t at = opcode->instruction->displacement - machine->lowered_by;
	struct symbolic_slot *slot = find_slot(machine, at);

	if (opcode->is_fs)
		return symbolic_run_set_ahead(machine, opcode);
	if (opcode->at[1] >= 0xc0)
		return run_move(machine, opcode);
	if (!opcode->is_wide || !is_stack(opcode->instruction) ||
	    at + 8 > -(int32_t)opcode->setting->protected_bytes ||
	    at + machine->lowered_by < -THUNK_RED_ZONE || at % 8)
		return false;
	for (unsigned i = 0; !slot && i < SYMBOLIC_SLOTS; i++)
		if (!machine->slots[i].is_used)
			slot = &machine->slots[i];
	if (!slot)
		return false;
	machine->stored_vector = NO_REGISTER;
	*slot = (struct symbolic_slot){at, true, machine->registers[reg_of(opcode, 1)]};
	return true;
}

/* mov %fs:0, register */
static bool run_load_thread_pointer(struct symbolic *machine, const struct opcode *opcode)
{
	const struct instruction *instruction = opcode->instruction;

	machine->registers[reg_of(opcode, 1)] = (struct symbolic_value){
		.kind = SYMBOLIC_ADDRESS,
		.number = NO_REGISTER,
		.mask = -1,
		.operand = operand_of(instruction),
	};
	return instruction->base == NO_REGISTER && instruction->index == NO_REGISTER &&
	       instruction->displacement == 0;
}

/* The steps from an address to its page's summary. */
enum { PAGE_SHIFTED = 1, PAGE_MASKED, PAGE_FLIPPED, PAGE_FLIPPED_TWICE };

static bool run_shift(struct symbolic *machine, const struct opcode *opcode)
{
	struct symbolic_value *value = &machine->registers[rm_of(opcode, 1)];

	symbolic_lose_flags(machine);
	if (symbolic_make_distance(value, false))
		return symbolic_shift_distance(value, opcode);
	if ((opcode->at[1] & 0xf8) != 0xe8 || opcode->at[2] != SHADOW_SUMMARY_SHIFT ||
	    value->kind != SYMBOLIC_ADDRESS || value->mask != -1 || !opcode->is_wide)
		return false;
	value->kind = SYMBOLIC_PAGE;
	value->at = PAGE_SHIFTED;
	return true;
}

/* and, btc with @operand, of a value on the way to a summary. */
static bool step_to_page(struct symbolic_value *value, int32_t step, int8_t operand)
{
	static const int8_t operands[] = {
		[PAGE_MASKED] = SHADOW_SUMMARY_MASK,
		[PAGE_FLIPPED] = SHADOW_SUMMARY_BIT,
		[PAGE_FLIPPED_TWICE] = SHADOW_SUMMARY_OTHER_BIT,
	};

	return value->at++ == step - 1 && operand == operands[step];
}

static bool load_summary(struct symbolic *machine, unsigned into,
			 const struct symbolic_value *place, int32_t displacement)
{
	bool is_there = place->at == PAGE_FLIPPED_TWICE && displacement == SHADOW_SUMMARY_AT;

	machine->registers[into] = *place;
	machine->registers[into].kind = SYMBOLIC_SUMMARY;
	return is_there;
}

static bool run_load(struct symbolic *machine, const struct opcode *opcode)
{
	const struct instruction *instruction = opcode->instruction;
	const struct symbolic_value *base;
	unsigned into = reg_of(opcode, 1);
	const struct symbolic_slot *slot;
	struct symbolic_value word;

	if (!opcode->is_wide || opcode->at[1] >= 0xc0)
		return false;
	if (opcode->is_fs)
		return run_load_thread_pointer(machine, opcode);
	if (is_stack(instruction)) {
		slot = find_slot(machine, instruction->displacement - machine->lowered_by);
		machine->registers[into] = slot ? slot->value : symbolic_rubbish;
		return slot != NULL;
	}
	/* A shadow word, and nothing else. */
	if (instruction->base == NO_REGISTER || instruction->index != NO_REGISTER)
		return false;
	base = &machine->registers[instruction->base];
	if (base->kind == SYMBOLIC_PAGE)
		return load_summary(machine, into, base, instruction->displacement);
	if (base->kind != SYMBOLIC_FLIPPED)
		return false;
	word = *base;
	word.kind = SYMBOLIC_WORD;
	word.at = instruction->displacement -
		  (base->bit == SHADOW_WRITE_BIT ? SHADOW_WRITE_AT : SHADOW_READ_AT);
	machine->registers[into] = word;
	return word.at >= 0 && word.at < 64 && word.at % (int32_t)SHADOW_GRANULE == 0;
}

static bool is_original_operand(const struct symbolic *machine, const struct operand *operand)
{
	uint32_t registers = operand_registers(operand);

	for (unsigned r = 0; r < 16; r++)
		if (registers & REGISTER_BIT(r) &&
		    (machine->registers[r].kind != SYMBOLIC_ORIGINAL ||
		     machine->registers[r].number != (int8_t)r))
			return false;
	return true;
}

/* An address that counts from the thread pointer: first its base is added to that,
 * then the rest. */
static void add_thread_pointer(const struct symbolic *machine, struct operand *operand)
{
	const struct symbolic_value *value = operand->base == NO_REGISTER
						     ? &symbolic_rubbish
						     : &machine->registers[operand->base];
	bool is_base =
		operand->index != NO_REGISTER && operand->scale == 1 && operand->displacement == 0;

	if (value->kind != SYMBOLIC_ADDRESS || !value->operand.is_thread_local ||
	    value->mask != -1 || value->operand.displacement || value->operand.index != NO_REGISTER)
		return;
	operand->is_thread_local = true;
	operand->base = value->operand.base;
	if (is_base && operand->base == NO_REGISTER) {
		operand->base = operand->index;
		operand->index = NO_REGISTER;
		operand->scale = 0;
	}
}

static bool run_lea(struct symbolic *machine, const struct opcode *opcode)
{
	const struct instruction *instruction = opcode->instruction;
	struct operand operand = operand_of(instruction);
	unsigned into = reg_of(opcode, 1);

	if (!opcode->is_wide)
		return false;
	if (operand.base == (int8_t)into && operand.index == NO_REGISTER &&
	    machine->registers[into].kind == SYMBOLIC_DISTANCE) {
		machine->registers[into].operand.displacement += operand.displacement;
		return true;
	}
	if (into == RSP) {
		machine->stored_vector = NO_REGISTER;
		machine->lowered_by -= instruction->displacement;
		return is_stack(instruction);
	}
	if (operand.is_rip_relative)
		operand.target += opcode->setting->text_from_clone;
	if (operand.base == RSP)
		operand.displacement -= machine->lowered_by;
	add_thread_pointer(machine, &operand);
	if (!is_original_operand(machine, &operand))
		return false;
	machine->registers[into] = (struct symbolic_value){
		.kind = SYMBOLIC_ADDRESS, .number = NO_REGISTER, .mask = -1, .operand = operand};
	return true;
}

/* Flipping a bit twice restores the address. */
static bool run_flip(struct symbolic *machine, const struct opcode *opcode)
{
	struct symbolic_value *value = &machine->registers[rm_of(opcode, 2)];
	uint8_t bit = opcode->at[3];

	machine->has_flags = machine->has_overflow = false;
	if (opcode->at[2] < 0xf8 || !opcode->is_wide)
		return false;
	if (value->kind == SYMBOLIC_PAGE)
		return step_to_page(value,
				    value->at < PAGE_FLIPPED ? PAGE_FLIPPED : PAGE_FLIPPED_TWICE,
				    (int8_t)bit);
	if (value->kind == SYMBOLIC_ADDRESS &&
	    (bit == SHADOW_READ_BIT || bit == SHADOW_WRITE_BIT)) {
		value->kind = SYMBOLIC_FLIPPED;
		value->bit = bit;
		return true;
	}
	if (value->kind != SYMBOLIC_FLIPPED || value->bit != bit)
		return false;
	value->kind = SYMBOLIC_ADDRESS;
	value->bit = 0;
	return true;
}

/* The address of the granule, or a misaligned one. */
static bool run_arithmetic(struct symbolic *machine, const struct opcode *opcode)
{
	const struct symbolic_words *words = &opcode->setting->words;
	/* Or a count of accesses, in a word of the thread. */
	bool is_count = opcode->is_fs && opcode->at[1] == 4 && opcode->at[2] == 0x25 &&
			words->has_count && opcode->instruction->displacement == words->count;
	struct symbolic_value *value = &machine->registers[rm_of(opcode, 1)];

	machine->has_flags = machine->has_overflow = false;
	if (is_count)
		return true;
	if (value->kind == SYMBOLIC_PAGE)
		return (opcode->at[1] & 0xf8) == 0xe0 && opcode->is_wide &&
		       step_to_page(value, PAGE_MASKED, (int8_t)opcode->at[2]);
	if ((opcode->at[1] & 0xf8) != 0xe0 || value->kind != SYMBOLIC_ADDRESS || !opcode->is_wide ||
	    value->mask != -1)
		return false;
	value->mask = (int8_t)opcode->at[2];
	return value->mask != -1;
}

static bool run_lahf(struct symbolic *machine, const struct opcode *opcode)
{
	(void)opcode;
	machine->registers[RAX] = (struct symbolic_value){
		.kind = machine->has_flags ? SYMBOLIC_FLAGS_HALF : SYMBOLIC_RUBBISH};
	return machine->has_flags;
}

/* add $127, al: gives OF back. */
static bool run_add_al(struct symbolic *machine, const struct opcode *opcode)
{
	struct symbolic_value *rax = &machine->registers[RAX];

	rax->kind = rax->kind == SYMBOLIC_FLAGS ? SYMBOLIC_FLAGS_BACK : SYMBOLIC_RUBBISH;
	machine->has_flags = false;
	machine->has_overflow = rax->kind == SYMBOLIC_FLAGS_BACK;
	return opcode->at[1] == 0x7f;
}

static bool run_sahf(struct symbolic *machine, const struct opcode *opcode)
{
	(void)opcode;
	machine->has_flags =
		machine->registers[RAX].kind == SYMBOLIC_FLAGS_BACK && machine->has_overflow;
	return machine->has_flags;
}

static bool push_address(struct symbolic *machine, const struct symbolic_value *address)
{
	if (machine->lowered_by < THUNK_RED_ZONE || machine->pushed_count)
		return false;
	machine->lowered_by += 8;
	machine->pushed_count = 1;
	machine->pushed_address = *address;
	return true;
}

/* push $0 */
static bool run_push_none(struct symbolic *machine, const struct opcode *opcode)
{
	static const struct symbolic_value none = {.kind = SYMBOLIC_RUBBISH};

	return opcode->at[1] == 0 && push_address(machine, &none);
}

/* The mask is pushed behind the id. */
static bool run_push_register(struct symbolic *machine, const struct opcode *opcode)
{
	const struct symbolic_value *value =
		&machine->registers[(opcode->at[0] & 7u) | opcode->base_high];

	if (!machine->pushed_count)
		return push_address(machine, value);
	machine->lowered_by += 8;
	machine->pushed_mask = *value;
	return machine->pushed_count++ == 2 &&
	       (value->kind == SYMBOLIC_MASK ||
		symbolic_make_distance(&machine->pushed_mask, false));
}

static bool run_push_id(struct symbolic *machine, const struct opcode *opcode)
{
	memcpy(&machine->pushed_id, opcode->at + 1, sizeof(machine->pushed_id));
	machine->lowered_by += 8;
	return machine->pushed_count++ == 1;
}

/* btc, seto */
static bool run_two_bytes(struct symbolic *machine, const struct opcode *opcode)
{
	static const unsigned char seto[] = {0x0f, 0x90, 0xc0};
	struct symbolic_value *rax = &machine->registers[RAX];

	if (opcode->at[1] == 0xba)
		return run_flip(machine, opcode);
	if (memcmp(opcode->at, seto, sizeof(seto)) || rax->kind != SYMBOLIC_FLAGS_HALF ||
	    !machine->has_overflow)
		return false;
	rax->kind = SYMBOLIC_FLAGS;
	return true;
}

static struct symbolic_outcome run_branch_if(struct symbolic *machine, const struct opcode *opcode)
{
	unsigned condition = (opcode->at[0] == 0x0f ? opcode->at[1] : opcode->at[0]) & 15u;
	bool is_of_equality = condition == CONDITION_EQUAL || condition == CONDITION_UNEQUAL;
	bool is_of_order = condition == CONDITION_NOT_ABOVE || condition == CONDITION_NOT_GREATER;

	if (!(is_of_equality &&
	      (machine->is_compared || machine->is_with_ahead || machine->tested)) &&
	    !(condition == CONDITION_NOT_ABOVE && machine->is_measured) &&
	    !(is_of_order && machine->is_subtracted))
		return (struct symbolic_outcome){.event = SYMBOLIC_FOREIGN};
	if (machine->is_subtracted)
		machine->is_not = (uint8_t)condition;
	return (struct symbolic_outcome){SYMBOLIC_BRANCH, opcode->instruction->target, 0,
					 condition == CONDITION_EQUAL};
}

/* By the first byte behind the prefixes; @mask leaves out a register. */
static const struct {
	unsigned char byte, mask;
	symbolic_runner run;
} runners[] = {
	{0x89, 0xff, run_store},
	{0x8b, 0xff, run_load},
	{0x8d, 0xff, run_lea},
	{0xc7, 0xff, symbolic_run_clear_ahead},
	{0xf7, 0xff, symbolic_run_test},
	{0x29, 0xff, symbolic_run_subtract},
	{0x81, 0xff, symbolic_run_measure},
	{0xc1, 0xff, run_shift},
	{0x83, 0xff, run_arithmetic},
	{0x3b, 0xff, symbolic_run_compare},
	{0x9f, 0xff, run_lahf},
	{0x9e, 0xff, run_sahf},
	{0x04, 0xff, run_add_al},
	{0x68, 0xff, run_push_id},
	{0x6a, 0xff, run_push_none},
	{0x50, 0xf8, run_push_register},
	{0x0f, 0xff, run_two_bytes},
};

static bool run_other(struct symbolic *machine, const struct opcode *opcode)
{
	const unsigned char *bytes = opcode->setting->code + opcode->instruction->offset;

	if (bytes[0] == 0xc4 || bytes[0] == 0x66)
		return symbolic_run_vector(machine, bytes, opcode->setting->protected_bytes);
	for (size_t i = 0; i < sizeof(runners) / sizeof(runners[0]); i++)
		if ((opcode->at[0] & runners[i].mask) == runners[i].byte)
			return runners[i].run(machine, opcode);
	return false;
}

struct symbolic_outcome symbolic_run(struct symbolic *machine,
				     const struct symbolic_setting *setting,
				     const struct instruction *instruction)
{
	struct opcode opcode = opcode_of(setting, instruction);

	if (instruction->kind == INSTRUCTION_BRANCH)
		return (struct symbolic_outcome){SYMBOLIC_JUMP, instruction->target, 0, false};
	if (instruction->kind == INSTRUCTION_BRANCH_IF)
		return run_branch_if(machine, &opcode);
	if (instruction->kind == INSTRUCTION_CALL_INDIRECT && instruction->is_rip_relative)
		return symbolic_call_thunk(machine, &opcode);
	return (struct symbolic_outcome){.event = run_other(machine, &opcode) ? SYMBOLIC_STEP
									      : SYMBOLIC_FOREIGN};
}
