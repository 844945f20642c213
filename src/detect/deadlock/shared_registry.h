/*
 * The registry of process-shared locks: who waits, and what it holds.
 *
 * It is in the results file, which all processes of a run map.  A thread that is
 * about to block publishes what it waits for and what it holds; neither changes while
 * it is blocked.  As a deadlock has blocked threads only, nothing is published when a
 * lock is taken or released.
 *
 * Objects are named by keys that mean the same in every process (shared
 * memory: the file and the place in it) or that no other process uses (private
 * locks, which cycles pass through too).
 *
 * The rules of the wait-for graph hold across processes: publish, full fence,
 * walk, second look.  Of the threads that close a cycle the last to publish
 * sees all others.  A process that is killed leaves what it published: before
 * a cycle is believed each of its processes is shown to be there still.
 */
#ifndef DETECT_DEADLOCK_SHARED_REGISTRY_H
#define DETECT_DEADLOCK_SHARED_REGISTRY_H

#include "base/types.h"
#include "detect/data/lock_mode.h"

#define SHARED_HOLDS 18u
#define SHARED_WAITS 504u
#define SHARED_TOKENS 511u
#define SHARED_CYCLE_MAX 16u /* threads; longer cycles are not looked for */

struct shared_hold {
	uint64_t key;
	lock_id lock; /* in its process */
	stack_id stack;
	uint32_t mode; /* enum lock_mode */
	uint32_t is_file; /* a file's: the kernel is asked whether it is held */
};

struct shared_wait {
	uint64_t version;  /* odd while it waits; the rest is stable then */
	uint32_t claim;	   /* pid of the entry's user; 0: free */
	uint32_t reported; /* low half of the version of which a cycle was reported */
	uint64_t key;	   /* what it waits for */
	uint64_t own_key;  /* of this thread, for those that join it */
	uint64_t life;	   /* tells apart processes of one pid */
	uint32_t process;  /* number in the results file */
	uint32_t pid;
	uint32_t kernel_id;
	thread_id thread;
	lock_id lock; /* 0: a thread */
	thread_id target;
	stack_id stack;
	uint32_t mode; /* enum lock_mode */
	uint32_t is_shared; /* 'key' is one that other processes use */
	uint32_t hold_count;
	struct shared_hold holds[SHARED_HOLDS];
};

struct shared_registry {
	uint32_t used;	   /* entries ever used */
	uint32_t is_blind; /* 'tokens' was too small: no semaphore is a lock */
	uint64_t tokens[SHARED_TOKENS]; /* semaphores that are no locks, hashed */
	struct shared_wait waits[SHARED_WAITS];
};

_Static_assert(sizeof(struct shared_registry) == 256 * 1024, "as the results file has room for");

/* A thread of a cycle: the lock that its predecessor wants is its hold @hold,
 * or (UINT32_MAX) that is not a lock it has. */
struct shared_step {
	uint32_t entry;
	uint32_t hold;
	uint64_t version;
};

struct shared_cycle {
	struct shared_registry *registry;
	struct shared_step steps[SHARED_CYCLE_MAX];
	uint32_t count;
	uint32_t budget; /* steps that the walk may still take */
};

/* Where a thread has published its wait. */
struct shared_ticket {
	uint32_t entry; /* from 1; kept afterwards: likely free the next time, too */
	uint64_t version; /* 0: nothing is published */
};

/* Publishes @wait from its key on.  False: the registry is full. */
bool shared_wait_begin(struct shared_registry *registry, const struct shared_wait *wait,
		       struct shared_ticket *ticket);
/* Withdraws it, if anything is published. */
void shared_wait_end(struct shared_registry *registry, struct shared_ticket *ticket);

/* A process begins: what its pid published before is void.  It may be the same
 * process, as another program. */
void shared_process_began(struct shared_registry *registry, uint32_t pid);

/* Whether the thread that published this still exists.  Called for each thread of a
 * cycle before that is reported. */
typedef bool (*shared_is_there)(const struct shared_wait *wait);

/* After shared_wait_begin(): does that close a cycle through more than one
 * process?  True for one of the threads that see it.  Entries of threads that
 * are gone are dropped. */
bool shared_find_cycle(struct shared_registry *registry, const struct shared_ticket *ticket,
		       shared_is_there is_there, struct shared_cycle *cycle);

/* Whether all waits of @cycle are unchanged. */
bool shared_is_unchanged(const struct shared_cycle *cycle);

static inline const struct shared_wait *shared_step_wait(const struct shared_cycle *cycle,
							 uint32_t step)
{
	return &cycle->registry->waits[cycle->steps[step].entry];
}

/* A thread that had not waited posted the semaphore of @key: it is no lock. */
void shared_token_posted(struct shared_registry *registry, uint64_t key);
bool shared_is_token(const struct shared_registry *registry, uint64_t key);

#endif
