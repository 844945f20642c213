#include "unwind/frame.h"

#include <dwarf.h>
#include <signal.h>
#include <string.h>

#include "base/kernel.h"
#include "elf/cursor.h"
#include "unwind/cache.h"
#include "unwind/expression.h"
#include "unwind/rules.h"

/* Makes the caller, whose stack pointer is @sp, the current frame. */
static enum unwind_step enter_caller(struct unwind_frame *frame, uintptr_t sp,
				     uintptr_t return_address)
{
	struct unwind_registers *registers = &frame->registers;

	if (return_address == 0)
		return STEP_OUTERMOST;
	registers->address = return_address;
	registers->places[REGISTER_STACK] = PLACE_VALUE;
	registers->values[REGISTER_STACK] = sp;
	registers->floor = sp;
	registers->highest_word = 0;
	frame->is_exact = false;
	return STEP_CALLER;
}

/* The CFA is above the stack pointer, a multiple of 8, and above all words that were
 * read to find it. */
static bool cfa_is_sensible(const struct unwind_registers *registers, uintptr_t cfa)
{
	return cfa > registers->values[REGISTER_STACK] && cfa % 8 == 0 &&
	       registers->highest_word < cfa;
}

static bool follow_saves(struct unwind_registers *registers, const struct frame_rule *rule,
			 uintptr_t cfa)
{
	uintptr_t base = 0;

	if (rule->saved_by_frame && !unwind_read_register(registers, REGISTER_FRAME, &base))
		return false;
	for (unsigned int saved = rule->saved; saved; saved &= saved - 1) {
		unsigned int index = (unsigned int)__builtin_ctz(saved);
		unsigned int number = frame_rule_registers[index];
		bool is_by_frame = rule->saved_by_frame & (1u << index);
		uintptr_t address =
			(is_by_frame ? base : cfa) + (uintptr_t)(8L * rule->slots[index]);

		if (address < registers->floor || address >= cfa)
			return false;
		registers->places[number] = PLACE_WORD;
		registers->values[number] = address;
	}
	return true;
}

static enum unwind_step step_by_rule(struct unwind_frame *frame, const struct frame_rule *rule)
{
	struct unwind_registers *registers = &frame->registers;
	uintptr_t cfa;
	uintptr_t return_address;

	if (rule->is_outermost)
		return STEP_OUTERMOST;
	if (rule->has_no_table)
		return STEP_NO_TABLE;
	if (!unwind_read_register(registers, rule->cfa_register, &cfa))
		return STEP_UNSUPPORTED;
	cfa += (uintptr_t)(intptr_t)rule->cfa_offset;
	if (rule->cfa_is_loaded && !unwind_read_word(registers, cfa, &cfa))
		return STEP_UNSUPPORTED;
	if (!cfa_is_sensible(registers, cfa) ||
	    !unwind_read_word(registers, cfa - 8, &return_address) ||
	    !follow_saves(registers, rule, cfa))
		return STEP_UNSUPPORTED;
	return enter_caller(frame, cfa, return_address);
}

/* Is the expression 'register *@number plus *@offset', followed by a load of the word
 * there if @is_loaded? */
static bool is_register_offset(const unsigned char *expression, bool is_loaded, uint8_t *number,
			       int64_t *offset)
{
	struct byte_cursor cursor = cursor_begin_block(expression);
	uint8_t operation = cursor_take_byte(&cursor);

	if (operation < DW_OP_breg0 || operation > DW_OP_breg15)
		return false;
	*number = operation - DW_OP_breg0;
	*offset = cursor_take_sleb(&cursor);
	if (is_loaded && cursor_take_byte(&cursor) != DW_OP_deref)
		return false;
	return !cursor.failed && cursor.at == cursor.end;
}

