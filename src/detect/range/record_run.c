#include "detect/range/record_run.h"

#include "detect/race/record_fast.h"
#include "detect/shadow/claim.h"
#include "detect/shadow/runs.h"

/* Is @word such that a range need not look at each?  It was read at @place; NULL: it is a run's. */
typedef bool (*word_test)(const struct span *span, const uint64_t *place, uint64_t word);

static bool is_past(const struct span *span, const uint64_t *place, uint64_t word)
{
	(void)place;
	return race_is_past(span->thread, word);
}

bool span_is_clear(const struct span *span, const uint64_t *place, uint64_t word)
{
	return race_is_past(span->thread, word) ||
	       (place && record_are_clear(span->thread, place, word, SHADOW_ALL_BYTES));
}

/* Has the thread written it in this epoch? */
static bool is_written(const struct span *span, const uint64_t *place, uint64_t word)
{
	(void)place;
	return word == span->written;
}

static bool is_recorded(const struct span *span, const uint64_t *place, uint64_t word)
{
	(void)place;
	return word == span->word;
}

/* May a run go over the word?  No other thread's: that may still look for it. */
static bool is_own(const struct span *span, const uint64_t *place, uint64_t word)
{
	(void)place;
	return !word ||
	       (shadow_form(word) == SHADOW_PLAIN && shadow_slot(word) == shadow_slot(span->word));
}

static inline uint32_t count_single(const struct span *span, word_test test, const uint64_t *words,
				    uint32_t most)
{
	uint32_t count = 0;

	while (count < most) {
		uint64_t word = load_acquire(&words[count]);

		if (!test(span, &words[count], word))
			break;
		count += 1 + span_count_alike(&words[count + 1], word, most - count - 1);
	}
	return count;
}

static uint32_t number_of(const uint64_t *word)
{
	return (uint32_t)((uintptr_t)word / sizeof(*word) % CLAIM_WORDS);
}

/* Of words in one page, for which @runs speak. */
static inline uint32_t count_in_page(const struct span *span, word_test test,
				     const struct page_runs *runs, const uint64_t *words,
				     uint32_t most)
{
	uint32_t first = number_of(words), at = first, past;

	while (at < first + most) {
		uint32_t end = first + most;
		const struct shadow_run *run = runs_find(runs, at, &end);

		past = !run ? count_single(span, test, &words[at - first], end - at)
		       : test(span, NULL, run->word) ? end - at
						     : 0;
		at += past;
		if (at < end)
			break;
	}
	return at - first;
}

/* The same, while others may put down runs. */
static inline uint32_t count_stable(const struct span *span, word_test test, const uint64_t *words,
				    uint32_t most)
{
	uint64_t *turn = claim_turn_of(words);
	uint64_t found = load_acquire(turn);
	uint32_t count;

	while (found & CLAIM_RUNS) {
		struct page_runs runs = *runs_of(words);

		count = count_in_page(span, test, &runs, words, most);
		fence_acquire();
		if (!(found & CLAIM_HELD) && load_relaxed(turn) == found)
			return count;
		claim_lay_out(turn);
		found = load_acquire(turn);
	}
	return count_single(span, test, words, most);
}

static inline uint32_t count_words(const struct span *span, word_test test, const uint64_t *words,
				   uint32_t most)
{
	uint32_t count = 0, here, done;

	while (count < most) {
		here = CLAIM_WORDS - number_of(&words[count]);
		here = most - count < here ? most - count : here;
		done = count_stable(span, test, &words[count], here);
		count += done;
		if (done < here)
			break;
	}
	return count;
}

uint32_t span_count_past(const struct span *span, const uint64_t *words, uint32_t most)
{
	return count_words(span, is_past, words, most);
}

static uint32_t count_clear(const struct span *span, const uint64_t *words, uint32_t most)
{
	return count_words(span, span_is_clear, words, most);
}

void span_compare(const struct span *span, uintptr_t granule, uint32_t count)
{
	struct shadow shadow = shadow_places(granule);
	const uint64_t *other = span->is_write ? shadow.read : shadow.write;

	for (uint32_t i = 0; (i += count_clear(span, &other[i], count - i)) < count; i++)
		record_again(span->detector, span->thread, granule + i * SHADOW_GRANULE,
			     SHADOW_GRANULE, span->is_write, span->site, false);
}

/* May a run of [first, end) take the place of all that @runs have there? */
static bool takes_all(const struct span *span, const struct page_runs *runs, uint32_t first,
		      uint32_t end)
{
	for (uint32_t i = 0; i < RUNS_MAX; i++) {
		const struct shadow_run *run = &runs->runs[i];

		if (run->from == run->to || run->to <= first || end <= run->from ||
		    is_own(span, NULL, run->word))
			continue;
		if (run->from < first || run->to > end || !is_past(span, NULL, run->word))
			return false;
	}
	return true;
}

/* What other threads' checks look for are words, not runs. */
static bool may_go_over(const struct span *span, const struct page_runs *runs,
			const uint64_t *words, uint32_t count)
{
	uint32_t first = number_of(words);

	return count_in_page(span, is_own, runs, words, count) == count ||
	       (takes_all(span, runs, first, first + count) &&
		count_single(span, is_own, words, count) == count);
}

/* Under a claim, the turn of which was @taken: puts down a run, or leaves all as it is. */
static bool put_down(const struct span *span, const uint64_t *words, uint32_t count, uint64_t taken)
{
	struct page_runs *runs = runs_of(words);
	uint32_t first = number_of(words);
	struct shadow_run run = {span->word, span->origin, (uint16_t)first,
				 (uint16_t)(first + count)};

	if (!(taken & CLAIM_RUNS))
		*runs = (struct page_runs){0};
	if (count_in_page(span, is_recorded, runs, words, count) == count)
		return true;
	if (!may_go_over(span, runs, words, count))
		return false;
	runs_add(runs, words - first, run);
	return true;
}

bool record_run(const struct span *span, uintptr_t granule, uint32_t count)
{
	struct shadow shadow = shadow_places(granule);
	uint64_t *own = span->is_write ? shadow.write : shadow.read;
	const uint64_t *other = span->is_write ? shadow.read : shadow.write;
	uint64_t *turn = claim_turn_of(own);
	uint64_t taken;
	bool is_put;

	/* relaxed: a hint */
	if (count < span->detector->run_least && !(load_relaxed(turn) & CLAIM_RUNS))
		return false;
	if (span->written != SHADOW_NO_EPOCH && !span->is_write &&
	    count_words(span, is_written, other, 1)) {
		/* What is written in part is left to the words. */
		return count_words(span, is_written, other, count) == count;
	}
	if (count_clear(span, other, count) < count || !claim_begin_with_runs(turn, &taken))
		return false;
	is_put = put_down(span, own, count, taken);
	claim_end_with(turn, taken, is_put || taken & CLAIM_RUNS ? CLAIM_RUNS : 0);
	if (is_put)
		span_compare(span, granule, count);
	return is_put;
}
