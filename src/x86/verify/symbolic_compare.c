/* Comparisons of shadow words, and the thunks that are called if they differ. */
#include "base/shadow_place.h"
#include "x86/emit/encode.h"
#include "x86/verify/symbolic_code.h"

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
static bool compare_summary(struct symbolic *machine, struct symbolic_value summary, bool is_shared)
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

bool symbolic_run_compare(struct symbolic *machine, const struct opcode *opcode)
{
	const struct instruction *instruction = opcode->instruction;
	const struct symbolic_words *words = &opcode->setting->words;
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

struct symbolic_outcome symbolic_call_thunk(struct symbolic *machine, const struct opcode *opcode)
{
	int64_t target = opcode->instruction->target;
	uint64_t slot = (uint64_t)target / sizeof(uint64_t);
	bool is_masked = slot >= THUNK_MASKED && slot < THUNK_STRING;

	if (machine->pushed_count != 2u + is_masked || target < 0 || slot >= THUNK_COUNT ||
	    target % (int64_t)sizeof(uint64_t) ||
	    !is_thunk_for_doubt(machine, (uint32_t)slot, opcode->setting->text_address))
		return (struct symbolic_outcome){.event = SYMBOLIC_FOREIGN};
	machine->lowered_by -= 8 * (int32_t)machine->pushed_count;
	machine->pushed_count = 0;
	machine->is_in_doubt = machine->is_compared = machine->is_measured = false;
	machine->is_subtracted = false;
	if (slot >= THUNK_LOCK_BEGIN && slot != THUNK_RANGE)
		leave_trail(machine, &machine->pushed_address);
	if (slot < THUNK_LOCK_BEGIN || slot == THUNK_SIZED || slot == THUNK_PREFETCH || is_masked)
		machine->has_flags = machine->has_overflow = false;
	return (struct symbolic_outcome){.event = SYMBOLIC_THUNK, .thunk = (uint32_t)slot};
}
