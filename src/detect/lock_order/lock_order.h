/*
 * The lock-order graph: who wanted which lock while holding which.
 *
 * Nodes are lock generations, an edge A->B says that some thread wanted B
 * holding A.  A cycle of edges is a possible deadlock, but most cycles are not
 * real: one thread took both orders, a common outer lock (gate lock) keeps the
 * threads apart, all acquisitions are reads, or create and join order them.
 * So each edge keeps several witnesses, and a cycle counts only if there is a
 * choice of one witness per edge that could all block at once (Goodlock:
 * Agarwal, Bensalem, Havelund, Stoller, "Detecting Potential Deadlocks", 2006;
 * read locks by the strong-path rule of Linux lockdep's recursive reads).
 *
 * Costs: a topological order kept online tells for nearly every new edge that
 * it closes no cycle (Pearce and Kelly, "A Dynamic Topological Sort Algorithm
 * for Directed Acyclic Graphs", 2006).  An edge that closes one contracts its
 * component; cycles are searched inside components only.
 *
 * Not thread-safe: the caller serialises access (the runtime lock).
 */
#ifndef DETECT_LOCK_ORDER_LOCK_ORDER_H
#define DETECT_LOCK_ORDER_LOCK_ORDER_H

#include "base/arena.h"
#include "base/types.h"
#include "detect/data/lock_mode.h"
#include "detect/data/vclock.h"

/* The longest cycle that is enumerated; longer ones are reported once per
 * component, as such. */
#define LOCK_ORDER_CYCLE_MAX 8

/* Witnesses kept per edge. */
#define LOCK_ORDER_WITNESS_MAX 8

struct gate {
	lock_id lock;
	enum lock_mode mode;
};

/* One time that a thread wanted lock 'to' holding lock 'from'. */
struct order_witness {
	thread_id thread;
	enum lock_mode from_mode;
	enum lock_mode to_mode;
	bool is_timed; /* the wait for 'to' was bounded */
	uint32_t gate_count;
	/* The other locks held, sorted by id.  Given to lock_order_add() they
	 * may include 'from', which makes no difference (but then all locks
	 * that a thread holds can share one array); reported they never do. */
	const struct gate *gates;
	/* Not 0: a number that all witnesses of one acquisition have and no
	 * other; they differ in what concerns 'from' only. */
	uint64_t moment;
	struct clock_stamp structural;
	struct clock_stamp hand_over;
	stack_id from_stack; /* where 'from' was acquired */
	stack_id to_stack;   /* where 'to' was wanted */
};

/* Strongest first: what orders the witnesses of a cycle. */
enum order_verdict {
	ORDER_CONCURRENT,   /* nothing: can deadlock */
	ORDER_BY_HAND_OVER, /* a semaphore, condition, once ... of this run */
	ORDER_BY_STRUCTURE  /* create, join or barrier: no schedule undoes it */
};

/* Why a cycle was not reported: the first of these that rules out all choices
 * of witnesses, together with those before it. */
enum order_suppression {
	SUPPRESSED_SAME_THREAD, /* fewer threads than edges */
	SUPPRESSED_GATE,	/* two of them held a lock that excludes */
	SUPPRESSED_READERS,	/* some wait is not blocked by the next hold */
	ORDER_SUPPRESSION_COUNT
};

struct order_cycle_edge {
	lock_id from;
	lock_id to;
	const struct order_witness *witness;
};

struct order_cycle {
	enum order_verdict verdict;
	bool is_timed;	   /* at least one wait is bounded */
	bool is_truncated; /* the cycle is longer than LOCK_ORDER_CYCLE_MAX:
			    * edges hold its first ones */
	uint32_t length;   /* of edges */
	struct order_cycle_edge edges[LOCK_ORDER_CYCLE_MAX];
	/* Not 0: the same cycle was reported before with a weaker finding, in
	 * the report that was given this number: a weaker verdict, or the same
	 * one with a timed wait.  (Of cycles that are too long to enumerate, the
	 * report before of the same component.) */
	uint32_t replaces;
};

/* Called during lock_order_add() for each cycle that is new or whose finding
 * became stronger.  Returns a number not 0 that identifies the report.  What
 * @cycle points to is valid during the call; edges follow each other, from the
 * lowest lock id on.  Must not change the graph. */
typedef uint32_t (*order_report)(void *context, const struct order_cycle *cycle);

struct lock_order;

/* NULL when memory is exhausted. */
struct lock_order *lock_order_create(struct arena *arena, order_report report, void *context);

/*
 * Records that a thread wanted @to holding @from.  Copies @witness and what it
 * points to, takes references on its clocks.  A witness that equals a kept one
 * in thread, modes, gates and structural epoch changes nothing, except that
 * one whose hand-over stamp differs is kept too while the edge lies inside a
 * component that has so far only weaker verdicts (lock_order_is_refining()).
 * False when memory is exhausted; the graph is then as before.
 */
bool lock_order_add(struct lock_order *order, lock_id from, lock_id to,
		    const struct order_witness *witness);

/* The lock's life has ended: its node and edges go.  Unknown ids are fine. */
void lock_order_remove(struct lock_order *order, lock_id lock);

/*
 * True while some cycle has been seen only in witnesses that a hand-over or
 * the same thread ordered: later witnesses of known edges may decide it, so
 * the caller should not skip them on the strength of its caches.  Turns false
 * after some thousand witnesses in a row that decided nothing.
 */
bool lock_order_is_refining(const struct lock_order *order);

struct order_statistics {
	uint64_t node_count;
	uint64_t edge_count;
	uint64_t witness_count;
	uint64_t dropped_witness_count; /* edges whose witnesses were full */
	uint64_t abandoned_search_count; /* searches that met their bound */
	/* Cycles, by reason; one that is reported after all does not count. */
	uint64_t suppressed[ORDER_SUPPRESSION_COUNT];
};

struct order_statistics lock_order_statistics(const struct lock_order *order);

#endif
