/*
 * Memory and clocks: what is due before a thread's clock is passed on, or grows.
 *
 * The race engine is late in three ways.  Accesses of parts of granules wait in the
 * thread (record_fast.h); an atomic load's acquire is joined at the thread's next look
 * (atomic_location.h); and a racing load that may be the first half of an update is not
 * taken for an acquire yet (update.h).
 *
 * All of that must be done before a release, which passes on what the thread has
 * acquired: a synchronisation object that forgets it causes false errors about what is
 * ordered through this thread.  And waiting accesses are recorded before a clock grows:
 * else they would be compared by a clock that knows more than the thread did when it made
 * them, which misses races.
 *
 * So base/clock.h demands a clock_releaser to pass on a full clock and a clock_joiner to
 * join one, and only the functions below make these [check_layers.sh].
 */
#ifndef DETECT_RACE_MEMORY_H
#define DETECT_RACE_MEMORY_H

#include "detect/base/clock.h"
#include "detect/base/thread.h"
#include "detect/shadow/shadow.h"

/* @thread is about to record an access: in an epoch that it has not released yet. */
static inline void memory_before_record(struct detector *detector, struct thread *thread)
{
	if (UNLIKELY(!thread->clocks.has_recorded))
		clock_begin_epoch(detector, thread);
}

/* Must anything be done before a release?  One test, as each lock makes it. */
static inline bool memory_is_late(const struct thread *thread)
{
	return thread->accesses.late_count;
}

/* Does what must be done before a release, and before that of a lock. */
void memory_settle(struct detector *detector, struct thread *thread);
void memory_settle_lock(struct detector *detector, struct thread *thread,
			const struct sync_object *object);

/* Records the accesses that wait in the thread. */
void record_flush(struct detector *detector, struct thread *thread);

/* The same after a signal handler: the thunk that it interrupted may go on to note a granule. */
void record_flush_interrupted(struct detector *detector, struct thread *thread);

static inline void memory_flush(struct detector *detector, struct thread *thread)
{
	if (thread->accesses.has_pending)
		record_flush(detector, thread);
}

/* Memory of @thread's begins or ends its life: what it did there before is no sign of what
 * it does next. */
static inline void memory_forget_ahead(struct thread *thread)
{
	thread->accesses.ahead.word = 0;
}

/*
 * Another thread has made an assumed acquire in the middle of this one's epoch: its clock
 * covers the rest of that epoch, too.  If it then stores what this thread waits for, the
 * reads seem ordered, and it leaves no pending release.  So this thread begins a new epoch
 * before each access of a silent module.  Elsewhere races in the rest of the epoch may be
 * missed, but for those behind the first store of a site (race.c); accepted because a flag
 * that is pending would else be recorded in an epoch that its reader does not know.
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

/* @thread is about to record an order of locks, in which its clock of hand-overs is kept. */
void memory_before_order(struct detector *detector, struct thread *thread);

/*
 * Makes an assumed acquire of @thread from the store that @word stands for.  What the
 * storing thread has pending is compared later, though it may have come before that store.
 * So if @thread has accessed some of that in its present epoch, it begins a new one, which
 * tells these accesses from those after the acquire.
 *
 * If the acquire rests on finding @pair (the two moves may turn out not to be atomic),
 * findings about what it orders are held back: at most HELD_BACK_MAX, so that costs stay
 * flat.
 */
void memory_assume_acquire(struct detector *detector, struct thread *thread, uint64_t word,
			   uint32_t pair);

/* The same where it was made before, nobody knows when.  Of several places that the other has
 * pending, and @thread has accessed in its present epoch, one may be what it acquired by, and
 * its accesses to the others have come after that. */
void memory_assume_acquired(struct detector *detector, struct thread *thread, uint64_t word,
			    uint32_t pair);

/*
 * The same for stores that the thread of @word has pending, which no shadow word shows yet:
 * @thread may have read one of them, in another granule than @granule, and acquired by
 * that.  True: the access that @word stands for then comes before what @thread does now.
 */
bool memory_acquire_unseen(struct detector *detector, struct thread *thread, uint64_t word,
			   uintptr_t granule);

/* Is one more finding that rests on @pairs to be held back?  Counts it. */
bool memory_holds_back(struct detector *detector, const struct finding_pairs *pairs);

#endif
