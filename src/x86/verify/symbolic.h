/* A symbolic machine, which runs the code of checks for verification. */
#ifndef X86_VERIFY_SYMBOLIC_H
#define X86_VERIFY_SYMBOLIC_H

#include "x86/decode/operand.h"
#include "x86/plan.h"

#define SYMBOLIC_SLOTS 4u

enum symbolic_kind {
	SYMBOLIC_RUBBISH,
	SYMBOLIC_ORIGINAL,   /* the original's register 'number' */
	SYMBOLIC_ADDRESS,    /* the address of 'operand' */
	SYMBOLIC_FLIPPED,    /* ... with bit 'bit' flipped */
	SYMBOLIC_WORD,	     /* the shadow word 'at' bytes from there */
	SYMBOLIC_PAGE,	     /* on the way from the address to its page's summary, 'at' steps */
	SYMBOLIC_SUMMARY,    /* the summary */
	SYMBOLIC_DISTANCE,   /* registers 'number' - 'mask' (none: 0), shifted left by 'at';
			      * of their lower halves if 'bit' is set; and 'operand's
			      * displacement added */
	SYMBOLIC_MASK,	     /* bits of vector register 'number': one per 'at' bytes of 16 or 32 */
	SYMBOLIC_FLAGS_HALF, /* lahf, but not yet seto */
	SYMBOLIC_FLAGS,	     /* lahf and seto */
	SYMBOLIC_FLAGS_BACK  /* OF is restored already */
};

enum symbolic_ahead { AHEAD_UNKNOWN, AHEAD_SET, AHEAD_CLEARED };

struct symbolic_value {
	uint8_t kind;
	int8_t number;
	int8_t mask; /* and'ed to the address; -1: none */
	uint8_t bit; /* of a mask: 1 for 32 bytes */
	int32_t at;
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
	struct symbolic_value pushed_mask;
	int8_t stored_vector; /* its 32 bytes lie above the pushed words; or NO_REGISTER */
	uint32_t pushed_count;
	/* A shadow word was compared with the thread's current or shared word, differs from
	 * the current one, and no thunk has been called for it yet. */
	struct symbolic_value compared;
	bool is_compared, is_with_shared, is_in_doubt;
	struct symbolic_value measured; /* a distance that was compared with a constant ... */
	bool is_measured;		/* ... by the last instruction with flags ... */
	bool is_subtracted;		/* ... or calculated */
	uint8_t is_not;			/* the condition that does not hold of it; or 0 */
	uint32_t tested;		/* bits of a distance that were looked at, ... */
	uint32_t is_clear;		/* ... and are not set */
	struct symbolic_value tested_of; /* the distance */
	int32_t least;			/* the constant */
	/* The word that loops without checks compare with: what was stored there, which ranges
	 * were told since if it is the stack pointer, and whether it was compared, and is. */
	uint8_t ahead; /* enum symbolic_ahead */
	uint32_t told; /* by number */
	bool is_with_ahead, is_ahead;
	/* A summary was compared with the shared word: of which address, whether it differs
	 * and the granule's word has not been compared yet. */
	struct operand summarised;
	bool is_summarised, is_with_summary, owes_look;
	uint64_t trail; /* a hash of the places compared so far: the same on all paths */
	/* Within a check that is made under a condition: that, plus 1, where the branch around it
	 * leads, and the trail before it. */
	uint8_t picked_if;
	int64_t picked_end;
	uint64_t picked_trail;
};

/* The thread's words: offsets from the thread pointer. */
struct symbolic_words {
	int32_t current, shared, ahead;
	int32_t count; /* of accesses, if has_count */
	bool has_count;
};

/* The effect of a check's instruction outside the machine. */
enum symbolic_event {
	SYMBOLIC_STEP,
	SYMBOLIC_JUMP,	 /* always to 'target' */
	SYMBOLIC_BRANCH, /* to 'target', or on */
	SYMBOLIC_THUNK,	 /* thunk number 'thunk' is called */
	SYMBOLIC_FOREIGN /* not allowed in a check */
};

struct symbolic_outcome {
	enum symbolic_event event;
	int64_t target; /* offset in the clones */
	uint32_t thunk;
	bool is_if_equal; /* of a branch */
};

static inline struct symbolic_value symbolic_mask(unsigned vector, unsigned element, bool is_wide)
{
	return (struct symbolic_value){
		.kind = SYMBOLIC_MASK,
		.number = (int8_t)vector,
		.bit = is_wide,
		.at = (int32_t)element,
	};
}

void symbolic_begin(struct symbolic *machine);

/* What all instructions of a clone have in common. */
struct symbolic_setting {
	const unsigned char *code;
	uint64_t text_address;
	int64_t text_from_clone;  /* to be added to an offset in the clones */
	uint32_t protected_bytes; /* of the red zone that the function may use */
	struct symbolic_words words;
};

/* Runs one instruction of a check. */
struct symbolic_outcome symbolic_run(struct symbolic *machine,
				     const struct symbolic_setting *setting,
				     const struct instruction *instruction);

/* The same for a vector instruction.  False: not allowed in a check. */
bool symbolic_run_vector(struct symbolic *machine, const unsigned char *bytes,
			 uint32_t protected_bytes);

/* Adds what the edge of a branch says of the words compared. */
void symbolic_branch(struct symbolic *machine, bool is_equal);

/* Merges @other where paths join.  Returns whether *@machine knows less now. */
bool symbolic_meet(struct symbolic *machine, const struct symbolic *other, bool *is_consistent);

bool symbolic_value_is(const struct symbolic_value *a, const struct symbolic_value *b);

/* Whether both are of one access's shadow, if not the same word of it. */
bool symbolic_is_same_place(const struct symbolic_value *a, const struct symbolic_value *b);

/* What may be anything. */
extern const struct symbolic_value symbolic_rubbish;

#endif
