#include "x86/survey/counted.h"

#include "x86/survey/classify.h"

#define LOOP_MOST 64u /* instructions */
#define STRIDE_MOST 512

/* An arithmetic instruction, as far as it has registers alone and at most a constant. */
struct operation {
	bool is_wide; /* 64 bits, else 32 */
	bool is_on_registers;
	uint8_t code;
	unsigned rm, reg, extension; /* 'extension' is the field of 'reg' */
};

static struct operation operation_of(const unsigned char *bytes)
{
	unsigned prefix = (bytes[0] & 0xf0) == 0x40 ? *bytes++ : 0;

	return (struct operation){
		.is_wide = prefix & 8,
		.is_on_registers = bytes[1] >= 0xc0,
		.code = bytes[0],
		.rm = (bytes[1] & 7u) | (prefix & 1 ? 8u : 0),
		.reg = (bytes[1] >> 3 & 7u) | (prefix & 4 ? 8u : 0),
		.extension = bytes[1] >> 3 & 7u,
	};
}

/* The constant that @instruction adds to @reg; 0: it does something else. */
static int64_t step_of(const struct module *module, const struct instruction *instruction,
		       unsigned reg, bool is_half)
{
	struct operation operation = operation_of(module->text + instruction->offset);

	if (!operation.is_wide && !is_half)
		return 0;
	if (instruction->is_lea)
		return operation.code == 0x8d && !instruction->is_rip_relative &&
				       instruction->base == (int8_t)reg &&
				       instruction->index == NO_REGISTER && operation.reg == reg
			       ? instruction->displacement
			       : 0;
	if (!operation.is_on_registers || operation.rm != reg)
		return 0;
	if (operation.code == 0x83 || operation.code == 0x81)
		return operation.extension == 0	  ? instruction->immediate
		       : operation.extension == 5 ? -instruction->immediate
						  : 0;
	if (operation.code != 0xff)
		return 0;
	return operation.extension == 0 ? 1 : operation.extension == 1 ? -1 : 0;
}

/* What a round adds to a register. */
struct step {
	bool is_known;
	int64_t by;  /* 0: nothing */
	uint32_t at; /* the instruction that does */
};

/* Of all of the register, or of its lower half. */
static struct step find_step(const struct module *module, const struct function *function,
			     const struct counted_loop *loop, int reg, bool is_half)
{
	struct step step = {.is_known = true};

	for (uint32_t i = loop->first; reg != NO_REGISTER && i <= loop->last; i++) {
		const struct instruction *instruction = &function->instructions[i];

		if (!(instruction->changes & REGISTER_BIT((unsigned)reg)))
			continue;
		if (step.by)
			return (struct step){.is_known = false};
		step.by = step_of(module, instruction, (unsigned)reg, is_half);
		step.at = i;
		if (!step.by || step.by != (int32_t)step.by)
			return (struct step){.is_known = false};
	}
	return step;
}

/* --- The counter -------------------------------------------------------------- */

enum { BELOW = 2, NOT_BELOW, EQUAL, UNEQUAL, NOT_ABOVE, ABOVE,
       LESS = 12, NOT_LESS, NOT_GREATER, GREATER };

/* Does the loop go on while its counter is on the side that it comes from?  @is_upwards:
 * of the left side of the comparison, or down from the right one. */
static bool goes_on(unsigned condition, bool is_upwards)
{
	switch (condition) {
	case UNEQUAL:
		return true;
	case BELOW:
	case NOT_ABOVE:
	case LESS:
	case NOT_GREATER:
		return is_upwards;
	case ABOVE:
	case NOT_BELOW:
	case GREATER:
	case NOT_LESS:
		return !is_upwards;
	default:
		return false;
	}
}

/* Does the loop end once the counter is at its bound? */
static bool is_strict(unsigned condition)
{
	return condition == UNEQUAL || condition == BELOW || condition == ABOVE ||
	       condition == LESS || condition == GREATER;
}

static void set_distance(struct counted_loop *loop, int counter, int bound, int64_t step)
{
	loop->from = (int8_t)(step > 0 ? counter : bound);
	loop->to = (int8_t)(step > 0 ? bound : counter);
	loop->step = (uint32_t)(step > 0 ? step : -step);
}

/* cmp counter, bound, in either order. */
static bool is_compared(const struct module *module, const struct function *function,
			struct counted_loop *loop, uint32_t index, unsigned condition)
{
	struct operation operation =
		operation_of(module->text + function->instructions[index].offset);
	bool is_swapped = operation.code == 0x3b;
	int left = (int)(is_swapped ? operation.reg : operation.rm);
	int right = (int)(is_swapped ? operation.rm : operation.reg);
	struct step of_left, of_right;

	loop->is_half = !operation.is_wide;
	loop->unless = condition == UNEQUAL ? 0 : condition < LESS ? NOT_ABOVE : NOT_GREATER;
	if (!operation.is_on_registers || (operation.code != 0x39 && !is_swapped))
		return false;
	of_left = find_step(module, function, loop, left, loop->is_half);
	of_right = find_step(module, function, loop, right, loop->is_half);
	if (!of_left.is_known || !of_right.is_known || !of_left.by == !of_right.by)
		return false;
	if (of_left.by)
		set_distance(loop, left, right, of_left.by);
	else
		set_distance(loop, right, left, of_right.by);
	loop->is_exact = (of_left.by ? of_left.at : of_right.at) < index && is_strict(condition);
	return goes_on(condition, of_left.by > 0 || of_right.by < 0);
}

