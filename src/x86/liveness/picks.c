#include "x86/liveness/picks.h"

#include "x86/decode/operand.h"
#include "x86/survey/classify.h"

#define READ_STEPS_MOST 48u
#define READ_PATHS_MOST 8u
#define MASK_BEHIND_MOST 4u
#define FLAG_CARRY REGISTER_BIT(16)

static bool is_join(const struct function *function, uint32_t index)
{
	return function->reach[index] & (REACH_ENTRY | REACH_BRANCH | REACH_INDIRECT);
}

/* --- Picks -------------------------------------------------------------------------------- */

enum opcode {
	OPCODE_OR = 0x0b,
	OPCODE_SBB = 0x1b,
	OPCODE_AND_BYTE = 0x22,
	OPCODE_AND = 0x23,
	OPCODE_CMOV = 0x40,
	OPCODE_SET = 0x90 /* one operand */
};

/* An instruction of one of these forms, which have two operands. */
struct form {
	enum opcode opcode;
	unsigned condition; /* of a conditional move or set */
	uint32_t into, from; /* registers; 'from' is 0 if it is memory */
};

static bool decode_form(const struct module *module, const struct instruction *instruction,
			struct form *form)
{
	const unsigned char *bytes = module->text + instruction->offset;
	bool is_reversed = false;
	bool has_prefix = false;
	unsigned high = 0;
	uint32_t operand;

	if (*bytes == 0x66)
		bytes++;
	has_prefix = (*bytes & 0xf0) == 0x40;
	if (has_prefix)
		high = *bytes++;
	if (bytes[0] == 0x0f &&
	    ((bytes[1] & 0xf0) == OPCODE_CMOV || (bytes[1] & 0xf0) == OPCODE_SET)) {
		form->opcode = (enum opcode)(*++bytes & 0xf0);
		form->condition = *bytes & 15u;
	} else {
		form->opcode = (enum opcode)(*bytes | 2);
		is_reversed = !(*bytes & 2);
		if (form->opcode != OPCODE_OR && form->opcode != OPCODE_SBB &&
		    form->opcode != OPCODE_AND && form->opcode != OPCODE_AND_BYTE)
			return false;
	}
	form->into = REGISTER_BIT((bytes[1] >> 3 & 7u) | (high & 4 ? 8u : 0));
	form->from = bytes[1] < 0xc0 ? 0 : REGISTER_BIT((bytes[1] & 7u) | (high & 1 ? 8u : 0));
	operand = form->from;
	if (is_reversed) {
		form->from = form->into;
		form->into = operand;
	}
	if (form->opcode == OPCODE_SET)
		form->into = form->from;
	/* Without a prefix the upper ones of eight are second bytes of the lower ones. */
	return form->into && (has_prefix || (form->opcode != OPCODE_SET &&
					     form->opcode != OPCODE_AND_BYTE) ||
			      (form->into | form->from) < 2 * REGISTER_BIT(RBX));
}

/* What takes one value if a condition holds, and else leaves another one: a conditional move,
 * or an 'and' or 'or' with a mask of all bits or none, or an 'and' of truth values. */
struct pick {
	unsigned condition;
	uint32_t into, from;
	bool is_mask;	     /* 'into' has it */
	uint32_t flags_from; /* these flags are needed from this instruction on */
	uint32_t flags;
};

/* Has register @into what @maker makes: all bits or none by the carry flag, or a truth value?  The
 * flags that it was made by are as they were. */
static bool is_made(const struct module *module, const struct function *function, uint32_t index,
		    uint32_t into, enum opcode maker, struct pick *pick)
{
	pick->flags = maker == OPCODE_SBB ? FLAG_CARRY : FLAGS_ALL;
	for (uint32_t i = index; i > 0 && index - i < MASK_BEHIND_MOST; i--) {
		const struct instruction *before = &function->instructions[i - 1];
		struct form form;

		if (is_join(function, i) || before->kind != INSTRUCTION_PLAIN)
			return false;
		pick->flags_from = i;
		if (decode_form(module, before, &form) && form.opcode == maker &&
		    form.into == into && form.from == into) {
			pick->condition = maker == OPCODE_SET ? form.condition : CONDITION_BELOW;
			return true;
		}
		if (before->changes & (into | pick->flags))
			return false;
	}
	return false;
}

