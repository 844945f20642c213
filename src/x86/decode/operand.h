/* The memory operand that a check is made for. */
#ifndef X86_DECODE_OPERAND_H
#define X86_DECODE_OPERAND_H

#include "x86/decode/instruction.h"

struct operand {
	int8_t base, index; /* or NO_REGISTER */
	uint8_t scale;
	bool is_rip_relative; /* then 'target' is its offset from text start */
	bool is_thread_local; /* counts from the thread pointer, too */
	int32_t displacement;
	int64_t target;
};

static inline struct operand operand_of(const struct instruction *instruction)
{
	return (struct operand){
		.base = instruction->is_rip_relative ? NO_REGISTER : instruction->base,
		.index = instruction->index,
		.scale = instruction->index == NO_REGISTER ? 0 : instruction->scale,
		.is_rip_relative = instruction->is_rip_relative,
		.is_thread_local = (instruction->memory & MEMORY_SEGMENT) != 0,
		.displacement = instruction->is_rip_relative ? 0 : instruction->displacement,
		.target = instruction->is_rip_relative ? instruction->target : 0,
	};
}

/* What lies @bytes behind it. */
static inline struct operand operand_behind(struct operand operand, uint32_t bytes)
{
	if (operand.is_rip_relative)
		operand.target += bytes;
	else
		operand.displacement += (int32_t)bytes;
	return operand;
}

static inline uint32_t operand_registers(const struct operand *operand)
{
	return (operand->base == NO_REGISTER ? 0 : REGISTER_BIT((unsigned)operand->base)) |
	       (operand->index == NO_REGISTER ? 0 : REGISTER_BIT((unsigned)operand->index));
}

/* True if the distance of both places is known: @b is *@distance after @a. */
static inline bool operand_distance(const struct operand *a, const struct operand *b,
				    int64_t *distance)
{
	if (a->is_rip_relative != b->is_rip_relative || a->is_thread_local != b->is_thread_local ||
	    a->base != b->base || a->index != b->index || a->scale != b->scale)
		return false;
	*distance = a->is_rip_relative ? b->target - a->target
				       : (int64_t)b->displacement - a->displacement;
	return true;
}

#endif
