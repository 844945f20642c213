/*
 * What is known on the way through a function that may be an accessor; internal to
 * accessors.c and accessor_branches.c.
 */
#ifndef X86_FLOW_ACCESSOR_SCAN_H
#define X86_FLOW_ACCESSOR_SCAN_H

#include "x86/flow/accessors.h"
#include "x86/flow/walk.h"

#define SLOTS_MOST 12u
#define NO_DEPTH INT32_MIN

enum value_kind {
	VALUE_UNKNOWN,
	VALUE_PATH,
	VALUE_DERIVED,
	VALUE_FRAME,
	VALUE_RESULT,
	VALUE_NUMBER
};

struct value {
	uint8_t kind;
	bool is_decided; /* it rests on flags: who stores it has looked again */
	uint16_t return_at; /* at the last load of the path */
	uint32_t site;	    /* ... of which this is the instruction; of a result: the call's */
	int32_t depth;	    /* of a frame pointer */
	struct accessor_path path; /* what was loaded so, or is computed of that; of length 0: an
				    * argument; of a number: it is the target */
};

static const struct value value_unknown;

/* What is known on the way through a function, which goes straight on. */
struct scan {
	const struct module *module;
	const struct function *function;
	struct value registers[ACCESSOR_VECTORS + 16]; /* general ones, then vectors */
	struct {
		int32_t at; /* below the return address */
		struct value value;
	} slots[SLOTS_MOST];
	struct value flags;
	uint32_t left, right; /* the flags are those of their difference ... */
	bool is_compared;     /* ... if this is true */
	uint32_t slot_count;
	int32_t depth;			/* of rsp below the return address */
	uint32_t store_count;		/* of an argument */
	uint32_t exchanged;		/* registers with what an exchange has got */
	bool is_vector, is_vector_move; /* the instruction, whose operands are these */
	struct vector_operands vector;
	struct accessor accessor; /* what it is so far */
	struct value act;	  /* what it has stored by itself first: the place, as if loaded */
};

static inline bool value_is_argument(const struct value *value)
{
	return value->kind == VALUE_PATH && !value->path.length;
}

static inline bool value_is_loaded(const struct value *value)
{
	return value->kind == VALUE_DERIVED || (value->kind == VALUE_PATH && value->path.length);
}

/* Where a stack operand lies below the return address; NO_DEPTH: it is none. */
static inline int32_t scan_stack_place(const struct scan *scan,
				       const struct instruction *instruction)
{
	if (instruction->index != NO_REGISTER || instruction->is_rip_relative ||
	    instruction->base == NO_REGISTER || instruction->memory & MEMORY_SEGMENT)
		return NO_DEPTH;
	if (instruction->base == RSP)
		return scan->depth - instruction->displacement;
	if (scan->registers[instruction->base].kind == VALUE_FRAME)
		return scan->registers[instruction->base].depth - instruction->displacement;
	return NO_DEPTH;
}

static inline struct value *scan_find_slot(struct scan *scan, int32_t at)
{
	for (uint32_t i = 0; i < scan->slot_count; i++)
		if (scan->slots[i].at == at)
			return &scan->slots[i].value;
	return NULL;
}

static inline bool scan_put_slot(struct scan *scan, int32_t at, struct value value)
{
	struct value *slot = scan_find_slot(scan, at);

	if (!slot) {
		if (scan->slot_count == SLOTS_MOST)
			return false;
		scan->slots[scan->slot_count].at = at;
		slot = &scan->slots[scan->slot_count++].value;
	}
	*slot = value;
	return true;
}

static inline void scan_change_registers(struct scan *scan, uint32_t changed, struct value value)
{
	for (changed &= REGISTERS_ALL; changed; changed &= changed - 1)
		scan->registers[__builtin_ctz(changed)] = value;
}

/* Notes where the instruction moves a floating-point value. */
static inline void scan_note_vector(struct scan *scan, const struct instruction *instruction)
{
	struct vector_operands *vector = &scan->vector;

	scan->is_vector = flow_decode_vector(scan->module, instruction, vector);
	scan->is_vector_move =
		scan->is_vector &&
		(vector->is_store || (vector->is_move && vector->extra == vector->reg));
}

/* If the instruction adds a number to a known one, the sum is the *@result. */
void scan_note_compared(struct scan *scan, const struct instruction *instruction,
			struct value *result);

/* What comes behind the conditional branch at @index: the instruction to go on with.  UINT32_MAX:
 * it is no way straight on. */
uint32_t scan_branch(struct scan *scan, uint32_t index);

/* The register whose value the instruction stores, or NO_REGISTER. */
static inline int scan_stored_register(const struct scan *scan,
				       const struct instruction *instruction)
{
	if (scan->is_vector && scan->vector.is_store)
		return ACCESSOR_VECTORS + scan->vector.reg;
	return instruction->source;
}

/* The instruction has loaded or computed @value. */
static inline void scan_change_result(struct scan *scan, const struct instruction *instruction,
				      struct value value)
{
	const struct vector_operands *vector = &scan->vector;

	scan_note_compared(scan, instruction, &value);
	scan_change_registers(scan, instruction->changes, value);
	if (instruction->changes & FLAGS_ALL) {
		scan->flags = value;
		return;
	}
	if (!scan->is_vector || vector->to_general || (vector->is_store && !vector->has_rm))
		return;
	scan->registers[ACCESSOR_VECTORS + (vector->is_store ? vector->rm : vector->reg)] = value;
}

#endif
