#include "detect/range/record_range.h"

#include "base/arch/arch.h"
#include "detect/race/race.h"
#include "detect/shadow/origin.h"

#define PAIR 2u

/* Where a range is recorded, and what is stored there. */
struct span {
	struct detector *detector;
	struct thread *thread;
	uint64_t word;
	uint32_t origin;
	site_id site;
	bool is_write;
};

/* Does the race engine alone want to know of accesses by @id?  What other parts want to
 * see, and the samples of callers, are left to the accesses themselves. */
static bool is_quiet(const struct detector *detector, const struct thread *thread, site_id id,
		     bool is_write)
{
	enum site_attention attention = load_relaxed(&site_attention[id]); /* relaxed: a hint */

	if (attention == SITE_WANTED || thread->accesses.acquire_count ||
	    thread->accesses.stale_read_count)
		return false;
	return attention == SITE_QUIET ||
	       !(is_write ? detector->split_count : thread->held.count);
}

/* Is it time for a sample?  Then the first of @count granules is left to its access. */
static bool is_sampled(struct thread *thread, size_t count)
{
	if (thread->accesses.sample >= count) {
		thread->accesses.sample -= (uint32_t)count;
		return false;
	}
	thread->accesses.sample = 0;
	return true;
}

/* As race_is_past(), of two words that as a rule are alike. */
static inline bool are_past(const struct thread *thread, const uint64_t *words)
{
	uint64_t first = load_acquire(&words[0]), second = load_acquire(&words[1]);

	return race_is_past(thread, first) && (first == second || race_is_past(thread, second));
}

/* Two granules at once, as an atomic instruction costs more than all else.  False: they
 * were left as they are. */
static bool record_pair(const struct span *span, uintptr_t granule)
{
	struct shadow shadow = shadow_of(granule);
	uint64_t *own = span->is_write ? shadow.write : shadow.read;
	const uint64_t *other = span->is_write ? shadow.read : shadow.write;
	uint64_t old[PAIR] = {load_acquire(&own[0]), load_acquire(&own[1])};

	if (old[0] == span->word && old[1] == span->word)
		return true;
	if (!are_past(span->thread, old) || !are_past(span->thread, other) ||
	    !arch_exchange_pair(own, old, span->word))
		return false;
	for (unsigned i = 0; i < PAIR; i++)
		store_relaxed(span->is_write ? &shadow.origins[i].write : &shadow.origins[i].read,
			      span->origin); /* relaxed: as in origin_store() */
	if (LIKELY(are_past(span->thread, other)))
		return true;
	for (unsigned i = 0; i < PAIR; i++)
		record_again(span->detector, span->thread, granule + i * SHADOW_GRANULE,
			     SHADOW_GRANULE, span->is_write, span->site, false);
	return span->thread->clocks.has_recorded;
}

void record_range(struct detector *detector, struct thread *thread, uintptr_t start, uintptr_t end,
		  bool is_write, site_id site)
{
	struct span span = {detector, thread, .site = site, .is_write = is_write};

	if (!is_quiet(detector, thread, site, is_write))
		return;
	if (is_sampled(thread, (end - start) / SHADOW_GRANULE))
		start += SHADOW_GRANULE;
	memory_before_record(detector, thread);
	span.word = *thread->clocks.current;
	span.origin = origin_tagged(origin_of_site(site), span.word);
	if (UNLIKELY(span.word == SHADOW_NO_EPOCH))
		return;
	/* Pairs are aligned. */
	start = (start + SHADOW_GRANULE) & ~(uintptr_t)(PAIR * SHADOW_GRANULE - 1);
	for (; start + PAIR * SHADOW_GRANULE <= end; start += PAIR * SHADOW_GRANULE)
		if (!record_pair(&span, start))
			return;
}
