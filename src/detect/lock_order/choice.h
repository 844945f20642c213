/*
 * Chooses one witness per edge of a cycle, so that all could block at once.
 *
 * A choice is valid if its threads are distinct, no two of them hold a common
 * lock that excludes one of them, and each wants its lock in a mode that the
 * next one's hold blocks.  Its strength says what orders the witnesses and
 * whether one of them is weak: a wait is bounded, or a lock was known to
 * nobody else.  The best choice is found by backtracking; a partial choice
 * that is no stronger than the best known one is pruned.
 */
#ifndef DETECT_LOCK_ORDER_CHOICE_H
#define DETECT_LOCK_ORDER_CHOICE_H

#include "detect/lock_order/witness.h"

/* What a choice must fulfil. */
enum choice_condition {
	CHOICE_THREADS,		       /* distinct threads */
	CHOICE_THREADS_AND_LOCKS,      /* and no common lock that excludes */
	CHOICE_THREADS_LOCKS_AND_MODES /* and modes that block: valid */
};

#define STRENGTH_NONE 0u
#define STRENGTH_BEST 6u

/* Ordered by verdict, then by whether a witness is weak. */
static inline uint8_t strength_of(enum order_verdict verdict, bool is_weak)
{
	return (uint8_t)(STRENGTH_BEST - 2 * (unsigned)verdict - is_weak);
}

static inline enum order_verdict strength_verdict(uint8_t strength)
{
	return (enum order_verdict)((STRENGTH_BEST - strength) / 2);
}

static inline bool strength_is_weak(uint8_t strength)
{
	return (STRENGTH_BEST - strength) % 2;
}

#define CHOICE_LENGTH_MAX 1024u

/* Scratch memory; the caller fills in edges and length. */
struct choice {
	struct order_edge *edges[CHOICE_LENGTH_MAX];
	struct edge_witness *at[CHOICE_LENGTH_MAX];
	struct edge_witness *best[CHOICE_LENGTH_MAX];
	uint8_t strengths[CHOICE_LENGTH_MAX];
	uint32_t length;
	uint64_t steps_left; /* if none are left, a stronger choice may be missed */
};

struct choice_question {
	enum choice_condition condition;
	bool is_closed;		    /* the last edge leads back to the first */
	struct edge_witness *first; /* of the first edge; NULL: any of its witnesses */
	uint8_t floor;		    /* find only stronger ones */
	uint8_t enough;		    /* stop at this strength */
};

/* The strength of the best choice, which is left in @choice->best; or
 * STRENGTH_NONE.  Under the two weaker conditions each choice has
 * STRENGTH_BEST. */
uint8_t choice_find(struct choice *choice, const struct choice_question *question);

/* @gates without the locks that a witness of @edge from @witness on did not hold
 * exclusively.  While some are left, no choice among all these witnesses is valid. */
void choice_narrow_gates(struct common_gates *gates, const struct order_edge *edge,
			 const struct edge_witness *witness);

/* The gates of the edges of both. */
void choice_unite_gates(struct common_gates *into, const struct common_gates *from);

#endif
