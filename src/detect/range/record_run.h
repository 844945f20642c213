/*
 * Ranges as runs (shadow/runs.h): most of a page of a plane, recorded by one word.
 */
#ifndef DETECT_RANGE_RECORD_RUN_H
#define DETECT_RANGE_RECORD_RUN_H

#include "detect/race/race.h"

#define RUN_LEAST 128u /* granules, where a page has no runs yet */

/* Where a range is recorded, and what is stored there. */
struct span {
	struct detector *detector;
	struct thread *thread;
	uint64_t word, shared; /* of the present epoch; of writes both are the same */
	uint64_t written;      /* a read of what has this word in the other plane needs none */
	uint32_t origin;
	site_id site;
	bool is_write;
	bool has_callers; /* the origin */
};

/* How many of @words are @word, up to the first one that is not.  Runs are long as a rule. */
static inline uint32_t span_count_alike(const uint64_t *words, uint64_t word, uint32_t most)
{
	uint32_t count = 0;

	while (count + 4 <= most &&
	       !((load_acquire(&words[count]) ^ word) | (load_acquire(&words[count + 1]) ^ word) |
		 (load_acquire(&words[count + 2]) ^ word) |
		 (load_acquire(&words[count + 3]) ^ word)))
		count += 4;
	while (count < most && load_acquire(&words[count]) == word)
		count++;
	return count;
}

/* Up to how many of @words, @most, are none or plain and in the past, by runs or by themselves. */
uint32_t span_count_past(const struct span *span, const uint64_t *words, uint32_t most);

/* Need a range be compared no more with @word of the other plane, read at @place?  It is past, or
 * names cells that all are.  NULL: it is a run's, which has none. */
bool span_is_clear(const struct span *span, const uint64_t *place, uint64_t word);

/* Compares @count granules from @granule on, which are recorded, with the other plane. */
void span_compare(const struct span *span, uintptr_t granule, uint32_t count);

/* @count granules from @granule on, whose own words are in one page.  False: nothing was done,
 * as they are too few, or the words say too much. */
bool record_run(const struct span *span, uintptr_t granule, uint32_t count);

#endif
