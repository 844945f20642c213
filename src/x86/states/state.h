/*
 * States: how the registers at a place in the clones map to the original's.
 *
 * There are about two for each instruction, so they are packed.  A row is the change
 * from the one before it.  Few different changes, called steps, are frequent; each is
 * kept once, and a row is the number of its step, in one byte or two.  Rows form
 * blocks, so that reading can begin at each of them.
 */
#ifndef X86_STATES_STATE_H
#define X86_STATES_STATE_H

#include "base/growing.h"
#include "base/types.h"

#define STATE_WORD 8 /* bytes: a register on the stack */

struct plan_state {
	uint32_t clone_offset;	  /* holds from here to the next row */
	uint32_t original_offset; /* of the instruction about to run */
	uint8_t rsp_lowered_by;	  /* in units of STATE_WORD: what the check took from rsp */
	int8_t saved_register[3]; /* spilled registers, NO_REGISTER: none ... */
	int8_t saved_at[3];	  /* ... at original rsp + STATE_WORD * saved_at */
	bool flags_in_rax : 1;	  /* lahf and seto; rax itself is among the saved, if alive */
	bool is_copy : 1;	  /* copies as long as the originals: add the distance from
			   * clone_offset to original_offset */
};

/* By clone_offset. */
struct plan_states {
	struct growing rows, blocks, steps;
	uint32_t count;
};

/* Rows in their order. */
struct plan_state_cursor {
	const struct plan_states *states;
	struct plan_state row;
	uint32_t end; /* where the next row begins; UINT32_MAX: there is none */
	struct plan_state next;
	uint32_t at, index; /* of the row behind 'next' */
};

/* Goes to the row that holds at @clone_offset, or to the first; false: no rows. */
bool plan_states_seek(const struct plan_states *states, uint32_t clone_offset,
		      struct plan_state_cursor *cursor);

/* Goes to the next row; false: there is none. */
bool plan_states_step(struct plan_state_cursor *cursor);

/* The state at @clone_offset; false before the first one. */
bool plan_state_at(const struct plan_states *states, uint32_t clone_offset,
		   struct plan_state *state);

/* The original instruction that is about to run at @clone_offset, whose state is @state. */
uint32_t plan_state_original(const struct plan_state *state, uint32_t clone_offset);

void plan_states_free(struct plan_states *states);

struct state_packer {
	struct plan_states states;
	uint32_t *slots;     /* by a hash of the step: its number, 0: none */
	uint32_t *followers; /* by number: the step that came after it the last time */
	uint32_t last_number;
	struct plan_state last;
};

struct arena;

/* False: out of memory. */
bool state_packer_init(struct state_packer *packer, struct arena *arena);

/* Appends a row.  Without memory, states.rows.failed is set. */
void state_pack(struct state_packer *packer, const struct plan_state *row);

/* Frees unused memory. */
bool state_packer_finish(struct state_packer *packer);

#define STATE_BLOCK_ROWS 64u
#define STATE_STEPS_MOST 16384u
#define STATE_STEP_PLAIN 0u /* the number of a row that is written in full */

struct state_block {
	uint32_t clone_offset, original_offset; /* of its first row */
	uint32_t at;				/* in 'rows' */
};

struct state_step {
	uint64_t rest; /* of the row, as it is in memory */
	uint32_t clone_step;
	int16_t original_step;
	bool is_far; /* the original's step is in the row */
};

#endif
