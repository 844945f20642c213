/* Threads, in parts that belong to the rules which use them. */
#ifndef DETECT_BASE_THREAD_H
#define DETECT_BASE_THREAD_H

#include "base/arena.h"
#include "base/types.h"
#include "detect/base/clock.h"
#include "detect/base/held_locks.h"
#include "detect/base/thread_accesses.h"
#include "detect/data/wait.h"

struct detector;
struct shadow_cache;
struct walk;

enum thread_state {
	THREAD_CREATED, /* not yet seen running */
	THREAD_RUNNING,
	THREAD_ENDING, /* its function has returned or been left */
	THREAD_ENDED,  /* joined, or known to be gone */
	THREAD_LOST    /* did not come over a fork */
};

#define CHAIN_CACHE_SIZE 8192u /* of 64-bit hashes */

/* What a thread needs only while it lives; passed on to later threads. */
struct thread_memory {
	struct arena arena; /* clocks and what hangs on them */
	uint64_t *chains; /* those of earlier threads, which no later thread has, may stay */
	struct held_lock *held;
	uint32_t held_capacity;
	struct walk *walk; /* wait_graph.c's room */
	struct shadow_cache *shadow; /* shadow/cells.h */
	struct thread_memory *next_free;
};

struct thread {
	struct thread_accesses accesses; /* first: thunks look at it */
	struct thread_clocks clocks;
	thread_id id;
	uint32_t slot;
	struct held_locks held;
	struct waiting waiting;
	struct detector *detector;    /* its own */
	struct thread_memory *memory; /* NULL once it has ended */
	struct vclock_snapshot *known; /* when it ended, for who acquires from it by a move */

	enum thread_state state;
	bool is_detached;
	bool is_joined;
	bool is_adopted;    /* its creation was not seen */
	bool is_described;  /* the results file has it */
	bool is_referenced; /* a witness or another thread names it */
	thread_id creator;
	stack_id created;
	uint32_t kernel_id;
	uint32_t described_kernel_id;	  /* as the results have it: 0 if it had not begun yet */
	uint32_t kernel_id_before_fork;	  /* locks held over it still bear this one */
	uintptr_t stack_start, stack_end; /* its stack, 0 if not known */
	uint32_t ignoring[2]; /* how many regions it is in: shadow/benign.h; reads, writes */
	/* Regions in which its locks and hand-overs pass no clock on, nor join one; those of lock
	 * orders go on. */
	uint32_t ignoring_sync;
	char name[16];
	void *guest; /* the guest library's part */
};

/* A thread in a slot that suits who is created by @creator (NULL: not known).  NULL
 * without memory.  Called with detector.lock held. */
struct thread *thread_new(struct detector *detector, const struct thread *creator);

/* @thread has ended: gives back what it used.  Called with detector.lock held. */
void thread_bury(struct detector *detector, struct thread *thread);

#endif
