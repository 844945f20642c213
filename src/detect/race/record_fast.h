/*
 * The fast path of accesses: records most of them without the whole engine.
 *
 * Two cases.  An access of whole granules over plain words that it is ordered
 * with: the words are exchanged on the spot.  An access of a part of a granule:
 * streams of bytes and integers touch a granule several times in turn, and each
 * touch would change in shadow memory which bytes are whose.  So the thread keeps
 * a few pending granules: it notes in itself what it touches there, and writes that
 * to shadow memory when another granule takes the place, or before its clock changes
 * or is released (memory_flush()).  Until then other threads do not see these
 * accesses; but the flush sees theirs, so of two racing threads one sees the other.
 * record_fast.c has the first case, pending.c the second, which ends in record_part.c.
 *
 * All other accesses go to access_check().
 *
 * What is below runs (shadow/runs.h) is good enough for a first look: the exchange fails
 * then, and the last look is by claim_ask().
 */
#ifndef DETECT_RACE_RECORD_FAST_H
#define DETECT_RACE_RECORD_FAST_H

#include "detect/base/assumed.h"
#include "detect/base/thread.h"
#include "detect/race/atomics/atomic_location.h"
#include "detect/race/memory.h"
#include "detect/race/access.h"
#include "detect/shadow/shadow.h"
#include "detect/race/updates/update.h"

/* A stale read is kept for so many samples of callers. */
#define STALE_READ_SAMPLES 4u

/* Does @thread's clock cover all cells of @word, read at @place, that have some of @bytes? */
bool record_are_clear(const struct thread *thread, const uint64_t *place, uint64_t word,
		      uint32_t bytes);

/* Has @thread alone what @word, read at @place, says? */
bool record_is_all_mine(const struct thread *thread, const uint64_t *place, uint64_t word);

/* Cases of record_fast(): in one granule, or several.  False: not such a one; what
 * was done will be found to be there. */
bool record_granule(struct detector *detector, struct thread *thread, uintptr_t address,
		    uint32_t size_bytes, bool is_write, site_id site);
bool record_span(struct detector *detector, struct thread *thread, uintptr_t address,
		 uint32_t size_bytes, bool is_write, site_id site);

/*
 * Do @thread's writes stand for what it reads of the same bytes in the same epoch?  Whoever races
 * with the read races with the write.  Only ranges ask this: a flag that is waited for must be
 * known as read.  If another thread has acquired amid the epoch (memory_end_assumed_epoch()), it
 * comes after the write, but not after the read.
 */
static inline bool record_covers_reads(const struct thread *thread)
{
	/* relaxed: who acquires just now has stored nothing since. */
	return load_relaxed(&thread->clocks.assumed_epoch) != thread->clocks.recorded_epoch;
}

/*
 * May the thread of @read, the read word of @granule, be about to load, and see what @thread will
 * store there?  It is in the epoch that @thread has assumed to know, so that its read is taken for
 * one that comes before; not if it has stored there last, so that it waits for nobody.  Whose read
 * takes the place of that one tells it to look again (pending_release_leave_known()).  Thunks do
 * not ask: the first accesses of each site, which are C's, are those before anybody has waited.
 */
static inline bool record_may_wait(const struct thread *thread, uintptr_t granule, uint64_t read)
{
	uint64_t write;

	if (LIKELY(!assumed_is_last(&thread->clocks, read)))
		return false;
	write = load_relaxed(shadow_places(granule).write); /* relaxed: a hint */
	return shadow_form(write) != SHADOW_PLAIN || shadow_slot(write) != shadow_slot(read);
}

/* The ways where @thread may have the granule of @address pending. */
static inline struct pending_granule *pending_set(struct thread *thread, uintptr_t address,
						  bool is_write)
{
	return &thread->accesses
			.pending[is_write][address / SHADOW_GRANULE % PENDING_SETS * PENDING_WAYS];
}

/* Has @thread noted an access to all of @bytes of @granule that waits in it? */
static inline bool record_is_pending(struct thread *thread, uintptr_t granule, uint32_t bytes,
				     bool is_write)
{
	const struct pending_granule *set = pending_set(thread, granule, is_write);

	for (uint32_t way = 0; way < PENDING_WAYS; way++)
		if (set[way].granule == granule)
			return !(bytes & ~set[way].bytes);
	return false;
}

/* Records the granule of @address if the thread has noted all of it. */
void record_flush_whole(struct detector *detector, struct thread *thread, uintptr_t address,
			bool is_write);

/* record_is_wanted() of a site that is not known to be quiet, or a sample of callers that is due:
 * the site's row tells.  It becomes quiet when its first accesses are over. */
bool record_is_wanted_by_row(struct detector *detector, struct thread *thread, site_id id,
			     uintptr_t address, uint32_t size_bytes, bool is_write,
			     enum access_callers *callers);

/* Does another part of the engine want to see accesses of @site to @address?  Decides on
 * *@callers, too.  Of quiet sites no row is looked at: there are more than fit into a cache. */
static inline bool record_is_wanted(struct detector *detector, struct thread *thread, site_id id,
				    uintptr_t address, uint32_t size_bytes, bool is_write,
				    enum access_callers *callers)
{
	/* relaxed: a hint */
	enum site_attention attention = load_relaxed(&site_attention[id]);

	if (UNLIKELY(attention < SITE_QUIET || thread->accesses.sample == 0))
		return record_is_wanted_by_row(detector, thread, id, address, size_bytes, is_write,
					       callers);
	thread->accesses.sample--;
	*callers = CALLERS_DROPPED;
	if (stale_filter_may_have(&thread->accesses, address, size_bytes) &&
	    stale_reads_touch(thread, address, size_bytes))
		return true;
	if (LIKELY(attention == SITE_QUIET))
		return false;
	return update_may_be_split(detector, thread, address, size_bytes, is_write);
}

/* Passes what was recorded to the whole engine, to be classified. */
void record_again(struct detector *detector, struct thread *thread, uintptr_t address,
		  uint32_t size_bytes, bool is_write, site_id id, bool is_late);

/* @thread accesses @size_bytes at @address.  False: ask access_check(), with *@callers. */
static inline bool record_fast(struct detector *detector, struct thread *thread, uintptr_t address,
			       uint32_t size_bytes, bool is_write, site_id id,
			       enum access_callers *callers)
{
	if (UNLIKELY(thread->accesses.acquires_due) && !atomic_look_last(thread))
		atomic_look(detector, thread);
	if (UNLIKELY(!shadow_covers(address)) ||
	    record_is_wanted(detector, thread, id, address, size_bytes, is_write, callers))
		return false;
	memory_before_record(detector, thread);
	if (UNLIKELY(*thread->clocks.current == SHADOW_NO_EPOCH))
		return false;
	if (LIKELY(address % SHADOW_GRANULE + size_bytes <= SHADOW_GRANULE))
		return record_granule(detector, thread, address, size_bytes, is_write, id);
	return record_span(detector, thread, address, size_bytes, is_write, id);
}

#endif
