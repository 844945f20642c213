/*
 * Threads: what each holds, waits for and knows.
 */
#ifndef DETECT_BASE_THREAD_H
#define DETECT_BASE_THREAD_H

#include "base/arena.h"
#include "base/types.h"
#include "detect/data/object.h"
#include "detect/data/vclock.h"
#include "detect/data/wait.h"

struct atomic_location;
struct stale_read;
struct detector;
struct held_lock;
struct shadow_cache;
struct walk;

enum thread_state {
	THREAD_CREATED, /* not yet seen running */
	THREAD_RUNNING,
	THREAD_ENDING, /* its function has returned or been left */
	THREAD_ENDED,  /* joined, or known to be gone */
	THREAD_LOST    /* did not come over a fork */
};

/* Room for this many held locks from the start. */
#define HELD_FIRST 64u

#define CHAIN_CACHE_SIZE 8192u /* of 64-bit hashes */

/* What a thread needs only while it lives; passed on to later threads. */
struct thread_memory {
	struct arena arena; /* clocks and what hangs on them */
	uint64_t *chains;
	struct held_lock *held;
	uint32_t held_capacity;
	struct walk *walk; /* wait_graph.c's room */
	struct shadow_cache *shadow; /* shadow/cache.h */
	struct thread_memory *next_free;
};

/* By slot of the writer: pending_release.h. */
#define THREAD_PENDING_RELEASES 16u

/* Races that a thread has met, so as to count repetitions quickly. */
#define THREAD_RACES 16u

struct thread_race {
	uint64_t key;
	uint32_t finding;
};

#define THREAD_FILTER 256u

/* Granules of which a thread has touched parts, by direction: access_fast.h. */
#define THREAD_OPEN_SETS 8u /* by the granule's number */
#define THREAD_OPEN_WAYS 2u /* ... two each, for two streams */
#define THREAD_OPEN (THREAD_OPEN_SETS * THREAD_OPEN_WAYS)

#define PENDING_MOST 8u

/* An atomic location that was loaded from: atomic_location.h. */
struct pending_atomic {
	struct atomic_location *location;
	uint32_t version; /* of it, when it was last learnt from */
	uint8_t halves;
	uint8_t looks_left;
};

struct open_granule {
	uintptr_t granule; /* 0: none */
	uint32_t bytes;
	uint32_t site;	   /* the last */
	uint32_t sites[8]; /* of each byte's last access */
	uint32_t is_mixed; /* they are not all the same */
	uint32_t unused[3];
};

/* Hand-overs that a thread gave: what was recorded up to which of its epochs. */
#define THREAD_GIVES 8u

struct thread_give {
	uint64_t hand_over;
	uint64_t epoch;
};

struct thread {
	/* What thunks look at, too: preload/arch/x86_64/offsets.c tells them where. */
	struct open_granule open[2][THREAD_OPEN];
	struct vclock clock;
	uint32_t access_sample;	 /* slow accesses until one has its whole stack recorded */
	uint32_t pending_atomic; /* how many of pending[] there are */
	uint32_t held_count;
	uint32_t stale_read_count; /* stale_read.h */
	uint32_t open_count;
	uint32_t open_turn; /* which of two ways is to go next */
	uint8_t stale_read_filter[THREAD_FILTER]; /* of their granules, by number */

	/* The hot part of locks. */
	uint64_t chain; /* rolling hash of the held locks: chain.h */
	struct held_lock *held; /* held_count of them */
	uint32_t held_capacity;
	uint64_t *chains; /* cache of validated chains */
	uint64_t stamp;
	thread_id id;
	uint32_t slot;
	uintptr_t lowest_stack_lock; /* of its own stack; ~0: none */
	uint64_t operation_count;
	uint32_t barrier_round; /* of the wait it is in */
	bool has_recorded; /* an access since the last release */
	uint64_t *current, *shared; /* what inline checks compare with: shadow.h */
	uint64_t recorded_epoch; /* the last one in which something was recorded */
	uint64_t assumed_epoch; /* of this thread's, that another one learnt from amid it */
	uint64_t own_current, own_shared; /* where these point when nobody else wants them */
	struct detector *detector; /* its own */
	uint32_t stale_read_age;   /* stack samples since the last one */
	struct stale_read *stale_reads; /* NULL: none yet */
	uint32_t stale_read_bytes;	/* of all of them */
	struct vclock_snapshot *birth; /* what its creator knew; may be NULL */
	lock_id wanted_under; /* for the next held_lock.under: class.c */

	struct pending_atomic pending[PENDING_MOST];

	uint64_t chain_base; /* the hash of no locks */
	struct vclock structural;
	struct vclock hand_over;
	uint64_t *seen_versions; /* by slot: the newest content joined from it */
	uint32_t seen_capacity;
	struct thread_memory *memory; /* NULL once it has ended */

	uint64_t pending_releases[THREAD_PENDING_RELEASES]; /* plain words without bytes */
	struct thread_race races[THREAD_RACES];
	struct thread_give gives[THREAD_GIVES]; /* the last ones, give n at n % THREAD_GIVES */
	uint32_t give_count;

	struct wait wait;
	enum thread_state state;
	bool is_detached;
	bool is_joined;
	bool is_adopted; /* its creation was not seen */
	bool is_deadlocked; /* a deadlock with it was reported */
	bool is_looking;    /* it is about to sleep, unless its wait_begin() finds something */
	bool is_cancelled;  /* it was asked to end, which may end its wait */
	bool is_described;  /* the sink's mark */
	bool is_referenced; /* a witness or another thread speaks of it */
	uint32_t kernel_id;
	uint32_t kernel_id_before_fork; /* locks held over it still bear this one */
	thread_id creator;
	stack_id created;
	uintptr_t stack_start, stack_end; /* its stack, 0 if not known */
	char name[16];
	void *guest; /* the guest library's part */
};

/* A thread in a slot that suits who is created by @creator (NULL: not known).  NULL
 * without memory.  Called with detector.lock held. */
struct thread *thread_new(struct detector *detector, const struct thread *creator);

/* @thread has ended: gives back what it used.  Called with detector.lock held. */
void thread_bury(struct detector *detector, struct thread *thread);

#endif
