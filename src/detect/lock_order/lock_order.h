/*
 * The lock-order graph: which locks threads wanted while they held others.
 *
 * Nodes are lock generations; an edge A->B says that some thread wanted B
 * holding A.  A cycle of edges is a possible deadlock, but most cycles cannot
 * deadlock: one thread took both orders, a common outer lock (gate lock) keeps
 * the threads apart, all acquisitions are reads, or create and join order them.
 * So each edge keeps several witnesses, and a cycle counts only if there is a
 * choice of one witness per edge that could all block at once (Goodlock:
 * Agarwal, Bensalem, Havelund, Stoller, "Detecting Potential Deadlocks", 2006;
 * read locks by the strong-path rule of Linux lockdep's recursive reads).
 *
 * Costs: a topological order kept online shows for nearly every new edge that
 * it closes no cycle (topology.h).  An edge that closes one contracts the
 * components on it; cycles are searched inside components only (cycles.h).
 *
 * Not thread-safe: the caller serialises access (detector.lock).
 */
#ifndef DETECT_LOCK_ORDER_LOCK_ORDER_H
#define DETECT_LOCK_ORDER_LOCK_ORDER_H

#include "base/arena.h"
#include "base/types.h"
#include "detect/data/named_ids.h"
#include "detect/data/lock_mode.h"
#include "detect/data/vclock.h"

/* The longest cycle that is enumerated.  Of longer ones one is reported per
 * component, truncated. */
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
	bool is_unpublished; /* nobody else could know 'from' yet, and wait for it */
	bool is_older_first; /* of two locks of one class: 'from' was created before 'to' */
	bool is_of_classes;  /* 'from' stands for a class, so it is none of the locks held */
	uint32_t gate_count;
	/* The other locks held, sorted by id.  Those given to lock_order_add()
	 * may include 'from', so that one array serves all edges of an
	 * acquisition; reported ones never do. */
	const struct gate *gates;
	/* The number of the acquisition, or 0 if it has none.  Its witnesses
	 * differ only in what concerns 'from'. */
	uint64_t moment;
	struct clock_stamp structural;
	struct clock_stamp hand_over;
	stack_id from_stack; /* where 'from' was acquired */
	stack_id to_stack;   /* where 'to' was wanted */
};

/* What orders the witnesses of a cycle.  Strongest verdict first. */
enum order_verdict {
	ORDER_CONCURRENT,   /* nothing: can deadlock */
	ORDER_BY_HAND_OVER, /* a semaphore, condition, once ... of this run */
	ORDER_BY_STRUCTURE  /* create, join or barrier: no schedule undoes it */
};

/* Why a cycle is not reported: the first of these conditions that, with those
 * before it, rules out all choices of witnesses. */
enum order_suppression {
	SUPPRESSED_SAME_THREAD, /* fewer threads than edges */
	SUPPRESSED_GATE,	/* two of them held a common lock that excludes */
	SUPPRESSED_READERS,	/* the next hold does not block some wait */
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
	bool is_unpublished; /* at least one held lock was not known to the others */
	bool is_truncated; /* the cycle is longer than LOCK_ORDER_CYCLE_MAX:
			    * edges hold its first ones */
	uint32_t length;   /* of edges */
	struct order_cycle_edge edges[LOCK_ORDER_CYCLE_MAX];
	/* The number of the report that this one replaces, or 0: an earlier one
	 * of the same cycle, with a weaker verdict or with a timed wait.  (Of a
	 * truncated cycle: an earlier one of the same component.) */
	uint32_t replaces;
};

/* Called during lock_order_add() for each cycle that is new or whose finding
 * became stronger.  Returns the number of the report, which is not 0.  @cycle
 * is valid during the call; its edges follow each other, from the lowest lock id
 * on.  Must not change the graph. */
typedef uint32_t (*order_report)(void *context, const struct order_cycle *cycle);

struct lock_order;

/* Counts in @named which locks are gates of witnesses.  NULL when memory is exhausted. */
struct lock_order *lock_order_create(struct arena *arena, struct named_ids *named,
				     order_report report, void *context);

/*
 * Records that a thread wanted @to holding @from.  Copies @witness and what it
 * points to, and takes references to its clocks.  A witness that equals a kept
 * one in thread, modes, gates and structural epoch changes nothing.  But one
 * with another hand-over stamp is kept too while the component of the edge has
 * a cycle that is refining (lock_order_is_refining()).
 * False when memory is exhausted; the graph is then as before.
 */
bool lock_order_add(struct lock_order *order, lock_id from, lock_id to,
		    const struct order_witness *witness);

/* Removes the node and edges of a lock whose life has ended.  Unknown ids are
 * fine. */
void lock_order_remove(struct lock_order *order, lock_id lock);

/*
 * True while there is a cycle of which all choices of witnesses are of one
 * thread or ordered by a hand-over.  Later witnesses of known edges may change
 * its verdict, so the caller must not skip them by its caches.  False again
 * after some thousand witnesses in a row that changed no verdict.
 */
bool lock_order_is_refining(const struct lock_order *order);

struct order_statistics {
	uint64_t node_count;
	uint64_t edge_count;
	uint64_t witness_count;
	uint64_t dropped_witness_count; /* edges whose witnesses were full */
	uint64_t abandoned_search_count; /* searches that ran out of steps */
	/* Cycles that are not reported, by reason. */
	uint64_t suppressed[ORDER_SUPPRESSION_COUNT];
};

struct order_statistics lock_order_statistics(const struct lock_order *order);

#endif
