/*
 * Runs: one word for many granules.
 *
 * Where a thread goes through whole arrays, all words of a page of a plane become the same.
 * To store each of them, and its origin, takes longer than the program's own work.  So a
 * thread that records a range over words that are none or its own says so once, in a run:
 * the word, its origin, and for which of the page's words it speaks.  A later run speaks for
 * what both have.  The words below it stay as they were.
 *
 * Runs are put down under a claim of the page (claim.h), whose turn says that there are some
 * (CLAIM_RUNS).  Who looks at words of the page, or changes one, first lays the runs out:
 * stores their words where they belong, under a claim too.  shadow_of() does so, and
 * claim_exchange().  After a thread's own word was exchanged claim_ask() looks at the other
 * plane, and reads runs as they are: either it finds the turn marked, or who put down the run
 * looks later, and finds the exchanged word.  tests/unit/detect/test_run_orders.c runs all
 * orders of these.
 *
 * Checks in clones, and the first comparisons of thunks, look at the words alone, and may find
 * one that a run has gone over.  They only ask for the thread's own word of its present epoch.
 * A run goes over no other thread's words, so what they find is as good as it was.  Another
 * thread's runs, which no check looks at, it may take the place of.
 */
#ifndef DETECT_SHADOW_RUNS_H
#define DETECT_SHADOW_RUNS_H

#include "base/shadow_place.h"
#include "base/types.h"

#define RUNS_MAX 4u

struct shadow_run {
	uint64_t word;
	uint32_t origin;   /* with its tag */
	uint16_t from, to; /* the numbers of words in the page; the same: it is none */
};

/* Later ones speak for what earlier ones have, too. */
struct page_runs {
	struct shadow_run runs[RUNS_MAX];
};

/* Of the page that the word at @place is in: valid if its turn says so. */
static inline struct page_runs *runs_of(const uint64_t *place)
{
	return (struct page_runs *)SHADOW_RUNS + ((uintptr_t)place >> SHADOW_CLAIM_SHIFT);
}

/* The run that speaks for word number @at; NULL: it speaks for itself.  *@end becomes where
 * that ends, if it does before. */
const struct shadow_run *runs_find(const struct page_runs *runs, uint32_t at, uint32_t *end);

/* Under a claim of @page: puts down @run. */
void runs_add(struct page_runs *runs, const uint64_t *page, struct shadow_run run);

/* The same: stores all words and origins that @runs stand for. */
void runs_lay_out(const struct page_runs *runs, const uint64_t *page);

/* The memory whose words are [start, end) begins a new life: no run speaks for them. */
void runs_clear(uintptr_t start, uintptr_t end);

#endif
