/*
 * Chains: sequences of held locks that were validated before.
 *
 * A chain is a rolling 64-bit hash of a thread's held locks in order of
 * acquisition: base (thread and structural epoch), then each lock's address,
 * generation and mode.  If a chain was validated, acquiring its last lock adds
 * nothing to the lock-order graph (the chain cache of Linux lockdep,
 * Documentation/locking/lockdep-design.rst).  Each thread has a direct-mapped
 * cache of validated chains; a set that all threads share holds all of them.
 */
#ifndef DETECT_LOCK_ORDER_CHAIN_H
#define DETECT_LOCK_ORDER_CHAIN_H

#include "base/hash.h"
#include "detect/base/detector.h"
#include "detect/base/thread.h"

/* The key of a chain in the caches and the set.  A timed acquisition has another
 * key than an untimed one, which must be validated too.  A new salt makes all
 * chains unknown again. */
static inline uint64_t chain_key(const struct detector *detector, uint64_t chain, bool is_timed)
{
	uint64_t key = chain ^ detector->salt ^ (is_timed ? 0x5851f42d4c957f2dull : 0);

	return key ? key : 1;
}

static inline bool chain_is_cached(const struct thread *thread, uint64_t key)
{
	return thread->held.chain_cache && thread->held.chain_cache[key % CHAIN_CACHE_SIZE] == key;
}

/* @thread is about to take @object; @key is of the chain that this makes, which its cache does
 * not know.  Unless another thread has validated the chain, adds an edge from each held lock
 * to the lock-order graph. */
void chain_validate(struct detector *detector, struct thread *thread, struct sync_object *object,
		    enum lock_mode mode, bool is_timed, stack_id stack, uint64_t key);

#endif
