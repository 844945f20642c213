/* What a thread waits for, as it announces before it blocks. */
#ifndef DETECT_DATA_WAIT_H
#define DETECT_DATA_WAIT_H

#include "base/types.h"
#include "detect/data/lock_mode.h"
#include "detect/data/object.h"

enum wait_kind {
	WAIT_NONE,
	WAIT_LOCK,
	WAIT_CONDITION,
	WAIT_JOIN,
	WAIT_TOKEN,
	WAIT_BARRIER,
	WAIT_FUTEX,
	WAIT_INPUT
};

/* What a thread is blocked on.  Written by the thread.  'version' is odd while it waits,
 * and changes with each wait. */
struct wait {
	uint64_t version;
	enum wait_kind kind;
	enum lock_mode mode;
	bool is_timed;
	bool is_counted;	    /* in detector.blocked_count */
	struct sync_object *object; /* lock, condition, semaphore, barrier, futex */
	struct sync_object *mutex;  /* of a condition wait: needed back */
	bool excludes_mutex;	    /* asked: does it sleep at the condition itself? */
	thread_id target;	    /* of a join */
	uint32_t number; /* the value that a futex must have; the descriptor of an input */
	stack_id stack;
};

/* Of a thread. */
struct waiting {
	struct wait wait;
	uint32_t barrier_round; /* of the wait it is in */
	bool is_looking;	/* it is about to sleep, unless its wait_begin() finds something */
	bool is_deadlocked;	/* a deadlock with it was reported */
	bool is_cancelled;	/* it was asked to end, which may end its wait */
};

#endif
