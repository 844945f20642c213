#include "detect/range/record_range.h"

#include "detect/race/race.h"
#include "detect/race/record_fast.h"
#include "detect/range/record_run.h"
#include "detect/shadow/claim.h"
#include "detect/shadow/origin.h"

/* Does the race engine alone want to know of @access?  What other parts want to
 * see, and the samples of callers, are left to the accesses themselves. */
static bool is_quiet(const struct detector *detector, const struct thread *thread,
		     const struct access *access, size_t size_bytes)
{
	site_id id = access->site;
	const struct site *site = site_get(&detector->sites, id);

	/* relaxed: a hint */
	if (load_relaxed(&site_attention[id]) == SITE_ORDERING || thread->accesses.acquires_due ||
	    thread->accesses.stale_read_count || site->flags & (SITE_SILENT | SITE_SPIN) ||
	    load_relaxed(&site->suspect_count) > 1)
		return false;
	if (!site->update_group && !site->return_at)
		return true;
	return !update_may_be_split(detector, thread, access->address, size_bytes,
				    access->flags & SITE_WRITE) &&
	       !origin_has_first(detector, site);
}

/* Is it one of the first accesses by @id, all of which keep their callers?  One entry into its
 * loop counts as one. */
static bool is_first(const struct detector *detector, site_id id)
{
	struct site *site = site_get(&detector->sites, id);

	if (LIKELY(!origin_has_first(detector, site)))
		return false;
	origin_count_first(site);
	return true;
}

/* Is it time for a sample, of one of @count granules? */
static bool is_sampled(struct thread *thread, size_t count)
{
	if (thread->accesses.sample >= count) {
		thread->accesses.sample -= (uint32_t)count;
		return false;
	}
	thread->accesses.sample = ORIGIN_CALLERS_EVERY - 1;
	return true;
}

/* Has the thread recorded its access to the granule of @word in this epoch? */
static bool is_recorded(const struct span *span, uint64_t word)
{
	return word == span->word || word == span->shared;
}

/* Has it written what it reads, the other plane's word of which is @met, in this epoch? */
static bool is_own(const struct span *span, uint64_t met)
{
	return met == span->written;
}

/* Of how many granules from @granule on, @most. */
static size_t count_recorded(const struct span *span, uintptr_t granule, size_t most)
{
	struct shadow shadow = shadow_places(granule);
	const uint64_t *words = span->is_write ? shadow.write : shadow.read;
	const uint64_t *others = span->is_write ? shadow.read : shadow.write;
	size_t count = 0;

	/* relaxed: a hint.  What is below runs is not known, and far from the processor. */
	if (load_relaxed(claim_turn_of(words)) & CLAIM_RUNS)
		return 0;
	while (count < most && (is_recorded(span, load_acquire(&words[count])) ||
				is_own(span, load_acquire(&others[count]))))
		count++;
	return count;
}

/* False: it has none. */
static bool take_epoch(struct span *span)
{
	memory_before_record(span->detector, span->thread);
	span->word = *span->thread->clocks.current;
	span->shared = span->is_write ? span->word : *span->thread->clocks.shared;
	span->written =
		!span->is_write && record_covers_reads(span->thread) ? span->word : SHADOW_NO_EPOCH;
	return span->word != SHADOW_NO_EPOCH;
}

#define LINE_WORDS 8u
#define CHUNK_WORDS 64u

/* Under a claim: stores over the first @most of @own, as far as they and @other are in the past. */
static uint32_t store_words(const struct span *span, uint64_t *own, const uint64_t *other,
			    uint32_t *origin, uint32_t most)
{
	uint32_t at = 0, end;

	for (; at < most; at = end) {
		uint64_t word = load_acquire(&own[at]), met = load_acquire(&other[at]);

		end = at + 1;
		if (is_recorded(span, word) || is_own(span, met))
			continue;
		if (!race_is_past(span->thread, word) || !span_is_clear(span, &other[at], met))
			return at;
		end += span_count_alike(&own[end], word, most - end);
		end = at + 1 + span_count_alike(&other[at + 1], met, end - at - 1);
		for (uint32_t i = at; i < end; i++) {
			/* relaxed: claim_end() orders it.  release: as in origin_store() */
			store_relaxed(&own[i], span->word);
			store_release(&origin[2 * i], span->origin);
		}
	}
	return most;
}

