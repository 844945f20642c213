#include "x86/verify/symbolic.h"

#include <string.h>

#include "base/shadow_place.h"
#include "x86/emit/encode.h"
#include "x86/emit/range.h"

/* The parts of an instruction's bytes. */
struct opcode {
	bool is_fs, is_wide;
	unsigned reg_high, base_high;
	const unsigned char *at;
};

static struct opcode opcode_of(const unsigned char *bytes)
{
	struct opcode opcode = {.at = bytes};

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

static unsigned reg_of(const struct opcode *opcode, unsigned modrm_at)
{
	return (opcode->at[modrm_at] >> 3 & 7u) | opcode->reg_high;
}

static unsigned rm_of(const struct opcode *opcode, unsigned modrm_at)
{
	return (opcode->at[modrm_at] & 7u) | opcode->base_high;
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

/* The distance that a counted loop counts: of a register from 0, ... */
static bool make_distance(struct symbolic_value *value, bool is_half)
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

/* Of a half nothing is left but a distance. */
static bool run_move(struct symbolic *machine, const struct opcode *opcode)
{
	struct symbolic_value *into = &machine->registers[rm_of(opcode, 1)];

	*into = machine->registers[reg_of(opcode, 1)];
	return opcode->is_wide || (into->kind == SYMBOLIC_ORIGINAL && make_distance(into, true));
}

/* A spill must be below the function's part of the red zone, but within the red zone. */
static bool run_store(struct symbolic *machine, const struct opcode *opcode,
		      const struct instruction *instruction, uint32_t protected_bytes)
{
	int32_t at = instruction->displacement - machine->lowered_by;
	struct symbolic_slot *slot = find_slot(machine, at);

	if (opcode->at[1] >= 0xc0)
		return run_move(machine, opcode);
	if (!opcode->is_wide || !is_stack(instruction) || at + 8 > -(int32_t)protected_bytes ||
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
static bool run_load_thread_pointer(struct symbolic *machine, const struct opcode *opcode,
				    const struct instruction *instruction)
{
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

/* What the flags said is gone. */
static void lose_flags(struct symbolic *machine)
{
	machine->has_flags = machine->has_overflow = machine->is_measured = false;
	machine->is_subtracted = machine->is_with_ahead = false;
	machine->tested = 0;
}

/* ... or from another one. */
static bool run_subtract(struct symbolic *machine, const struct opcode *opcode)
{
	struct symbolic_value *value = &machine->registers[rm_of(opcode, 1)];
	const struct symbolic_value *other = &machine->registers[reg_of(opcode, 1)];

	lose_flags(machine);
	machine->is_not = 0;
	machine->is_subtracted = opcode->at[1] >= 0xc0 && other->kind == SYMBOLIC_ORIGINAL &&
				 make_distance(value, false) && value->bit == !opcode->is_wide &&
				 value->mask == NO_REGISTER && value->at == 0;
	value->mask = other->number;
	return machine->is_subtracted;
}

/* cmp $constant, distance */
static bool run_measure(struct symbolic *machine, const struct opcode *opcode)
{
	int32_t constant;
	struct symbolic_value *value = &machine->registers[rm_of(opcode, 1)];

	lose_flags(machine);
	memcpy(&constant, opcode->at + 2, sizeof(constant));
	machine->is_measured = opcode->is_wide && opcode->at[1] >= 0xf8 &&
			       make_distance(value, false) &&
			       (constant == RANGE_BYTES - 1 || constant == RANGE_BYTES_NEAR - 1 ||
				constant == RANGE_BYTES_FORCED - 1);
	machine->measured = *value;
	machine->least = constant;
	return machine->is_measured;
}

/* test $constant, distance */
static bool run_test(struct symbolic *machine, const struct opcode *opcode)
{
	struct symbolic_value *value = &machine->registers[rm_of(opcode, 1)];
	uint32_t constant;

	lose_flags(machine);
	memcpy(&constant, opcode->at + 2, sizeof(constant));
	if (!opcode->is_wide || (opcode->at[1] & 0xf8) != 0xc0 || !make_distance(value, false) ||
	    value->at != 0)
		return false;
	machine->tested = constant;
	machine->tested_of = *value;
	return true;
}

/* The word that loops without checks compare with becomes @is_set the stack pointer, or 0. */
static bool run_store_ahead(struct symbolic *machine, const struct opcode *opcode,
			    const struct instruction *instruction,
			    const struct symbolic_words *words, bool is_set)
{
	uint32_t constant = 0;

	if (!is_set)
		memcpy(&constant, opcode->at + 7, sizeof(constant));
	machine->ahead = is_set ? AHEAD_SET : AHEAD_CLEARED;
	machine->told = 0;
	return opcode->is_fs && opcode->is_wide && opcode->at[1] == (is_set ? 0x24 : 4) &&
	       opcode->at[2] == 0x25 && !opcode->reg_high && constant == 0 &&
	       instruction->index == NO_REGISTER && instruction->base == NO_REGISTER &&
	       instruction->displacement == words->ahead && (!is_set || !machine->lowered_by);
}

/* shl, shr of a distance; the bits lost make it smaller only. */
static bool shift_distance(struct symbolic_value *value, const struct opcode *opcode)
{
	bool is_left = (opcode->at[1] & 0xf8) == 0xe0;

	value->at += is_left ? opcode->at[2] : -opcode->at[2];
	return (is_left || (opcode->at[1] & 0xf8) == 0xe8) && opcode->is_wide;
}

static bool run_shift(struct symbolic *machine, const struct opcode *opcode)
{
	struct symbolic_value *value = &machine->registers[rm_of(opcode, 1)];

	lose_flags(machine);
	if (make_distance(value, false))
		return shift_distance(value, opcode);
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

static bool run_load(struct symbolic *machine, const struct opcode *opcode,
		     const struct instruction *instruction)
{
	const struct symbolic_value *base;
	unsigned into = reg_of(opcode, 1);
	const struct symbolic_slot *slot;
	struct symbolic_value word;

	if (!opcode->is_wide || opcode->at[1] >= 0xc0)
		return false;
	if (opcode->is_fs)
		return run_load_thread_pointer(machine, opcode, instruction);
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

static bool run_lea(struct symbolic *machine, const struct opcode *opcode,
		    const struct instruction *instruction, int64_t text_from_clone)
{
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
		operand.target += text_from_clone;
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
		return step_to_page(value, value->at < PAGE_FLIPPED ? PAGE_FLIPPED
								    : PAGE_FLIPPED_TWICE,
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
static bool run_arithmetic(struct symbolic *machine, const struct opcode *opcode,
			   const struct instruction *instruction,
			   const struct symbolic_words *words)
{
	/* Or a count of accesses, in a word of the thread. */
	bool is_count = opcode->is_fs && opcode->at[1] == 4 && opcode->at[2] == 0x25 &&
			words->has_count && instruction->displacement == words->count;
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

static void leave_trail(struct symbolic *machine, const struct symbolic_value *value)
{
	const struct operand *operand = &value->operand;
	uint64_t place = (uint64_t)operand->target ^
			 (uint64_t)(uint32_t)operand->displacement << 16 ^
			 (uint64_t)(uint8_t)operand->base << 48 ^
			 (uint64_t)(uint8_t)operand->index << 56 ^ value->bit;

	machine->trail = (machine->trail ^ place) * 0x9e3779b97f4a7c15ull + 1;
}

/* A summary with the shared word.  It stands for the look at the read word of the same
 * address, which has to follow if they differ. */
static bool compare_summary(struct symbolic *machine, struct symbolic_value summary,
			    bool is_shared)
{
	summary.bit = SHADOW_READ_BIT;
	leave_trail(machine, &summary);
	machine->summarised = summary.operand;
	machine->is_compared = machine->is_with_summary = machine->is_summarised = true;
	return is_shared && !machine->is_in_doubt && !machine->owes_look;
}

/* The first of an access's words: the one that is owed, or another access's. */
static bool begin_words(struct symbolic *machine, const struct symbolic_value *word)
{
	int64_t distance;

	if (!machine->owes_look) {
		machine->is_summarised = false;
		leave_trail(machine, word);
		return true;
	}
	machine->owes_look = false;
	return word->bit == SHADOW_READ_BIT &&
	       operand_distance(&word->operand, &machine->summarised, &distance) && distance == 0;
}

/* cmp %fs:offset, register: a shadow word with a word of the thread. */
static bool run_compare(struct symbolic *machine, const struct opcode *opcode,
			const struct instruction *instruction, const struct symbolic_words *words)
{
	const struct symbolic_value *word = &machine->registers[reg_of(opcode, 1)];
	int32_t offset = instruction->displacement;
	bool is_next = true;

	machine->has_flags = machine->has_overflow = machine->is_with_ahead = false;
	if (!opcode->is_fs || !opcode->is_wide || instruction->base != NO_REGISTER ||
	    instruction->index != NO_REGISTER)
		return false;
	if (offset == words->ahead) {
		machine->is_with_ahead = reg_of(opcode, 1) == RSP && !machine->lowered_by;
		return machine->is_with_ahead;
	}
	if (word->kind == SYMBOLIC_SUMMARY)
		return compare_summary(machine, *word, offset == words->shared);
	if (word->kind != SYMBOLIC_WORD)
		return false;
	machine->is_compared = true;
	machine->is_with_summary = false;
	machine->is_with_shared = offset == words->shared;
	if (machine->is_with_shared)
		return machine->is_in_doubt && word->bit == SHADOW_READ_BIT &&
		       symbolic_value_is(word, &machine->compared);
	if (word->at)
		is_next = symbolic_is_same_place(word, &machine->compared) &&
			  !machine->is_summarised &&
			  word->at == machine->compared.at + (int32_t)SHADOW_GRANULE;
	else
		is_next = begin_words(machine, word);
	machine->compared = *word;
	return is_next && offset == words->current && !machine->is_in_doubt;
}

void symbolic_branch(struct symbolic *machine, bool is_equal)
{
	if (machine->is_subtracted && !is_equal)
		machine->is_not = 0;
	if (machine->tested)
		machine->is_clear = is_equal ? machine->tested : 0;
	if (machine->is_with_ahead)
		machine->is_ahead = is_equal && machine->ahead == AHEAD_SET;
	if (machine->is_with_summary)
		machine->owes_look = !is_equal;
	else if (is_equal)
		machine->is_in_doubt = false;
	else if (machine->is_compared && !machine->is_with_shared)
		machine->is_in_doubt = true;
}

static bool run_flag_byte(struct symbolic *machine, const struct opcode *opcode)
{
	struct symbolic_value *rax = &machine->registers[RAX];

	switch (opcode->at[0]) {
	case 0x9f:
		*rax = (struct symbolic_value){.kind = machine->has_flags ? SYMBOLIC_FLAGS_HALF
									  : SYMBOLIC_RUBBISH};
		return machine->has_flags;
	case 0x04:
		rax->kind = rax->kind == SYMBOLIC_FLAGS ? SYMBOLIC_FLAGS_BACK : SYMBOLIC_RUBBISH;
		machine->has_flags = false;
		machine->has_overflow = rax->kind == SYMBOLIC_FLAGS_BACK;
		return opcode->at[1] == 0x7f;
	default: /* sahf */
		machine->has_flags = rax->kind == SYMBOLIC_FLAGS_BACK && machine->has_overflow;
		return machine->has_flags;
	}
}

static bool run_push(struct symbolic *machine, const struct symbolic_value *address)
{
	if (machine->lowered_by < THUNK_RED_ZONE || machine->pushed_count)
		return false;
	machine->lowered_by += 8;
	machine->pushed_count = 1;
	machine->pushed_address = *address;
	return true;
}

/* The mask is pushed behind the id. */
static bool run_push_register(struct symbolic *machine, const struct symbolic_value *value)
{
	if (!machine->pushed_count)
		return run_push(machine, value);
	machine->lowered_by += 8;
	machine->pushed_mask = *value;
	return machine->pushed_count++ == 2 &&
	       (value->kind == SYMBOLIC_MASK || make_distance(&machine->pushed_mask, false));
}

static bool run_push_id(struct symbolic *machine, const struct opcode *opcode)
{
	memcpy(&machine->pushed_id, opcode->at + 1, sizeof(machine->pushed_id));
	machine->lowered_by += 8;
	return machine->pushed_count++ == 1;
}

/* Whether the compared word belongs to the access that the thunk is called for. */
static bool is_thunk_for_doubt(const struct symbolic *machine, uint32_t thunk,
			       uint64_t text_address)
{
	const struct symbolic_value *word = &machine->compared;
	bool is_write = thunk >= THUNK_WRITE;
	uint32_t size = 1u << (thunk - (is_write ? THUNK_WRITE : THUNK_READ));
	int64_t distance;

	if (thunk >= THUNK_LOCK_BEGIN)
		return !machine->is_in_doubt;
	if (!machine->is_in_doubt || word->bit != (is_write ? SHADOW_WRITE_BIT : SHADOW_READ_BIT) ||
	    !operand_distance(&word->operand, &machine->pushed_address.operand, &distance) ||
	    word->at != (size > SHADOW_GRANULE ? (int32_t)(size - SHADOW_GRANULE) : 0))
		return false;
	if (size >= SHADOW_GRANULE)
		return word->mask == -1 && distance == 0;
	/* If the address is constant the check uses the granule's. */
	if (word->mask == -1)
		return word->operand.is_rip_relative &&
		       (text_address + (uint64_t)word->operand.target) % SHADOW_GRANULE == 0 &&
		       distance >= 0 && distance + size <= SHADOW_GRANULE;
	return distance == 0 &&
	       word->mask == (int8_t)(-(int32_t)SHADOW_GRANULE | (int32_t)(size - 1));
}

static struct symbolic_outcome
call_thunk(struct symbolic *machine, const struct instruction *instruction, uint64_t text_address)
{
	uint64_t slot = (uint64_t)instruction->target / sizeof(uint64_t);
	bool is_masked = slot >= THUNK_MASKED && slot < THUNK_STRING;

	if (machine->pushed_count != 2u + is_masked || instruction->target < 0 ||
	    slot >= THUNK_COUNT || instruction->target % (int64_t)sizeof(uint64_t) ||
	    !is_thunk_for_doubt(machine, (uint32_t)slot, text_address))
		return (struct symbolic_outcome){.event = SYMBOLIC_FOREIGN};
	machine->lowered_by -= 8 * (int32_t)machine->pushed_count;
	machine->pushed_count = 0;
	machine->is_in_doubt = machine->is_compared = machine->is_measured = false;
	machine->is_subtracted = false;
	if (slot >= THUNK_LOCK_BEGIN && slot != THUNK_RANGE)
		leave_trail(machine, &machine->pushed_address);
	if (slot < THUNK_LOCK_BEGIN || slot == THUNK_SIZED || is_masked)
		machine->has_flags = machine->has_overflow = false;
	return (struct symbolic_outcome){.event = SYMBOLIC_THUNK, .thunk = (uint32_t)slot};
}

static struct symbolic_outcome foreign_unless(bool is_fine)
{
	return (struct symbolic_outcome){.event = is_fine ? SYMBOLIC_STEP : SYMBOLIC_FOREIGN};
}

static struct symbolic_outcome run_two_bytes(struct symbolic *machine, const struct opcode *opcode)
{
	static const unsigned char seto[] = {0x0f, 0x90, 0xc0};
	struct symbolic_value *rax = &machine->registers[RAX];

	if (opcode->at[1] == 0xba)
		return foreign_unless(run_flip(machine, opcode));
	if (memcmp(opcode->at, seto, sizeof(seto)) || rax->kind != SYMBOLIC_FLAGS_HALF ||
	    !machine->has_overflow)
		return foreign_unless(false);
	rax->kind = SYMBOLIC_FLAGS;
	return foreign_unless(true);
}

static struct symbolic_outcome run_branch_if(struct symbolic *machine, const struct opcode *opcode,
					     const struct instruction *instruction)
{
	unsigned condition = (opcode->at[0] == 0x0f ? opcode->at[1] : opcode->at[0]) & 15u;
	bool is_of_equality = condition == CONDITION_EQUAL || condition == CONDITION_UNEQUAL;

	bool is_of_order = condition == CONDITION_NOT_ABOVE || condition == CONDITION_NOT_GREATER;

	if (!(is_of_equality &&
	      (machine->is_compared || machine->is_with_ahead || machine->tested)) &&
	    !(condition == CONDITION_NOT_ABOVE && machine->is_measured) &&
	    !(is_of_order && machine->is_subtracted))
		return foreign_unless(false);
	if (machine->is_subtracted)
		machine->is_not = (uint8_t)condition;
	return (struct symbolic_outcome){SYMBOLIC_BRANCH, instruction->target, 0,
					 condition == CONDITION_EQUAL};
}

struct symbolic_outcome symbolic_run(struct symbolic *machine,
				     const struct symbolic_setting *setting,
				     const struct instruction *instruction)
{
	static const struct symbolic_value none = {.kind = SYMBOLIC_RUBBISH};
	const unsigned char *bytes = setting->code + instruction->offset;
	struct opcode opcode = opcode_of(bytes);

	if (instruction->kind == INSTRUCTION_BRANCH)
		return (struct symbolic_outcome){SYMBOLIC_JUMP, instruction->target, 0, false};
	if (instruction->kind == INSTRUCTION_BRANCH_IF)
		return run_branch_if(machine, &opcode, instruction);
	if (instruction->kind == INSTRUCTION_CALL_INDIRECT && instruction->is_rip_relative)
		return call_thunk(machine, instruction, setting->text_address);
	if (bytes[0] == 0xc4 || bytes[0] == 0x66)
		return foreign_unless(
			symbolic_run_vector(machine, bytes, setting->protected_bytes));
	switch (opcode.at[0]) {
	case 0x89:
		if (opcode.is_fs)
			return foreign_unless(run_store_ahead(machine, &opcode, instruction,
							      &setting->words, true));
		return foreign_unless(
			run_store(machine, &opcode, instruction, setting->protected_bytes));
	case 0x8b:
		return foreign_unless(run_load(machine, &opcode, instruction));
	case 0x8d:
		return foreign_unless(
			run_lea(machine, &opcode, instruction, setting->text_from_clone));
	case 0xc7:
		return foreign_unless(run_store_ahead(machine, &opcode, instruction,
						      &setting->words, false));
	case 0xf7:
		return foreign_unless(run_test(machine, &opcode));
	case 0x29:
		return foreign_unless(run_subtract(machine, &opcode));
	case 0x81:
		return foreign_unless(run_measure(machine, &opcode));
	case 0xc1:
		return foreign_unless(run_shift(machine, &opcode));
	case 0x83:
		return foreign_unless(
			run_arithmetic(machine, &opcode, instruction, &setting->words));
	case 0x3b:
		return foreign_unless(run_compare(machine, &opcode, instruction, &setting->words));
	case 0x9f:
	case 0x9e:
	case 0x04:
		return foreign_unless(run_flag_byte(machine, &opcode));
	case 0x68:
		return foreign_unless(run_push_id(machine, &opcode));
	case 0x6a:
		return foreign_unless(opcode.at[1] == 0 && run_push(machine, &none));
	case 0x0f:
		return run_two_bytes(machine, &opcode);
	default:
		break;
	}
	if ((opcode.at[0] & 0xf8) == 0x50)
		return foreign_unless(run_push_register(
			machine, &machine->registers[(opcode.at[0] & 7u) | opcode.base_high]));
	return foreign_unless(false);
}
