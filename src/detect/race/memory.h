/*
 * Memory and clocks: what is due before a thread's clock is passed on, or grows.
 *
 * The race engine is late in three ways.  Accesses of parts of granules wait in the
 * thread (record_fast.h); an atomic load's acquire is joined at the thread's next look
 * (atomic_location.h); and a racing load that may be the first half of an update is not
 * taken for an acquire yet (stale_read.h).
 *
 * All of that comes before a release: what the thread has acquired is part of what it
 * passes on.  A synchronisation object that forgets it makes false errors of whatever
 * is ordered through this thread.  And what waits is recorded before a clock grows:
 * else it is compared by what the thread did not know when it made these accesses,
 * which misses races.
 *
 * So base/clock.h passes on and joins full clocks only for who shows a clock_releaser or
 * a clock_joiner, and only the functions below make them [check_layers.sh].
 */
#ifndef DETECT_RACE_MEMORY_H
#define DETECT_RACE_MEMORY_H

#include "detect/base/clock.h"
#include "detect/base/thread.h"
#include "detect/shadow/shadow.h"

/* @thread is about to record an access: in an epoch that nobody has been given yet. */
static inline void memory_before_record(struct detector *detector, struct thread *thread)
{
	if (UNLIKELY(!thread->clocks.has_recorded))
		clock_begin_epoch(detector, thread);
}

/* Is anything due before a release?  One test, as it is on the path of every lock. */
static inline bool memory_is_late(const struct thread *thread)
{
	return thread->accesses.pending_count | thread->accesses.acquire_count |
	       thread->accesses.stale_read_count;
}

/* Does all that is due before a release, and that of a lock. */
void memory_settle(struct detector *detector, struct thread *thread);
void memory_settle_lock(struct detector *detector, struct thread *thread,
			const struct sync_object *object);

/* Records the accesses that wait in the thread. */
void record_flush(struct detector *detector, struct thread *thread);

static inline void memory_flush(struct detector *detector, struct thread *thread)
{
	if (thread->accesses.pending_count)
		record_flush(detector, thread);
}

/*
 * Another thread has acquired from this one amid its epoch, and takes for known what
 * this one does in the rest of it.  Who then stores what this one waits for would not
 * see it as a reader, and leave it no note (classify.c): so it begins a new epoch before
 * each access of a silent module.  Elsewhere races in the rest of the epoch may be
 * missed; accepted because a flag that waits to be recorded would be of an epoch that
 * its reader does not know.
 */
void memory_end_assumed_epoch(struct detector *detector, struct thread *thread);

/* @thread is about to release: without detector.lock, and no object's clocks locked. */
static inline struct clock_releaser memory_before_release(struct detector *detector,
							  struct thread *thread)
{
	if (UNLIKELY(memory_is_late(thread)))
		memory_settle(detector, thread);
	return (struct clock_releaser){thread};
}

/* The same for a release of a lock, @object, which splits what was read under it. */
static inline struct clock_releaser memory_before_unlock(struct detector *detector,
							 struct thread *thread,
							 const struct sync_object *object)
{
	if (UNLIKELY(memory_is_late(thread)))
		memory_settle_lock(detector, thread, object);
	return (struct clock_releaser){thread};
}

/* @thread is about to acquire: the same. */
static inline struct clock_joiner memory_before_join(struct detector *detector,
						      struct thread *thread)
{
	memory_flush(detector, thread);
	return (struct clock_joiner){thread};
}

/*
 * @thread is taken to have acquired what the store that @word stands for released.  What
 * its thread has pending then is compared late, and may be of before that store; what
 * @thread has met of it by now is told from what it will meet, by a new epoch.
 *
 * If that rests on finding @pair, which may turn out to be a race of moves that are no
 * atomic ones, what it orders is held back; a while, so that costs stay flat.
 */
void memory_assume_acquire(struct detector *detector, struct thread *thread, uint64_t word,
			   uint32_t pair);

/*
 * The same of what the thread of @word has stored, but has pending: @thread has recorded
 * its reads, and by one of these, elsewhere than in @granule, it may have seen what no
 * shadow word says yet.  Does the access that @word stands for come before it then?
 */
bool memory_acquire_unseen(struct detector *detector, struct thread *thread, uint64_t word,
			   uintptr_t granule);

/* Is one more occurrence to be held back that rests on @pairs?  Counts it. */
bool memory_holds_back(struct detector *detector, const struct finding_pairs *pairs);

#endif