/* The same in chunks, while what comes next is fetched. */
static uint32_t store_chunks(const struct span *span, uint64_t *own, const uint64_t *other,
			     struct shadow_origins *origins, uint32_t most)
{
	uint32_t *origin = span->is_write ? &origins->write : &origins->read;
	uint32_t count, stored;

	for (uint32_t at = 0; at < most; at += count) {
		count = most - at < CHUNK_WORDS ? most - at : CHUNK_WORDS;
		for (uint32_t i = at + CHUNK_WORDS; i < at + 2 * CHUNK_WORDS; i += LINE_WORDS) {
			__builtin_prefetch(&own[i], 1);
			__builtin_prefetch(&origin[2 * i], 1);
			__builtin_prefetch(&other[i]);
		}
		stored = store_words(span, own + at, other + at, origin + 2 * at, count);
		if (stored < count)
			return at + stored;
	}
	return most;
}

/* Under a claim of its page: the thread need not know of the reads that @place tells of. */
static void forget_own(const struct span *span, uint64_t *place)
{
	uint64_t word = load_acquire(place);

	if (!word || !record_is_all_mine(span->thread, place, word))
		return;
	/* relaxed: claim_end() orders it.  Who changes a record has made the word another one. */
	if (!cells_are(word))
		store_relaxed(place, (uint64_t)0);
	else if (compare_exchange_acq_rel(place, &word, (uint64_t)0))
		cells_free(span->thread, word);
}

/*
 * The thread is about to write @count granules from @granule on, all in one page of the plane.
 * Its own reads before that need not be known any more: whatever races with them races with the
 * write (Flanagan and Freund, FastTrack, PLDI 2009, section 3).  So buffers that are read by bytes
 * and words, each at its time, have words that are all the same when they are written again.
 */
static void forget_own_reads(const struct span *span, uintptr_t granule, uint32_t count)
{
	uint64_t *reads = shadow_places(granule).read;
	uint64_t *turn = claim_turn_of(reads);
	uint64_t taken;

	/* relaxed: a hint.  Runs are few words, as it is. */
	if (load_relaxed(turn) & (CLAIM_HELD | CLAIM_RUNS) ||
	    span_count_alike(reads, load_relaxed(reads), count) == count ||
	    !claim_begin(span->detector, turn, &taken))
		return;
	for (uint32_t i = 0; i < count; i++)
		forget_own(span, &reads[i]);
	claim_end(turn, taken);
}

/* Of @count granules, all in one page of the plane: how many are stored. */
static uint32_t record_page(const struct span *span, uintptr_t granule, uint32_t count)
{
	struct shadow shadow = shadow_places(granule);
	uint64_t *own = span->is_write ? shadow.write : shadow.read;
	const uint64_t *other = span->is_write ? shadow.read : shadow.write;
	uint64_t *turn = claim_turn_of(own);
	uint32_t stored;
	uint64_t taken;

	if (span->is_write)
		forget_own_reads(span, granule, count);
	if (record_run(span, granule, count))
		return count;
	if (!claim_begin(span->detector, turn, &taken))
		return 0;
	/* A page that is looked at before it is stored to faults twice. */
	if (count > CHUNK_WORDS)
		fetch_or_acq_rel(own, 0);
	stored = store_chunks(span, own, other, shadow.origins, count);
	claim_end(turn, taken);
	span_compare(span, granule, stored);
	return stored;
}

/* A granule over whose words none can be stored plainly, as they name records. */
static bool record_by_itself(const struct span *span, uintptr_t granule)
{
	return (span->has_callers ||
		span->origin == origin_tagged(origin_of_site(span->site), span->word)) &&
	       record_granule(span->detector, span->thread, granule, SHADOW_GRANULE, span->is_write,
			      span->site);
}

/* How many words there are from the one of @granule on in its page, @most at most. */
static uint32_t count_in_page(const struct span *span, uintptr_t granule, size_t most)
{
	struct shadow shadow = shadow_places(granule);
	uint64_t *own = span->is_write ? shadow.write : shadow.read;
	uint32_t count = CLAIM_WORDS - (uint32_t)((uintptr_t)own / sizeof(*own) % CLAIM_WORDS);

	return most < count ? (uint32_t)most : count;
}

/* The first of @most granules, and those behind it over whose words none can be stored plainly
 * either.  Returns how many; 0: one of them could not be recorded so.  To begin anew with the
 * page after each would take a look at all of it. */