static bool find_pick_at(const struct module *module, const struct function *function,
			 uint32_t index, struct pick *pick)
{
	struct form form;
	bool is_byte;

	if (!decode_form(module, &function->instructions[index], &form) ||
	    form.opcode == OPCODE_SBB || form.opcode == OPCODE_SET)
		return false;
	*pick = (struct pick){
		.condition = form.condition,
		.into = form.into,
		.from = form.from,
		.is_mask = form.opcode != OPCODE_CMOV,
	};
	if (!pick->is_mask)
		return true;
	is_byte = form.opcode == OPCODE_AND_BYTE;
	if (!is_made(module, function, index, form.into, is_byte ? OPCODE_SET : OPCODE_SBB, pick))
		return false;
	pick->condition ^= form.opcode == OPCODE_OR;
	return true;
}

/* --- Is a value read later? --------------------------------------------------------------- */

/* Code that is still to be looked at, and the registers that have the value there. */
struct paths {
	uint32_t at[READ_PATHS_MOST], values[READ_PATHS_MOST];
	unsigned count;
};

/* False: too many. */
static bool add_path(struct paths *paths, uint32_t at, uint32_t values)
{
	if (at == UINT32_MAX || paths->count == READ_PATHS_MOST)
		return false;
	paths->at[paths->count] = at;
	paths->values[paths->count++] = values;
	return true;
}

/* Instruction @index does not read the value: goes on behind it.  False: that is not known. */
static bool go_on(const struct function *function, struct paths *paths, uint32_t index,
		  uint32_t values)
{
	const struct instruction *instruction = &function->instructions[index];
	uint32_t target;

	switch ((enum instruction_kind)instruction->kind) {
	case INSTRUCTION_RETURN:
		return !(values & (REGISTER_BIT(RAX) | REGISTERS_PRESERVED));
	case INSTRUCTION_STOP:
		return true;
	case INSTRUCTION_CALL:
	case INSTRUCTION_CALL_INDIRECT:
		values &= ~REGISTERS_LOST;
		break;
	case INSTRUCTION_BRANCH:
		target = function_target(function, instruction);
		return target == UINT32_MAX ? !(values & REGISTERS_PRESERVED)
					    : add_path(paths, target, values);
	case INSTRUCTION_BRANCH_IF:
		if (!add_path(paths, function_target(function, instruction), values))
			return false;
		break;
	case INSTRUCTION_PLAIN:
		values &= ~instruction->kills;
		break;
	case INSTRUCTION_LOOP:
	case INSTRUCTION_JUMP_INDIRECT:
	case INSTRUCTION_UNKNOWN:
		return false;
	}
	return !values || (index + 1 < function->count && add_path(paths, index + 1, values));
}

/* May an instruction from @index on read one of the registers @values?  What they have is taken
 * for no argument of a call, nor for a result, but in rax. */
static bool may_be_read(const struct function *function, const uint32_t *live, uint32_t index,
			uint32_t values)
{
	struct paths paths = {.count = 0};

	if (!(values &= live[index]))
		return false;
	(void)add_path(&paths, index, values);
	for (unsigned steps = 0; paths.count > 0; steps++) {
		uint32_t at = paths.at[--paths.count];

		values = paths.values[paths.count] & live[at];
		if (values && (steps == READ_STEPS_MOST ||
			       function->instructions[at].reads & values ||
			       !go_on(function, &paths, at, values)))
			return true;
	}
	return false;
}

/* --- Loads -------------------------------------------------------------------------------- */

static bool is_simple_load(const struct module *module, const struct function *function,
			   uint32_t index)
{
	const struct instruction *instruction = &function->instructions[index];

	return (instruction->memory & (MEMORY_READ | MEMORY_WRITE | MEMORY_LOCKED |
				       MEMORY_STRING)) == MEMORY_READ &&
	       instruction->destination != NO_REGISTER &&
	       checks_class(module, function, index) == ACCESS_SIMPLE;
}

/* Does it make a value of others, and nothing else that anybody needs? */
static bool only_computes(const struct instruction *instruction, uint32_t live_after)
{
	uint32_t into = instruction->destination == NO_REGISTER
				? 0
				: REGISTER_BIT((unsigned)instruction->destination);

	return into && !instruction->memory && instruction->kills & into &&
	       !(instruction->changes & ~into & live_after);
}

/* Is the pick @index all that reads @values, and one of the two values that it picks from?
 * Sets the condition of its being picked. */
static bool takes_all(const struct function *function, const uint32_t *live, uint32_t index,
		      struct pick *pick, uint32_t values)
{
	uint32_t reads = function->instructions[index].reads & values;
	bool is_from = pick->from & values, is_into = pick->into & values;