/* The counter is counted down to 0. */
static bool is_counted_down(const struct module *module, const struct function *function,
			    struct counted_loop *loop, uint32_t index, unsigned condition)
{
	const struct instruction *instruction = &function->instructions[index];
	struct operation operation = operation_of(module->text + instruction->offset);
	struct step step = find_step(module, function, loop, (int)operation.rm, !operation.is_wide);

	loop->is_half = !operation.is_wide;
	loop->unless = 0;
	if (!step.is_known || step.by >= 0 || step.at != index || instruction->is_lea ||
	    condition != UNEQUAL)
		return false;
	set_distance(loop, (int)operation.rm, NO_REGISTER, step.by);
	loop->is_exact = true;
	return true;
}

/* Finds what the last branch decides by. */
static bool find_counter(const struct module *module, const struct function *function,
			 struct counted_loop *loop)
{
	const unsigned char *branch = module->text + function->instructions[loop->last].offset;
	unsigned condition = instruction_condition(branch);
	uint32_t index = loop->last;

	do {
		if (index == loop->first)
			return false;
		index--;
	} while (!(function->instructions[index].changes & FLAGS_ALL));
	return is_compared(module, function, loop, index, condition) ||
	       is_counted_down(module, function, loop, index, condition);
}

/* The end of the straight line that @first begins. */
static bool find_last(const struct module *module, const struct function *function, uint32_t first,
		      uint32_t *last)
{
	uint32_t joins = REACH_ENTRY | REACH_BRANCH | REACH_INDIRECT;

	for (uint32_t i = first; i < function->count && i - first < LOOP_MOST; i++) {
		const struct instruction *instruction = &function->instructions[i];

		if (i > first && function->reach[i] & joins)
			return false;
		*last = i;
		if (instruction->kind == INSTRUCTION_BRANCH_IF)
			return function_target(function, instruction) == first;
		if (checks_is_barrier(module, instruction))
			return false;
	}
	return false;
}

bool counted_find(const struct module *module, const struct function *function, uint32_t first,
		  struct counted_loop *loop)
{
	*loop = (struct counted_loop){.first = first};
	return counted_may_begin(function, first) &&
	       find_last(module, function, first, &loop->last) &&
	       find_counter(module, function, loop);
}

/* --- What it touches ------------------------------------------------------------ */

bool counted_place(const struct module *module, const struct function *function,
		   const struct counted_loop *loop, uint32_t index, const struct operand *operand,
		   struct counted_place *place)
{
	struct step base = find_step(module, function, loop, operand->base, false);
	struct step other = find_step(module, function, loop, operand->index, false);
	int64_t scale = operand->scale;
	int64_t first = operand->displacement;

	if (operand->is_rip_relative || operand->is_thread_local || operand->base == RSP ||
	    !base.is_known || !other.is_known)
		return false;
	first += base.by && base.at < index ? base.by : 0;
	first += other.by && other.at < index ? scale * other.by : 0;
	place->first = *operand;
	place->first.displacement = (int32_t)first;
	place->stride = base.by + scale * other.by;
	return place->first.displacement == first;
}

/* Does the loop touch what lies @distance behind @place, @size_bytes as that does? */
static bool is_touched(const struct module *module, const struct function *function,
		       const struct counted_loop *loop, const struct counted_place *place,
		       uint32_t size_bytes, bool is_write, int64_t distance)
{
	uint32_t kind = is_write ? MEMORY_WRITE : MEMORY_READ;

	for (uint32_t i = loop->first; i <= loop->last; i++) {
		const struct instruction *instruction = &function->instructions[i];
		struct operand operand = operand_of(instruction);
		struct counted_place other;
		int64_t apart;

		if (instruction->memory & kind && instruction->access_bytes == size_bytes &&
		    !instruction_drops(instruction) &&
		    checks_classify(module, function, instruction) == ACCESS_SIMPLE &&
		    counted_place(module, function, loop, i, &operand, &other) &&
		    operand_distance(&place->first, &other.first, &apart) && apart == distance)
			return true;
	}
	return false;
}

static bool is_power_of_two(int64_t number)
{
	return number > 0 && !(number & (number - 1));
}

bool counted_range(const struct module *module, const struct function *function,
		   const struct counted_loop *loop, uint32_t index, const struct operand *operand,
		   uint32_t size_bytes, bool is_write, struct counted_range *range)
{
	struct counted_place *place = &range->place;

	if (!counted_place(module, function, loop, index, operand, place) ||
	    !is_power_of_two(place->stride) || !is_power_of_two(loop->step) ||
	    place->stride < size_bytes || place->stride > STRIDE_MOST)
		return false;
	for (int64_t at = size_bytes; at < place->stride; at += size_bytes)
		if (!is_touched(module, function, loop, place, size_bytes, is_write, at))
			return false;
	range->shift = (int8_t)(__builtin_ctzll((uint64_t)place->stride) -
				__builtin_ctz(loop->step));
	return true;
}