static uint32_t record_by_themselves(const struct span *span, uintptr_t granule, uint32_t most)
{
	struct shadow shadow = shadow_places(granule);
	const uint64_t *own = span->is_write ? shadow.write : shadow.read;
	uint32_t count = 0;

	do {
		if (!record_by_itself(span, granule + count * SHADOW_GRANULE))
			return 0;
		count++;
	} while (count < most && !span_count_past(span, &own[count], 1));
	return count;
}

/* False: not all of [start, end).  What one word cannot say is recorded by itself. */
static bool record_pages(const struct span *span, uintptr_t start, uintptr_t end)
{
	while (start < end && *span->thread->clocks.current == span->word) {
		uint32_t count = count_in_page(span, start, (end - start) / SHADOW_GRANULE);
		uint32_t stored = record_page(span, start, count);
		uint32_t others = 0;

		start += stored * SHADOW_GRANULE;
		if (stored < count) {
			others = record_by_themselves(span, start, count - stored);
			if (!others)
				return false;
		}
		start += others * SHADOW_GRANULE;
	}
	return *span->thread->clocks.current == span->word;
}

/* The same, of what is not recorded yet; with its callers if a sample is due. */
static bool record_rest(struct span *span, uintptr_t start, uintptr_t end, struct access *access)
{
	size_t count = (end - start) / SHADOW_GRANULE;
	size_t known = count_recorded(span, start, count);

	start += known * SHADOW_GRANULE;
	if (start == end)
		return true;
	if (!span->has_callers && is_sampled(span->thread, count - known)) {
		access->address = start;
		/* Takes a while: before there is a word. */
		span->origin = origin_tagged(
			origin_of_access(span->detector, span->thread, access, true), span->word);
		span->has_callers = true;
	}
	return record_pages(span, start, end);
}

/* --- What is known to be recorded -------------------------------------------------- */

/* Where the known memory that @start is in ends; or @start. */
static uintptr_t known_until(const struct spans_ahead *ahead, bool is_write, uintptr_t start)
{
	for (uint32_t i = 0; i < AHEAD_SPANS; i++)
		if (start - ahead->spans[is_write][i].start <
		    ahead->spans[is_write][i].end - ahead->spans[is_write][i].start)
			return ahead->spans[is_write][i].end;
	return start;
}

/* Where known memory begins behind @start; @end if not before that. */
static uintptr_t known_from(const struct spans_ahead *ahead, bool is_write, uintptr_t start,
			    uintptr_t end)
{
	for (uint32_t i = 0; i < AHEAD_SPANS; i++)
		if (ahead->spans[is_write][i].start > start &&
		    ahead->spans[is_write][i].start < end &&
		    ahead->spans[is_write][i].end > ahead->spans[is_write][i].start)
			end = ahead->spans[is_write][i].start;
	return end;
}

/* [start, end) is known now, and so are those that it joins. */
static void add_known(struct spans_ahead *ahead, bool is_write, uintptr_t start, uintptr_t end)
{
	uint32_t own = AHEAD_SPANS;

	for (uint32_t i = 0; i < AHEAD_SPANS; i++) {
		uintptr_t other_start = ahead->spans[is_write][i].start;
		uintptr_t other_end = ahead->spans[is_write][i].end;

		if (other_start == other_end) {
			own = i;
			continue;
		}
		if (other_start > end || other_end < start)
			continue;
		start = other_start < start ? other_start : start;
		end = other_end > end ? other_end : end;
		ahead->spans[is_write][i].start = ahead->spans[is_write][i].end = 0;
		own = i;
	}
	if (own == AHEAD_SPANS)
		own = ahead->turn++ % AHEAD_SPANS;
	ahead->spans[is_write][own].start = start;
	ahead->spans[is_write][own].end = end;
}

/* What is known of the thread's present epoch.  If another thread has acquired amid it, what
 * came before that is no sign of what comes after (memory_end_assumed_epoch()). */
static struct spans_ahead *known_ahead(struct thread *thread, uint64_t word)
{
	struct spans_ahead *ahead = &thread->accesses.ahead;

	/* relaxed: as there. */
	if (ahead->word != word ||
	    load_relaxed(&thread->clocks.assumed_epoch) == thread->clocks.recorded_epoch)
		*ahead = (struct spans_ahead){.word = word};
	return ahead;
}

