/*
 * Chains: has this sequence of held locks been validated before?
 *
 * A chain is a rolling 64-bit hash of a thread's held locks in order of
 * acquisition: base (thread and structural epoch), then each lock's address,
 * generation and mode.  Taking a lock under a chain that has been validated
 * needs no look at the lock-order graph (the chain cache of Linux lockdep,
 * Documentation/locking/lockdep-design.rst).  Each thread has a direct-mapped
 * cache of validated chains, behind it stands a set of all.
 */
#ifndef DETECT_LOCK_ORDER_CHAIN_H
#define DETECT_LOCK_ORDER_CHAIN_H

#include "base/hash.h"
#include "detect/base/detector.h"
#include "detect/base/thread.h"

/* What is looked up for a chain: a timed acquisition does not vouch for an
 * untimed one, and all is new under another salt. */
static inline uint64_t chain_key(const struct detector *detector, uint64_t chain, bool is_timed)
{
	uint64_t key = chain ^ detector->salt ^ (is_timed ? 0x5851f42d4c957f2dull : 0);

	return key ? key : 1;
}

static inline bool chain_is_cached(const struct thread *thread, uint64_t key)
{
	return thread->held.chain_cache && thread->held.chain_cache[key % CHAIN_CACHE_SIZE] == key;
}

/* The set behind the caches.  Looking takes no lock, and may miss what is just
 * being added. */
bool chain_set_has(const struct detector *detector, uint64_t key);

/* Called with detector.lock held. */
void chain_set_add(struct detector *detector, uint64_t key);

#endif
