#include "x86/survey/counted.h"

#include "x86/survey/classify.h"

#define LOOP_MOST 64u /* instructions */
#define UNEQUAL 5u    /* condition code */

static unsigned rm_of(const unsigned char *bytes)
{
	return (bytes[2] & 7u) | (bytes[0] & 1u ? 8u : 0);
}

static unsigned reg_of(const unsigned char *bytes)
{
	return (bytes[2] >> 3 & 7u) | (bytes[0] & 4u ? 8u : 0);
}

/* Of 64 bits, with a prefix for that alone. */
static bool is_wide(const unsigned char *bytes)
{
	return (bytes[0] & 0xf8) == 0x48;
}

/* Is it an arithmetic instruction with one register operand, at most, and a constant? */
static bool is_on_register(const unsigned char *bytes, unsigned reg)
{
	return is_wide(bytes) && bytes[2] >= 0xc0 && rm_of(bytes) == reg;
}

/* The constant that @instruction adds to @reg; 0: it does something else. */
static int64_t step_of(const struct module *module, const struct instruction *instruction,
		       unsigned reg)
{
	const unsigned char *bytes = module->text + instruction->offset;
	unsigned operation = bytes[2] >> 3 & 7u;

	if (instruction->is_lea)
		return is_wide(bytes) && !instruction->is_rip_relative &&
				       instruction->base == (int8_t)reg &&
				       instruction->index == NO_REGISTER && reg_of(bytes) == reg
			       ? instruction->displacement
			       : 0;
	if (!is_on_register(bytes, reg))
		return 0;
	if (bytes[1] == 0x83 || bytes[1] == 0x81)
		return operation == 0	? instruction->immediate
		       : operation == 5 ? -instruction->immediate
					: 0;
	return bytes[1] != 0xff ? 0 : operation == 0 ? 1 : operation == 1 ? -1 : 0;
}

/* What a round adds to a register. */
struct step {
	bool is_known;
	int64_t by;  /* 0: nothing */
	uint32_t at; /* the instruction that does */
};

static struct step find_step(const struct module *module, const struct function *function,
			     const struct counted_loop *loop, int reg)
{
	struct step step = {.is_known = true};

	for (uint32_t i = loop->first; reg != NO_REGISTER && i <= loop->last; i++) {
		const struct instruction *instruction = &function->instructions[i];

		if (!(instruction->changes & REGISTER_BIT((unsigned)reg)))
			continue;
		if (step.by)
			return (struct step){.is_known = false};
		step.by = step_of(module, instruction, (unsigned)reg);
		step.at = i;
		if (!step.by || step.by != (int32_t)step.by)
			return (struct step){.is_known = false};
	}
	return step;
}

static void set_distance(struct counted_loop *loop, int counter, int bound, int64_t step)
{
	loop->from = (int8_t)(step > 0 ? counter : bound);
	loop->to = (int8_t)(step > 0 ? bound : counter);
	loop->step = (uint32_t)(step > 0 ? step : -step);
}

/* cmp counter, bound, in either order. */
static bool is_compared(const struct module *module, const struct function *function,
			struct counted_loop *loop, const unsigned char *bytes)
{
	int left = (int)rm_of(bytes), right = (int)reg_of(bytes);
	struct step of_left, of_right;

	if (!is_wide(bytes) || bytes[2] < 0xc0 || (bytes[1] != 0x39 && bytes[1] != 0x3b))
		return false;
	of_left = find_step(module, function, loop, left);
	of_right = find_step(module, function, loop, right);
	if (!of_left.is_known || !of_right.is_known || !of_left.by == !of_right.by)
		return false;
	if (of_left.by)
		set_distance(loop, left, right, of_left.by);
	else
		set_distance(loop, right, left, of_right.by);
	return true;
}

/* The counter is counted down to 0. */
static bool is_counted_down(const struct module *module, const struct function *function,
			    struct counted_loop *loop, uint32_t index, const unsigned char *bytes)
{
	struct step step = find_step(module, function, loop, (int)rm_of(bytes));

	if (!step.is_known || step.by >= 0 || step.at != index ||
	    function->instructions[index].is_lea)
		return false;
	set_distance(loop, (int)rm_of(bytes), NO_REGISTER, step.by);
	return true;
}

/* Finds what the last branch decides by. */
static bool find_counter(const struct module *module, const struct function *function,
			 struct counted_loop *loop)
{
	uint32_t index = loop->last;
	const unsigned char *bytes;

	do {
		if (index == loop->first)
			return false;
		index--;
	} while (!(function->instructions[index].changes & FLAGS_ALL));
	bytes = module->text + function->instructions[index].offset;
	return is_compared(module, function, loop, bytes) ||
	       is_counted_down(module, function, loop, index, bytes);
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
			return function_target(function, instruction) == first &&
			       instruction_condition(module->text + instruction->offset) == UNEQUAL;
		if (checks_is_barrier(module, instruction))
			return false;
	}
	return false;
}

bool counted_find(const struct module *module, const struct function *function, uint32_t first,
		  struct counted_loop *loop)
{
	loop->first = first;
	return first > 0 && function->reach[first] & REACH_BRANCH &&
	       instruction_falls_through(&function->instructions[first - 1]) &&
	       find_last(module, function, first, &loop->last) &&
	       find_counter(module, function, loop);
}

static bool is_power_of_two(uint64_t number)
{
	return number && !(number & (number - 1));
}

bool counted_range(const struct module *module, const struct function *function,
		   const struct counted_loop *loop, uint32_t index, const struct operand *operand,
		   uint32_t size_bytes, struct counted_range *range)
{
	struct step base = find_step(module, function, loop, operand->base);
	struct step other = find_step(module, function, loop, operand->index);
	int64_t scale = operand->scale;
	int64_t first = operand->displacement;

	if (operand->is_rip_relative || operand->is_thread_local || operand->base == RSP ||
	    !base.is_known || !other.is_known || base.by + scale * other.by != size_bytes ||
	    !is_power_of_two(size_bytes) || !is_power_of_two(loop->step))
		return false;
	first += base.by && base.at < index ? base.by : 0;
	first += other.by && other.at < index ? scale * other.by : 0;
	range->first = *operand;
	range->first.displacement = (int32_t)first;
	range->shift = (int8_t)(__builtin_ctz(size_bytes) - __builtin_ctz(loop->step));
	return range->first.displacement == first;
}
