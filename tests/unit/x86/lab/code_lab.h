/*
 * A laboratory for clones: runs code and its clone from the same state, step by
 * step, and compares their effects.
 *
 * The code of section lab_text is copied to low memory, with its data, memory and
 * stack, so that their shadow can be mapped.  Thunks record their calls.
 */
#ifndef TESTS_CODE_LAB_H
#define TESTS_CODE_LAB_H

#include "x86/decode/decode.h"
#include "x86/emit/emit.h"

#define LAB_MEMORY 0x10000000ul /* what the code may use as it likes */
#define LAB_MEMORY_BYTES 0x10000ul
#define LAB_STACK_TOP 0x10280000ul
#define LAB_STACK_BYTES 0x80000ul
#define LAB_STACK_USED 8192ul /* what the code may use of the stack */
#define LAB_TEXT 0x10300000ul
#define LAB_CLONES 0x10400000ul
#define LAB_END 0x10800000ul

/* The registers that code starts with and ends with. */
struct lab_machine {
	uint64_t registers[16]; /* in the encoding's order; rsp is the lab's */
	uint64_t flags;
};

enum lab_shadow {
	LAB_NEVER_EQUAL, /* every check calls its thunk */
	LAB_EQUAL,	 /* shadow words are the thread's current one */
	LAB_SHARED,	 /* read words are the shared one, write words differ */
	LAB_SUMMARY	 /* summaries are the shared one, words differ */
};

/* Bits in lab->expected and lab->seen, per byte. */
#define LAB_READ 1u
#define LAB_WRITE 2u

struct lab_step {
	uint64_t pc;
	uint64_t registers[16];
	uint64_t flags;
	uint64_t mask[4], indexes[4]; /* of a masked move or gather: vector registers */
	uint64_t saved[3];	      /* what the state there says is saved, if in a clone */
};

struct lab {
	struct decoder decoder;
	struct arena arena;
	struct module module;
	struct emitter emitter;
	struct plan plan;
	struct plan_options options;
	struct plan_statistics statistics;
	uint32_t **live; /* per function */
};

extern const struct plan *lab_plan; /* what thunks find sites in */

/* Copies the code, decodes it, and clones all of it; with @counts, clones count, and
 * do not ask for summaries; else all shortcuts are taken. */
void lab_set_up(struct lab *lab, bool counts);

/* Gives the fixed addresses back. */
void lab_tear_down(void);

/* The function named @name. */
struct function *lab_function(struct lab *lab, const char *name);
uint64_t lab_original(const struct lab *lab, const struct function *function);
uint64_t lab_clone(const struct lab *lab, const struct function *function);

/* Runs code from and to @machine; memory and stack are filled from @seed first. */
void lab_run(uint64_t code, struct lab_machine *machine, uint64_t seed, enum lab_shadow shadow);

/* The same, step by step; *@steps are those of its own code. */
const struct lab_step *lab_trace(uint64_t code, struct lab_machine *machine, uint64_t seed,
				 enum lab_shadow shadow, uint32_t *count);

/* Of the last run: how often thunks were called, and the bytes that checks covered. */
extern uint32_t lab_thunk_calls;
extern uint32_t lab_range_calls; /* of the thunk of ranges, which are not among these */
/* What the thunk of prefetches was told, nor are these. */
#define LAB_PREFETCHES 16u
extern uint32_t lab_prefetch_count;
extern uint64_t lab_prefetched[LAB_PREFETCHES];
/* Do ranges turn out not to be recorded?  Set it before a run. */
extern bool lab_refuses_ranges;
extern __thread uint64_t lab_ahead_word;
uint64_t lab_accesses_counted(void);
extern uint8_t *lab_seen; /* from LAB_MEMORY on */

/* Adds [@address, @address + size) to lab_seen as @what: LAB_READ, LAB_WRITE. */
void lab_see(uint64_t address, uint64_t size, unsigned what);

/* An index of a gather, from 32 bytes of them. */
uint64_t lab_index_of(const uint64_t *indexes, unsigned i, bool is_wide);

/*
 * Runs original and clone of the function called @name, and fails the test if
 * they end differently, or the checks cover other bytes than are touched.
 */
void lab_compare(struct lab *lab, const char *name, const struct lab_machine *machine,
		 uint64_t seed);

/* Steps through both, and fails if the clone's states do not give the original's. */
void lab_compare_steps(struct lab *lab, const char *name, const struct lab_machine *machine,
		       uint64_t seed, enum lab_shadow shadow);

#endif
