#include "detect/shadow/runs.h"

#include "detect/shadow/claim.h"
#include "detect/shadow/shadow.h"

static bool is_in(const struct shadow_run *run, uint32_t at)
{
	return run->from <= at && at < run->to;
}

const struct shadow_run *runs_find(const struct page_runs *runs, uint32_t at, uint32_t *end)
{
	const struct shadow_run *found = NULL;

	for (uint32_t i = RUNS_MAX; i-- > 0 && !found;) {
		const struct shadow_run *run = &runs->runs[i];

		if (is_in(run, at))
			found = run;
		else if (run->from > at && run->from < run->to && run->from < *end)
			*end = run->from;
	}
	if (found && found->to < *end)
		*end = found->to;
	return found;
}

/* The origin that belongs to the word at @place, in whichever plane that is. */
static uint32_t *origin_of(uintptr_t place)
{
	uintptr_t read = (place - SHADOW_READ_AT) ^ 1ul << SHADOW_READ_BIT;
	uintptr_t write = (place - SHADOW_WRITE_AT) ^ 1ul << SHADOW_WRITE_BIT;

	return shadow_covers(read) ? &((struct shadow_origins *)SHADOW_ORIGIN_PLACE(read))->read
				   : &((struct shadow_origins *)SHADOW_ORIGIN_PLACE(write))->write;
}

static void lay_out(const struct shadow_run *run, const uint64_t *page)
{
	uintptr_t first = (uintptr_t)(page + run->from);
	uint32_t *origin = origin_of(first);
	uint64_t *words = (uint64_t *)first;

	for (uint32_t i = 0; i < (uint32_t)(run->to - run->from); i++) {
		/* relaxed: claim_end() orders it.  release: as in origin_store() */
		store_relaxed(&words[i], run->word);
		store_release(&origin[2 * i], run->origin);
	}
}

void runs_lay_out(const struct page_runs *runs, const uint64_t *page)
{
	for (uint32_t i = 0; i < RUNS_MAX; i++)
		if (runs->runs[i].from < runs->runs[i].to)
			lay_out(&runs->runs[i], page);
}

/* Makes @run speak for what @other does, if they are alike and adjoin. */
static bool unite(struct shadow_run *run, const struct shadow_run *other)
{
	if (other->word != run->word || other->origin != run->origin || other->from > run->to ||
	    run->from > other->to)
		return false;
	run->from = other->from < run->from ? other->from : run->from;
	run->to = other->to > run->to ? other->to : run->to;
	return true;
}

void runs_add(struct page_runs *runs, const uint64_t *page, struct shadow_run run)
{
	uint32_t last = RUNS_MAX, kept = 0;

	while (last-- > 0 && runs->runs[last].from == runs->runs[last].to)
		;
	if (last < RUNS_MAX && unite(&run, &runs->runs[last]))
		runs->runs[last].to = runs->runs[last].from;
	for (uint32_t i = 0; i < RUNS_MAX; i++)
		if (runs->runs[i].from < runs->runs[i].to &&
		    !(run.from <= runs->runs[i].from && runs->runs[i].to <= run.to))
			runs->runs[kept++] = runs->runs[i];
	if (kept == RUNS_MAX) {
		lay_out(&runs->runs[0], page);
		for (kept = 0; kept < RUNS_MAX - 1; kept++)
			runs->runs[kept] = runs->runs[kept + 1];
	}
	runs->runs[kept++] = run;
	for (; kept < RUNS_MAX; kept++)
		runs->runs[kept] = (struct shadow_run){0};
}

/* Whoever is at the page has memory beside. */
static void clear_page(uint64_t *turn, const uint64_t *page, uintptr_t start, uintptr_t end)
{
	struct page_runs *runs = runs_of(page);
	uint64_t taken;

	while (load_acquire(turn) & CLAIM_RUNS) {
		if (!claim_begin_with_runs(turn, &taken)) {
			claim_lay_out(turn);
			continue;
		}
		for (uint32_t i = 0; i < RUNS_MAX; i++)
			if ((uintptr_t)(page + runs->runs[i].from) < start ||
			    (uintptr_t)(page + runs->runs[i].to) > end)
				lay_out(&runs->runs[i], page);
		claim_end(turn, taken);
	}
}

void runs_clear(uintptr_t start, uintptr_t end)
{
	uintptr_t page = start & ~((1ul << SHADOW_CLAIM_SHIFT) - 1);

	for (; page < end; page += 1ul << SHADOW_CLAIM_SHIFT) {
		uint64_t *turn = claim_turn_of((const uint64_t *)page);

		if (UNLIKELY(load_relaxed(turn) & CLAIM_RUNS))
			clear_page(turn, (const uint64_t *)page, start, end);
	}
}
