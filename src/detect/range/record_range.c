#include "detect/range/record_range.h"

#include "detect/race/race.h"
#include "detect/race/update.h"
#include "detect/shadow/claim.h"
#include "detect/shadow/origin.h"

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
	return attention == SITE_QUIET || !(is_write ? detector->split_count : thread->held.count);
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

/* Up to how many of @words, @most, are none or plain and in the past.  As a rule all are alike. */
static uint32_t count_past(const struct thread *thread, const uint64_t *words, uint32_t most)
{
	uint64_t past = 0;

	for (uint32_t i = 0; i < most; i++) {
		uint64_t word = load_acquire(&words[i]);

		if (word != past && !race_is_past(thread, word))
			return i;
		past = word;
	}
	return most;
}

#define LINE_WORDS 8u
#define AHEAD_WORDS 64u

/* Under a claim: stores over the first @most of @own, as far as they and @other are in the past. */
static uint32_t store_words(const struct span *span, uint64_t *own, const uint64_t *other,
			    struct shadow_origins *origins, uint32_t most)
{
	uint32_t *origin = span->is_write ? &origins->write : &origins->read;
	uint64_t past = 0, other_past = 0;

	for (uint32_t i = 0; i < most; i++, origin += 2) {
		uint64_t word = load_acquire(&own[i]), met = load_acquire(&other[i]);

		if (i % LINE_WORDS == 0) {
			__builtin_prefetch(&own[i + AHEAD_WORDS], 1);
			__builtin_prefetch(&origin[2 * AHEAD_WORDS], 1);
			__builtin_prefetch(&other[i + AHEAD_WORDS]);
		}
		if (word == span->word)
			continue;
		if ((word != past && !race_is_past(span->thread, word)) ||
		    (met != other_past && !race_is_past(span->thread, met)))
			return i;
		past = word;
		other_past = met;
		store_relaxed(&own[i], span->word);  /* relaxed: claim_end() orders it */
		store_relaxed(origin, span->origin); /* relaxed: as in origin_store() */
	}
	return most;
}

/* The words of @count granules, all in one page of the plane.  False: not all. */
static bool record_page(const struct span *span, uintptr_t granule, uint32_t count)
{
	struct shadow shadow = shadow_of(granule);
	uint64_t *own = span->is_write ? shadow.write : shadow.read;
	const uint64_t *other = span->is_write ? shadow.read : shadow.write;
	uint64_t *turn = claim_turn_of(own);
	uint32_t stored;
	uint64_t taken;

	if (!claim_begin(span->detector, turn, &taken))
		return false;
	stored = store_words(span, own, other, shadow.origins, count);
	claim_end(turn, taken);
	for (uint32_t i = 0; (i += count_past(span->thread, &other[i], stored - i)) < stored; i++)
		record_again(span->detector, span->thread, granule + i * SHADOW_GRANULE,
			     SHADOW_GRANULE, span->is_write, span->site, false);
	return stored == count && span->thread->clocks.has_recorded;
}

/* How many words there are from the one of @granule on in its page, @most at most. */
static uint32_t count_in_page(const struct span *span, uintptr_t granule, size_t most)
{
	struct shadow shadow = shadow_of(granule);
	uint64_t *own = span->is_write ? shadow.write : shadow.read;
	uint32_t count = CLAIM_WORDS - (uint32_t)((uintptr_t)own / sizeof(*own) % CLAIM_WORDS);

	return most < count ? (uint32_t)most : count;
}

/* False: not all of [start, end). */
static bool record_pages(const struct span *span, uintptr_t start, uintptr_t end)
{
	uint32_t count;

	for (; start < end; start += count * SHADOW_GRANULE) {
		count = count_in_page(span, start, (end - start) / SHADOW_GRANULE);
		if (!record_page(span, start, count))
			return false;
	}
	return true;
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
	if (LIKELY(span.word != SHADOW_NO_EPOCH))
		(void)record_pages(&span, start, end);
}

#define LONG_BYTES 256u /* for which a claim is worth while */

bool record_long(struct detector *detector, struct thread *thread, struct access *access)
{
	struct site *site = site_get(&detector->sites, access->site);
	uintptr_t end = access->address + access->size_bytes;
	uintptr_t first = (access->address + SHADOW_GRANULE - 1) & ~(uintptr_t)(SHADOW_GRANULE - 1);
	uintptr_t last = end & ~(uintptr_t)(SHADOW_GRANULE - 1);
	struct span span = {detector, thread, .site = access->site,
			    .is_write = access->flags & SITE_WRITE};
	origin_id origin;

	if (access->size_bytes < LONG_BYTES || !site || site->flags & (SITE_SILENT | SITE_SPIN) ||
	    thread->accesses.acquire_count || update_concerns(detector, thread, site) ||
	    !shadow_covers(first) || !shadow_covers(last - 1))
		return false;
	memory_before_record(detector, thread);
	span.word = *thread->clocks.current;
	if (UNLIKELY(span.word == SHADOW_NO_EPOCH))
		return false;
	access->callers = origin_choose_callers(thread, site);
	/* Takes a while, and may find a stack: before there is a word. */
	origin = origin_of_access(detector, thread, access, access->callers != CALLERS_DROPPED);
	span.origin = origin_tagged(origin, span.word);
	return record_pages(&span, first, last) && first == access->address && last == end;
}
