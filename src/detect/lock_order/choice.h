/*
 * Choosing one witness per edge of a cycle, so that all could block at once.
 *
 * A choice is valid if its threads are distinct, no two of them hold a lock
 * that excludes the other, and each waits for what the next one holds in a way
 * that this really blocks.  Its strength says what orders the witnesses and
 * whether a wait is bounded.  The best choice is found by backtracking; a
 * partial choice that is no stronger than a known one is given up.
 */
#ifndef DETECT_LOCK_ORDER_CHOICE_H
#define DETECT_LOCK_ORDER_CHOICE_H

#include "detect/lock_order/witness.h"

/* What a choice is asked to fulfil. */
enum choice_condition {
	CHOICE_THREADS,		       /* distinct threads */
	CHOICE_THREADS_AND_LOCKS,      /* and no lock that excludes */
	CHOICE_THREADS_LOCKS_AND_MODES /* and really blocking: valid */
};

#define STRENGTH_NONE 0u
#define STRENGTH_BEST 6u

/* Verdicts first, then whether a wait is timed. */
static inline uint8_t strength_of(enum order_verdict verdict, bool is_timed)
{
	return (uint8_t)(STRENGTH_BEST - 2 * (unsigned)verdict - is_timed);
}

static inline enum order_verdict strength_verdict(uint8_t strength)
{
	return (enum order_verdict)((STRENGTH_BEST - strength) / 2);
}

static inline bool strength_is_timed(uint8_t strength)
{
	return (STRENGTH_BEST - strength) % 2;
}

#define CHOICE_LENGTH_MAX 1024u

/* Work space; the caller fills in edges and length. */
struct choice {
	struct order_edge *edges[CHOICE_LENGTH_MAX];
	struct edge_witness *at[CHOICE_LENGTH_MAX];
	struct edge_witness *best[CHOICE_LENGTH_MAX];
	uint8_t strengths[CHOICE_LENGTH_MAX];
	uint32_t length;
	uint64_t steps_left; /* none left: the answer may be too weak */
};

struct choice_question {
	enum choice_condition condition;
	bool is_closed;		    /* the last edge leads back to the first */
	struct edge_witness *first; /* the choice for the first edge, or NULL: any */
	uint8_t floor;		    /* stronger than this, or none */
	uint8_t enough;		    /* do not look for a stronger one */
};

/* The strength of the best choice, which is left in @choice->best; or
 * STRENGTH_NONE.  Under the weaker conditions every choice is of the best. */
uint8_t choice_find(struct choice *choice, const struct choice_question *question);

#endif
