#include "unwind/expression.h"

#include <dwarf.h>

#include "elf/cursor.h"

#define DEPTH_MAX 16
#define STEP_MAX 256 /* as expressions may loop */

struct machine {
	struct unwind_registers *registers;
	const unsigned char *begin;
	struct byte_cursor code;
	unsigned int depth;
	bool failed;
	uintptr_t stack[DEPTH_MAX];
};

static void push_value(struct machine *machine, uintptr_t value)
{
	if (machine->depth == DEPTH_MAX) {
		machine->failed = true;
		return;
	}
	machine->stack[machine->depth++] = value;
}

static uintptr_t pop_value(struct machine *machine)
{
	if (machine->depth == 0) {
		machine->failed = true;
		return 0;
	}
	return machine->stack[--machine->depth];
}

static void push_copy(struct machine *machine, unsigned int from_top)
{
	if (from_top >= machine->depth) {
		machine->failed = true;
		return;
	}
	push_value(machine, machine->stack[machine->depth - 1 - from_top]);
}

static void push_register(struct machine *machine, uint64_t number, int64_t offset)
{
	uintptr_t value = machine->registers->address;

	if (number != ARCH_DWARF_RETURN_ADDRESS &&
	    (number > ARCH_DWARF_RETURN_ADDRESS ||
	     !unwind_read_register(machine->registers, (unsigned int)number, &value)))
		machine->failed = true;
	push_value(machine, value + (uintptr_t)offset);
}

static void load_word(struct machine *machine)
{
	uintptr_t value = 0;

	if (!unwind_read_word(machine->registers, pop_value(machine), &value))
		machine->failed = true;
	push_value(machine, value);
}

static void jump_by(struct machine *machine, bool is_taken)
{
	int64_t distance = cursor_take_signed(&machine->code, 2);

	if (!is_taken)
		return;
	if (distance < machine->begin - machine->code.at ||
	    distance > machine->code.end - machine->code.at) {
		machine->failed = true;
		return;
	}
	machine->code.at += distance;
}

static void rotate_values(struct machine *machine)
{
	uintptr_t first = pop_value(machine);
	uintptr_t second = pop_value(machine);
	uintptr_t third = pop_value(machine);

	push_value(machine, first);
	push_value(machine, third);
	push_value(machine, second);
}

static void swap_values(struct machine *machine)
{
	uintptr_t first = pop_value(machine);
	uintptr_t second = pop_value(machine);

	push_value(machine, first);
	push_value(machine, second);
}

static uintptr_t divide_signed(struct machine *machine, intptr_t left, intptr_t right)
{
	if (right == 0 || (left == INTPTR_MIN && right == -1)) {
		machine->failed = true;
		return 0;
	}
	return (uintptr_t)(left / right);
}

static uintptr_t find_remainder(struct machine *machine, uintptr_t left, uintptr_t right)
{
	if (right == 0) {
		machine->failed = true;
		return 0;
	}
	return left % right;
}

static uintptr_t shift_value(uint8_t operation, uintptr_t left, uintptr_t count)
{
	bool is_too_far = count >= 64;

	if (operation == DW_OP_shra)
		return (uintptr_t)((intptr_t)left >> (is_too_far ? 63 : count));
	if (is_too_far)
		return 0;
	return operation == DW_OP_shl ? left << count : left >> count;
}

/* Operations on two numbers; the right operand is on top of the stack. */
static void execute_binary(struct machine *machine, uint8_t operation)
{
	uintptr_t right = pop_value(machine);
	uintptr_t left = pop_value(machine);
	intptr_t signed_right = (intptr_t)right;
	intptr_t signed_left = (intptr_t)left;
	uintptr_t value = 0;

	switch (operation) {
	case DW_OP_and:
		value = left & right;
		break;
	case DW_OP_or:
		value = left | right;
		break;
	case DW_OP_xor:
		value = left ^ right;
		break;
	case DW_OP_plus:
		value = left + right;
		break;
	case DW_OP_minus:
		value = left - right;
		break;
	case DW_OP_mul:
		value = left * right;
		break;
	case DW_OP_div:
		value = divide_signed(machine, signed_left, signed_right);
		break;
	case DW_OP_mod:
		value = find_remainder(machine, left, right);
		break;
	case DW_OP_shl:
	case DW_OP_shr:
	case DW_OP_shra:
		value = shift_value(operation, left, right);
		break;
	case DW_OP_eq:
		value = left == right;
		break;
	case DW_OP_ne:
		value = left != right;
		break;
	case DW_OP_lt:
		value = signed_left < signed_right;
		break;
	case DW_OP_le:
		value = signed_left <= signed_right;
		break;
	case DW_OP_gt:
		value = signed_left > signed_right;
		break;
	case DW_OP_ge:
		value = signed_left >= signed_right;
		break;
	default:
		machine->failed = true;
	}
	push_value(machine, value);
}

