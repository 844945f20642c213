/*
 * The quick path of accesses: what most of them are, without a detour.
 *
 * Two cases.  An access of whole granules over plain words that it is ordered
 * with: the words are exchanged on the spot.  An access of a part of a granule:
 * streams of bytes and integers touch a granule several times in turn, and each
 * touch alone would have to say in shadow memory which bytes it leaves to whom.
 * So the thread keeps a few granules open: what it touches there is noted in the
 * thread, and written to shadow memory at once when another granule takes the
 * place, or before the thread's clock changes or is given away (access_flush()).
 * Until then others do not see these accesses; but the flush sees theirs, so of
 * a racing pair still one sees the other.
 *
 * What is neither goes to access_check().
 */
#ifndef DETECT_RACE_ACCESS_FAST_H
#define DETECT_RACE_ACCESS_FAST_H

#include "detect/base/thread.h"
#include "detect/race/atomic_location.h"
#include "detect/race/memory.h"
#include "detect/race/access.h"
#include "detect/shadow/shadow.h"
#include "detect/race/update.h"

/* How many accesses of a thread have their whole stacks recorded: each such one. */
#define ACCESS_STACK_EVERY 256u
/* A stale read is kept for so many of these. */
#define STALE_READ_SAMPLES 16u
/* ... and the first ones of a site, by whatever thread. */
#define ACCESS_STACKS_FIRST 128u

/* Cases of access_quick(): in one granule, or several.  False: not such a one; what
 * was done will be found to be there. */
bool access_one(struct detector *detector, struct thread *thread, uintptr_t address,
		uint32_t size_bytes, bool is_write, site_id site);
bool access_several(struct detector *detector, struct thread *thread, uintptr_t address,
		    uint32_t size_bytes, bool is_write, site_id site);

/* Does another part of the engine want to see accesses of @site to @address? */
static inline bool access_is_wanted(struct detector *detector, struct thread *thread,
				    site_id id, uintptr_t address, bool is_write)
{
	struct site *site = site_get(&detector->sites, id);
	uint32_t slow_count = load_relaxed(&site->slow_count);

	/* relaxed: a count of few, and a flag; a late look is as good. */
	if (UNLIKELY(slow_count < ACCESS_STACKS_FIRST)) {
		store_relaxed(&site->slow_count, slow_count + 1);
		return true;
	}
	if (load_relaxed(&site->is_suspect) || site->flags & SITE_SILENT)
		return true;
	if (UNLIKELY(thread->accesses.sample-- == 0)) {
		thread->accesses.sample = ACCESS_STACK_EVERY;
		if (thread->accesses.stale_read_count &&
		    ++thread->accesses.stale_read_age > STALE_READ_SAMPLES)
			stale_reads_expire(detector, thread);
		return true;
	}
	if (thread->accesses.stale_read_filter[address / SHADOW_GRANULE % STALE_READ_FILTER] &&
	    stale_reads_touch(thread, address))
		return true;
	/* relaxed: a hint.  All threads look at it, so it is stored once only. */
	if (load_relaxed(&site_attention[id]) == SITE_WANTED)
		store_relaxed(&site_attention[id], site->slice ? SITE_QUIET_UNLOCKED : SITE_QUIET);
	return site->slice && (is_write ? detector->split_count : thread->held.count);
}

/* @thread accesses @size_bytes at @address.  False: ask access_check(). */
static inline bool access_quick(struct detector *detector, struct thread *thread,
				uintptr_t address, uint32_t size_bytes, bool is_write, site_id id)
{
	if (UNLIKELY(thread->accesses.acquire_count))
		atomic_catch_up(detector, thread);
	if (UNLIKELY(!shadow_covers(address)) ||
	    access_is_wanted(detector, thread, id, address, is_write))
		return false;
	memory_before_record(detector, thread);
	if (UNLIKELY(*thread->clocks.current == SHADOW_NO_EPOCH))
		return false;
	if (LIKELY(address % SHADOW_GRANULE + size_bytes <= SHADOW_GRANULE))
		return access_one(detector, thread, address, size_bytes, is_write, id);
	return access_several(detector, thread, address, size_bytes, is_write, id);
}

#endif
