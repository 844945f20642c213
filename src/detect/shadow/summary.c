#include "detect/shadow/summary.h"

#include <sys/mman.h>

#include "base/kernel.h"
#include "detect/shadow/shadow.h"

#define PAGE_BYTES (1u << SUMMARY_PAGE_SHIFT)

/* Have all granules that the summary speaks for the read word @word? */
static bool is_all(uintptr_t page, uint64_t word)
{
	const uint64_t *words = shadow_of(page).read;

	if (!shadow_covers(page + PAGE_BYTES))
		return false;
	/* relaxed: a fence orders them, where they matter. */
	for (uint32_t i = 0; i <= SUMMARY_PAGE_GRANULES; i++)
		if (load_relaxed(&words[i]) != word)
			return false;
	return true;
}

/* Granules are counted so as to look through the page once, when it may be full.  relaxed:
 * other threads may spoil the count, which is a hint. */
static bool may_be_full(struct page_summary *summary, uint64_t word)
{
	uint32_t last = (uint32_t)(word >> SHADOW_EPOCH_SHIFT);
	uint32_t count = load_relaxed(&summary->last) == last ? load_relaxed(&summary->count) : 0;
	bool is_full = ++count >= SUMMARY_PAGE_GRANULES;

	store_relaxed(&summary->last, last);
	store_relaxed(&summary->count, is_full ? 0 : count);
	return is_full;
}

static void set_summary(uintptr_t page, struct page_summary *summary, uint64_t word)
{
	if (load_relaxed(&summary->word) == word || !is_all(page, word))
		return;
	store_relaxed(&summary->word, word);
	fence_full();
	if (!is_all(page, word))
		store_relaxed(&summary->word, 0);
}

void summary_note_join(uintptr_t granule, uint64_t word)
{
	uintptr_t page = granule & ~(uintptr_t)(PAGE_BYTES - 1);
	struct page_summary *summary = summary_of(granule);

	if (may_be_full(summary, word))
		set_summary(page, summary, word);
	/* The last that was missing may be the one behind the page before. */
	else if (granule == page && load_relaxed(&summary[-1].count) == 0 &&
		 load_relaxed(&summary[-1].last) == load_relaxed(&summary->last))
		set_summary(page - PAGE_BYTES, &summary[-1], word);
}

void summary_clear(uintptr_t start, uintptr_t end)
{
	struct page_summary *summary = summary_of(start);

	if (start % PAGE_BYTES == 0)
		summary--;
	/* release: who sees it taken back, or looks again after it, sees the words. */
	for (; summary <= summary_of(end - 1); summary++)
		store_release(&summary->word, 0);
}

void summaries_forked(void)
{
	kernel_call3(SYS_madvise, SHADOW_SUMMARIES, SHADOW_SUMMARIES_END - SHADOW_SUMMARIES,
		     MADV_DONTNEED);
}