static void execute_unary_or_stack(struct machine *machine, uint8_t operation)
{
	struct byte_cursor *code = &machine->code;

	switch (operation) {
	case DW_OP_dup:
		push_copy(machine, 0);
		break;
	case DW_OP_over:
		push_copy(machine, 1);
		break;
	case DW_OP_pick:
		push_copy(machine, cursor_take_byte(code));
		break;
	case DW_OP_drop:
		pop_value(machine);
		break;
	case DW_OP_swap:
		swap_values(machine);
		break;
	case DW_OP_rot:
		rotate_values(machine);
		break;
	case DW_OP_abs: {
		intptr_t value = (intptr_t)pop_value(machine);

		push_value(machine, value < 0 ? 0 - (uintptr_t)value : (uintptr_t)value);
		break;
	}
	case DW_OP_neg:
		push_value(machine, 0 - pop_value(machine));
		break;
	case DW_OP_not:
		push_value(machine, ~pop_value(machine));
		break;
	case DW_OP_plus_uconst:
		push_value(machine, pop_value(machine) + cursor_take_uleb(code));
		break;
	case DW_OP_deref:
		load_word(machine);
		break;
	case DW_OP_skip:
		jump_by(machine, true);
		break;
	case DW_OP_bra:
		jump_by(machine, pop_value(machine) != 0);
		break;
	case DW_OP_nop:
		break;
	default:
		execute_binary(machine, operation);
	}
}

static void execute_operation(struct machine *machine, uint8_t operation)
{
	struct byte_cursor *code = &machine->code;

	switch (operation) {
	case DW_OP_lit0 ... DW_OP_lit31:
		push_value(machine, (uintptr_t)(operation - DW_OP_lit0));
		break;
	case DW_OP_breg0 ... DW_OP_breg31:
		push_register(machine, (uint64_t)(operation - DW_OP_breg0), cursor_take_sleb(code));
		break;
	case DW_OP_reg0 ... DW_OP_reg31:
		push_register(machine, (uint64_t)(operation - DW_OP_reg0), 0);
		break;
	case DW_OP_bregx: {
		uint64_t number = cursor_take_uleb(code);

		push_register(machine, number, cursor_take_sleb(code));
		break;
	}
	case DW_OP_addr:
	case DW_OP_const8u:
	case DW_OP_const8s:
		push_value(machine, cursor_take(code, 8));
		break;
	case DW_OP_const1u:
		push_value(machine, cursor_take(code, 1));
		break;
	case DW_OP_const1s:
		push_value(machine, (uintptr_t)cursor_take_signed(code, 1));
		break;
	case DW_OP_const2u:
		push_value(machine, cursor_take(code, 2));
		break;
	case DW_OP_const2s:
		push_value(machine, (uintptr_t)cursor_take_signed(code, 2));
		break;
	case DW_OP_const4u:
		push_value(machine, cursor_take(code, 4));
		break;
	case DW_OP_const4s:
		push_value(machine, (uintptr_t)cursor_take_signed(code, 4));
		break;
	case DW_OP_constu:
		push_value(machine, cursor_take_uleb(code));
		break;
	case DW_OP_consts:
		push_value(machine, (uintptr_t)cursor_take_sleb(code));
		break;
	default:
		execute_unary_or_stack(machine, operation);
	}
}

bool unwind_evaluate(struct unwind_registers *registers, const unsigned char *expression,
		     const uintptr_t *initial, uintptr_t *value)
{
	struct machine machine;

	machine.registers = registers;
	machine.code = cursor_begin_block(expression);
	machine.begin = machine.code.at;
	machine.depth = 0;
	machine.failed = false;
	if (initial)
		push_value(&machine, *initial);
	for (int step = 0; machine.code.at < machine.code.end; step++) {
		if (step == STEP_MAX)
			return false;
		execute_operation(&machine, cursor_take_byte(&machine.code));
		if (machine.failed || machine.code.failed)
			return false;
	}
	*value = pop_value(&machine);
	return !machine.failed;
}