static bool shorten_save(const struct eh_frame_entry *entry, const struct unwind_row *row,
			 unsigned int index, struct frame_rule *rule)
{
	unsigned int number = frame_rule_registers[index];
	int64_t offset = row->values[number];
	uint8_t base;

	if (row->rules[number] == RULE_SAME)
		return true;
	if (row->rules[number] == RULE_AT_EXPRESSION) {
		if (!is_register_offset(entry->own + row->values[number], false, &base, &offset) ||
		    base != REGISTER_FRAME)
			return false;
		rule->saved_by_frame |= (uint8_t)(1u << index);
	} else if (row->rules[number] != RULE_AT_CFA) {
		return false;
	}
	if (offset % 8 != 0 || offset / 8 < INT8_MIN || offset / 8 > INT8_MAX)
		return false;
	rule->saved |= (uint8_t)(1u << index);
	rule->slots[index] = (int8_t)(offset / 8);
	return true;
}

static bool shorten_cfa(const struct eh_frame_entry *entry, const struct unwind_row *row,
			struct frame_rule *rule)
{
	int64_t offset = row->cfa_offset;

	rule->cfa_register = row->cfa_register;
	rule->cfa_is_loaded = row->cfa_is_expression;
	if (row->cfa_is_expression &&
	    !is_register_offset(entry->own + row->cfa_expression, true, &rule->cfa_register,
				&offset))
		return false;
	rule->cfa_offset = (int32_t)offset;
	return offset == (int32_t)offset;
}

/* Makes the short form of @row.  False if it has none. */
static bool shorten_row(const struct eh_frame_entry *entry, const struct unwind_row *row,
			struct frame_rule *rule)
{
	memset(rule, 0, sizeof(*rule));
	if (row->rules[ARCH_DWARF_RETURN_ADDRESS] == RULE_UNDEFINED) {
		rule->is_outermost = true;
		return true;
	}
	if (entry->is_signal_frame || row->rules[ARCH_DWARF_RETURN_ADDRESS] != RULE_AT_CFA ||
	    row->values[ARCH_DWARF_RETURN_ADDRESS] != -8 || !shorten_cfa(entry, row, rule))
		return false;
	for (unsigned int number = 0; number < ARCH_DWARF_RETURN_ADDRESS; number++)
		if (row->rules[number] != RULE_SAME &&
		    !memchr(frame_rule_registers, (int)number, sizeof(frame_rule_registers)))
			return false;
	for (unsigned int index = 0; index < FRAME_RULE_REGISTER_COUNT; index++)
		if (!shorten_save(entry, row, index, rule))
			return false;
	return true;
}

/* Where the caller's register @number is, by its rule in @row. */
static bool apply_rule(struct unwind_registers *now, const struct eh_frame_entry *entry,
		       const struct unwind_row *row, unsigned int number, uintptr_t cfa,
		       uint8_t *place, uintptr_t *value)
{
	int32_t operand = row->values[number];

	switch ((enum register_rule)row->rules[number]) {
	case RULE_SAME:
		return true;
	case RULE_AT_CFA:
		*place = PLACE_WORD;
		*value = cfa + (uintptr_t)(intptr_t)operand;
		return true;
	case RULE_CFA_PLUS:
		*place = PLACE_VALUE;
		*value = cfa + (uintptr_t)(intptr_t)operand;
		return true;
	case RULE_REGISTER:
		*place = PLACE_VALUE;
		return unwind_read_register(now, (unsigned int)operand, value);
	case RULE_AT_EXPRESSION:
		*place = PLACE_WORD;
		return unwind_evaluate(now, entry->own + operand, &cfa, value);
	case RULE_EXPRESSION:
		*place = PLACE_VALUE;
		return unwind_evaluate(now, entry->own + operand, &cfa, value);
	case RULE_UNDEFINED:
	default:
		*place = PLACE_LOST;
		return true;
	}
}

