/*
 * Held locks: what a thread holds, in the order in which it was taken.
 *
 * A rolling hash of them, the chain, says in one number what is held and how:
 * base (thread and structural epoch), then each lock's address, generation and
 * mode.  lock_order/chain.h looks it up.
 */
#ifndef DETECT_BASE_HELD_LOCKS_H
#define DETECT_BASE_HELD_LOCKS_H

#include "base/hash.h"
#include "detect/data/lock_mode.h"
#include "detect/data/object.h"

struct detector;
struct thread;

/* One lock held by a thread. */
struct held_lock {
	struct sync_object *object;
	uint64_t chain_before; /* of the locks held when it was taken */
	uint8_t mode;	    /* enum lock_mode */
	bool is_in_handler; /* taken by a signal handler */
	uint32_t recursion; /* times taken beyond the first */
	stack_id stack;
	lock_id under;	    /* the lock of its class held when it was taken */
};

/* Room for this many from the start. */
#define HELD_LOCKS_FIRST 64u

struct held_locks {
	struct held_lock *locks;
	uint32_t count;
	uint32_t capacity;
	uint64_t *chain_cache; /* of validated chains: lock_order/chain.h */
	uint64_t operation_count;
	uint64_t chain_base;	   /* the chain of no locks */
	uintptr_t lowest_on_stack; /* lock on the thread's own stack; ~0: none */
	lock_id wanted_under;	   /* for the next held_lock.under: class.c */
};

/* The chain of @object taken in @mode under @chain. */
static inline uint64_t held_locks_extend(uint64_t chain, const struct sync_object *object,
				    enum lock_mode mode)
{
	/* SYNC_PUBLISHED is the top bit: from then on, orders are checked again. */
	return hash_append(chain, object->address ^ object->generation >> 31 ^
					  (uint64_t)object->generation << 48 ^
					  (uint64_t)mode << 62);
}

/* The chain of all that is held.  Made when it is asked for: most locks are taken
 * alone. */
static inline uint64_t held_locks_chain(const struct held_locks *held)
{
	const struct held_lock *last;

	if (LIKELY(!held->count))
		return held->chain_base;
	last = &held->locks[held->count - 1];
	return held_locks_extend(last->chain_before, last->object, (enum lock_mode)last->mode);
}

/* Where @object is held, or NULL. */
static inline struct held_lock *held_locks_find(const struct held_locks *held,
						const struct sync_object *object)
{
	for (uint32_t i = held->count; i > 0; i--)
		if (held->locks[i - 1].object == object)
			return &held->locks[i - 1];
	return NULL;
}

/* Makes room for another one.  False without memory, which is counted. */
bool held_locks_reserve(struct detector *detector, struct thread *thread);

/* Removes one of them; NULL: none. */
void held_locks_remove(struct held_locks *held, const struct held_lock *lock);

/* Computes the chain anew, from @base. */
void held_locks_rehash(struct held_locks *held, uint64_t base);

#endif