	if (is_into)
		pick->condition ^= 1;
	return is_from != is_into && !(is_into && pick->is_mask) &&
	       !(reads & ~(pick->from | pick->into)) &&
	       !may_be_read(function, live, index + 1, values & ~pick->into);
}

/* What may throw away all that the load @index has brought, directly or computed with: *@pick,
 * whose index is returned.  0: nothing. */
static uint32_t find_pick(const struct module *module, const struct function *function,
			  const uint32_t *live, uint32_t index, struct pick *pick)
{
	uint32_t values = REGISTER_BIT((unsigned)function->instructions[index].destination);

	for (uint32_t i = index + 1; i < function->count && i - index <= PICKED_BEHIND_MOST; i++) {
		const struct instruction *instruction = &function->instructions[i];
		bool is_read;

		if (is_join(function, i) || checks_is_barrier(module, instruction) ||
		    (instruction->memory & MEMORY_WRITE &&
		     checks_class(module, function, i) != ACCESS_STACK))
			return 0;
		is_read = instruction->reads & values;
		if (is_read && find_pick_at(module, function, i, pick))
			return takes_all(function, live, i, pick, values) ? i : 0;
		if (is_read && !only_computes(instruction, live[i + 1]))
			return 0;
		values &= ~instruction->kills;
		if (is_read)
			values |= REGISTER_BIT((unsigned)instruction->destination);
		if (!values)
			return 0;
	}
	return 0;
}

/* "ready && data" as a value: the comparison @index makes a truth value of what it loads, which
 * is one of two that are both needed, and the other one is there already: *@pick. */
static bool find_truth(const struct module *module, const struct function *function,
		       const uint32_t *live, uint32_t index, struct pick *pick)
{
	const struct instruction *compare = &function->instructions[index];
	struct form truth, both;
	uint32_t other;

	if ((compare->memory & (MEMORY_READ | MEMORY_WRITE | MEMORY_STRING)) != MEMORY_READ ||
	    compare->destination != NO_REGISTER || !(compare->kills & FLAGS_ALL) ||
	    checks_class(module, function, index) != ACCESS_SIMPLE ||
	    index + 3 >= function->count || is_join(function, index + 1) ||
	    is_join(function, index + 2) || !decode_form(module, compare + 1, &truth) ||
	    truth.opcode != OPCODE_SET || !decode_form(module, compare + 2, &both) ||
	    both.opcode != OPCODE_AND_BYTE)
		return false;
	if (both.into == truth.into)
		other = both.from;
	else if (both.from == truth.into && !(live[index + 3] & truth.into))
		other = both.into;
	else
		return false;
	pick->is_mask = true;
	return other && other != truth.into &&
	       is_made(module, function, index, other, OPCODE_SET, pick);
}

/* The registers and flags that instructions from @from up to, not including, @to change. */
static uint32_t changes_between(const struct function *function, uint32_t from, uint32_t to)
{
	uint32_t changes = 0;

	for (uint32_t i = from; i < to; i++)
		changes |= function->instructions[i].changes;
	return changes;
}

static void note_pick(const struct function *function, uint32_t *live, uint32_t load,
		      uint32_t at, const struct pick *pick)
{
	struct instruction *instruction = &function->instructions[load];
	struct operand operand = operand_of(instruction);
	uint32_t changes = changes_between(function, load, at);

	if (changes & FLAGS_ALL && changes & operand_registers(&operand)) {
		instruction->is_doubtful = true;
		return;
	}
	instruction->picked_if = (uint8_t)(pick->condition + 1u);
	instruction->picked_behind = changes & FLAGS_ALL ? (uint8_t)(at - load) : 0;
	/* No check in front of this one may lose them. */
	for (uint32_t i = pick->flags_from; pick->is_mask && i <= at; i++)
		live[i] |= pick->flags;
}

void picks_find(const struct module *module, const struct function *function, uint32_t *live,
		const uint32_t *update_groups)
{
	for (uint32_t i = 0; i < function->count; i++) {
		struct pick pick;
		uint32_t at;

		if (update_groups[i])
			continue;
		if (find_truth(module, function, live, i, &pick)) {
			note_pick(function, live, i, i, &pick);
			continue;
		}
		if (!is_simple_load(module, function, i))
			continue;
		if (find_pick_at(module, function, i, &pick) && !pick.from) {
			note_pick(function, live, i, i, &pick);
			continue;
		}
		at = find_pick(module, function, live, i, &pick);
		if (at)
			note_pick(function, live, i, at, &pick);
	}
}