/* Finds all registers of the caller.  Saved ones must lie in the frame, below @end. */
static bool apply_rules(struct unwind_registers *now, const struct eh_frame_entry *entry,
			const struct unwind_row *row, uintptr_t cfa, uintptr_t end)
{
	struct unwind_registers next = *now;

	for (unsigned int number = 0; number < ARCH_DWARF_RETURN_ADDRESS; number++) {
		if (row->rules[number] == RULE_SAME)
			continue;
		if (!apply_rule(now, entry, row, number, cfa, &next.places[number],
				&next.values[number]))
			return false;
		if (next.places[number] == PLACE_WORD &&
		    (next.values[number] < now->floor || next.values[number] >= end))
			return false;
	}
	memcpy(now->places, next.places, sizeof(next.places));
	memcpy(now->values, next.values, sizeof(next.values));
	return true;
}

static bool read_return_address(struct unwind_registers *registers,
				const struct eh_frame_entry *entry, const struct unwind_row *row,
				uintptr_t cfa, uintptr_t *return_address)
{
	uint8_t place = PLACE_LOST;

	if (!apply_rule(registers, entry, row, ARCH_DWARF_RETURN_ADDRESS, cfa, &place,
			return_address))
		return false;
	if (place == PLACE_WORD)
		return unwind_read_word(registers, *return_address, return_address);
	return place == PLACE_VALUE;
}

/* The kernel's struct sigaction; the C library's is another. */
struct kernel_action {
	uintptr_t handler;
	unsigned long flags;
	uintptr_t restorer;
	uint64_t mask;
};

uintptr_t (*unwind_program_handler)(uint32_t signal, uintptr_t handler);
uintptr_t unwind_signal_return;

/* The kernel writes a siginfo only for handlers with SA_SIGINFO; for others the memory
 * may hold that of an earlier signal.  So @number is believed only if the handler of
 * that signal has SA_SIGINFO and is the function at @called_address. */
static bool is_signal_believable(uint32_t number, uintptr_t called_address)
{
	struct kernel_action action;
	struct eh_frame_entry called;

	if (number == 0 || number > 64 ||
	    kernel_call4(SYS_rt_sigaction, number, 0, &action, sizeof(action.mask)) != 0)
		return false;
	if (unwind_program_handler)
		action.handler = unwind_program_handler(number, action.handler);
	return (action.flags & SA_SIGINFO) &&
	       unwind_find_entry(called_address - 1, &called) == UNWIND_FOUND &&
	       called.function == action.handler;
}

static bool note_signal(struct unwind_registers *registers, const struct eh_frame_entry *entry)
{
	struct unwind_result *result = registers->result;
	uintptr_t number;

	if (!result || result->crosses_signal_frame)
		return true;
	result->crosses_signal_frame = true;
	result->signal_frame = result->frame_count;
	if (result->frame_count < 2 ||
	    (registers->address != unwind_signal_return &&
	     !unwind_is_signal_return(registers->address,
				      entry->function_end - registers->address)))
		return true;
	if (!unwind_read_word(registers, registers->values[REGISTER_STACK] + SIGINFO_OFFSET,
			      &number) ||
	    !unwind_read_word(registers, registers->values[REGISTER_STACK] + SIGNAL_MASK_OFFSET,
			      &result->interrupted_signals))
		return false;
	if (is_signal_believable((uint32_t)number, result->frames[result->frame_count - 2]))
		result->signal_number = (uint32_t)number;
	return true;
}

/* The interrupted frame may be anywhere: the handler may run on an alternate stack. */
static enum unwind_step step_over_signal(struct unwind_frame *frame,
					 const struct eh_frame_entry *entry,
					 const struct unwind_row *row, uintptr_t cfa)
{
	struct unwind_registers *registers = &frame->registers;
	uintptr_t end = registers->values[REGISTER_STACK] + SIGNAL_FRAME_BYTES;
	uintptr_t sp = cfa;
	uintptr_t address;

	if (!note_signal(registers, entry) ||
	    !read_return_address(registers, entry, row, cfa, &address) ||
	    registers->highest_word >= end || !apply_rules(registers, entry, row, cfa, end))
		return STEP_UNSUPPORTED;
	if (row->rules[REGISTER_STACK] != RULE_SAME &&
	    !unwind_read_register(registers, REGISTER_STACK, &sp))
		return STEP_UNSUPPORTED;
	enum unwind_step step = enter_caller(frame, sp, address);
	registers->floor = sp - RED_ZONE_BYTES;
	frame->is_exact = true;
	return step;
}