static bool record_unknown(struct span *span, uintptr_t start, uintptr_t end,
			   struct access *access)
{
	struct spans_ahead *ahead = known_ahead(span->thread, span->word);
	uintptr_t at = start;

	while (at < end) {
		uintptr_t until = known_until(ahead, span->is_write, at);

		if (until == at) {
			until = known_from(ahead, span->is_write, at, end);
			if (!record_rest(span, at, until, access))
				return false;
		}
		at = until;
	}
	add_known(ahead, span->is_write, start, end);
	return true;
}

/* The bytes of [start, end) in the granules that are not wholly in it. */
static bool record_ends(const struct span *span, uintptr_t start, uintptr_t end, uintptr_t first,
			uintptr_t last)
{
	return (start == first ||
		record_span(span->detector, span->thread, start, (uint32_t)(first - start),
			    span->is_write, span->site)) &&
	       (last == end || record_span(span->detector, span->thread, last,
					   (uint32_t)(end - last), span->is_write, span->site));
}

bool record_range(struct detector *detector, struct thread *thread, struct access *access,
		  size_t size_bytes)
{
	uintptr_t start = access->address, end = start + size_bytes;
	uintptr_t first = (start + SHADOW_GRANULE - 1) & ~(uintptr_t)(SHADOW_GRANULE - 1);
	uintptr_t last = end & ~(uintptr_t)(SHADOW_GRANULE - 1);
	struct span span = {detector, thread, .site = access->site,
			    .is_write = access->flags & SITE_WRITE};

	if (first >= last || !is_quiet(detector, thread, access, size_bytes))
		return false;
	if (!take_epoch(&span))
		return false;
	span.has_callers = is_first(detector, span.site);
	span.origin = origin_tagged(origin_of_access(detector, thread, access, span.has_callers),
				    span.word);
	return record_unknown(&span, first, last, access) &&
	       record_ends(&span, start, end, first, last) && *thread->clocks.current == span.word;
}

#define LONG_BYTES 256u /* for which a claim is worth while */

/* What comes first and last is left to access_check() where callers are kept. */
static bool record_all(const struct span *span, const struct access *access, bool keeps_callers)
{
	uintptr_t start = access->address, end = start + access->size_bytes;
	uintptr_t first = (start + SHADOW_GRANULE - 1) & ~(uintptr_t)(SHADOW_GRANULE - 1);
	uintptr_t last = end & ~(uintptr_t)(SHADOW_GRANULE - 1);

	if (!record_pages(span, first, last))
		return false;
	return keeps_callers ? first == start && last == end
			     : record_ends(span, start, end, first, last);
}

/* Nothing but the race engine wants to see what is larger than a granule. */
static bool record_long(struct detector *detector, struct thread *thread, struct access *access,
			struct site *site)
{
	struct span span = {detector, thread, .site = access->site,
			    .is_write = access->flags & SITE_WRITE};
	bool keeps_callers;
	origin_id origin;

	if (site->flags & (SITE_SILENT | SITE_SPIN) || !shadow_covers(access->address) ||
	    !shadow_covers(access->address + access->size_bytes - 1))
		return false;
	if (thread->accesses.acquires_due)
		atomic_look(detector, thread);
	if (!take_epoch(&span))
		return false;
	access->callers = origin_choose_callers(detector, thread, site);
	keeps_callers = access->callers != CALLERS_DROPPED;
	if (access->size_bytes < LONG_BYTES)
		return !keeps_callers &&
		       record_span(detector, thread, access->address, (uint32_t)access->size_bytes,
				   span.is_write, span.site);
	/* Takes a while, and may find a stack: before there is a word. */
	origin = origin_of_access(detector, thread, access, keeps_callers);
	span.origin = origin_tagged(origin, span.word);
	return record_all(&span, access, keeps_callers);
}

bool record_call(struct detector *detector, struct thread *thread, struct access *access)
{
	struct site *site = site_get(&detector->sites, access->site);

	/* What the kernel has just said of a descriptor may not hold when it is recorded later. */
	if (!site || access->flags & SITE_DESCRIPTOR)
		return false;
	if (access->size_bytes > SHADOW_GRANULE)
		return record_long(detector, thread, access, site);
	return record_fast(detector, thread, access->address, (uint32_t)access->size_bytes,
			   access->flags & SITE_WRITE, access->site, &access->callers);
}
