/*
 * A symbolic machine for the code of checks: what verification follows it with.
 */
#ifndef X86_SYMBOLIC_H
#define X86_SYMBOLIC_H

#include "x86/operand.h"
#include "x86/plan.h"

#define SYMBOLIC_SLOTS 4u

enum symbolic_kind {
	SYMBOLIC_RUBBISH,
	SYMBOLIC_ORIGINAL, /* what register 'number' had in the original */
	SYMBOLIC_ADDRESS,  /* the address of 'operand' */
	SYMBOLIC_FLIPPED,  /* ... with bit 'number' flipped */
	SYMBOLIC_FLAGS_HALF, /* lahf, but not yet seto */
	SYMBOLIC_FLAGS,	   /* lahf and seto */
	SYMBOLIC_FLAGS_BACK /* OF is restored already */
};

struct symbolic_value {
	uint8_t kind;
	int8_t number;
	struct operand operand;
};

/* A word on the stack that the check has written, 'at' bytes from the original rsp. */
struct symbolic_slot {
	int32_t at;
	bool is_used;
	struct symbolic_value value;
};

struct symbolic {
	struct symbolic_value registers[16];
	struct symbolic_slot slots[SYMBOLIC_SLOTS];
	int32_t lowered_by;
	bool has_flags;	   /* the original's, in the flags register */
	bool has_overflow; /* at least OF */
	struct symbolic_value pushed_address;
	uint32_t pushed_id;
	uint32_t pushed_count;
};

/* What one instruction of a check did that concerns others. */
enum symbolic_event {
	SYMBOLIC_STEP,
	SYMBOLIC_JUMP,	 /* always to 'target' */
	SYMBOLIC_BRANCH, /* to 'target', or on */
	SYMBOLIC_THUNK,	 /* thunk number 'thunk' is called */
	SYMBOLIC_FOREIGN /* nothing that a check may do */
};

struct symbolic_outcome {
	enum symbolic_event event;
	int64_t target; /* offset in the clones */
	uint32_t thunk;
};

void symbolic_begin(struct symbolic *machine);

/*
 * Runs the instruction at @code + @offset, decoded as @instruction, which
 * reads @text_address-relative operands like the module's own code.
 * @red_zone_bytes below rsp are the function's, or all 128 if @is_deep.
 */
struct symbolic_outcome symbolic_run(struct symbolic *machine, const unsigned char *code,
				     const struct instruction *instruction, int64_t text_from_clone,
				     uint32_t protected_bytes);

/* Meets @other where paths join.  Returns whether *@machine lost something. */
bool symbolic_meet(struct symbolic *machine, const struct symbolic *other, bool *is_consistent);

bool symbolic_value_is(const struct symbolic_value *a, const struct symbolic_value *b);

#endif