static enum unwind_step step_by_row(struct unwind_frame *frame, const struct eh_frame_entry *entry,
				    const struct unwind_row *row)
{
	struct unwind_registers *registers = &frame->registers;
	uintptr_t cfa;
	uintptr_t return_address;

	if (row->cfa_is_expression) {
		if (!unwind_evaluate(registers, entry->own + row->cfa_expression, NULL, &cfa))
			return STEP_UNSUPPORTED;
	} else {
		if (!unwind_read_register(registers, row->cfa_register, &cfa))
			return STEP_UNSUPPORTED;
		cfa += (uintptr_t)(intptr_t)row->cfa_offset;
	}
	if (entry->is_signal_frame)
		return step_over_signal(frame, entry, row, cfa);
	if (!cfa_is_sensible(registers, cfa) ||
	    !read_return_address(registers, entry, row, cfa, &return_address) ||
	    registers->highest_word >= cfa || !apply_rules(registers, entry, row, cfa, cfa))
		return STEP_UNSUPPORTED;
	return enter_caller(frame, cfa, return_address);
}

static enum unwind_step step_by_table(struct unwind_frame *frame, uintptr_t address)
{
	struct eh_frame_entry entry;
	struct unwind_row row;
	struct frame_rule rule;
	uintptr_t start, end;

	switch (unwind_find_entry(address, &entry)) {
	case UNWIND_FOUND:
		break;
	case UNWIND_NOT_THERE:
		return STEP_NO_TABLE;
	case UNWIND_NOT_UNDERSTOOD:
	default:
		return STEP_UNSUPPORTED;
	}
	if (!unwind_rules_around(&entry, address, &row, &start, &end))
		return STEP_UNSUPPORTED;
	if (!shorten_row(&entry, &row, &rule))
		return step_by_row(frame, &entry, &row);
	if (end > entry.function_end)
		end = entry.function_end;
	unwind_cache_add_row(frame->generation, address, start, end, &rule);
	return step_by_rule(frame, &rule);
}

/* makecontext() puts the first address of a function where a coroutine's outermost
 * frame has its return address.  No call returns there. */
static bool is_coroutine_start(uintptr_t address)
{
	struct eh_frame_entry entry;

	return unwind_find_entry(address, &entry) == UNWIND_FOUND && entry.function == address;
}

/* A call may be the last instruction of its function, so that the return
 * address is in another function. */
static uintptr_t address_of(const struct unwind_frame *frame)
{
	return frame->registers.address - !frame->is_exact;
}

enum unwind_step unwind_frame_step_known(struct unwind_frame *frame)
{
	struct frame_rule rule;

	if (!unwind_cache_find(frame->generation, address_of(frame), &rule))
		return STEP_NOT_KNOWN;
	return step_by_rule(frame, &rule);
}

enum unwind_step unwind_frame_step(struct unwind_frame *frame)
{
	uintptr_t address = address_of(frame);
	enum unwind_step step = unwind_frame_step_known(frame);

	if (step != STEP_NOT_KNOWN)
		return step;
	step = step_by_table(frame, address);
	if (step != STEP_NO_TABLE)
		return step;
	if (!frame->is_exact && is_coroutine_start(frame->registers.address))
		return STEP_OUTERMOST;
	unwind_cache_add(frame->generation, address, &(struct frame_rule){.has_no_table = true});
	return STEP_NO_TABLE;
}
