/*
 * Page summaries: what all of a page's read words say, in one place.
 *
 * A summary is either 0 or the word of a read set that all granules of its page and the
 * one behind it have as their read word, with all bytes.  (The one behind, as a read
 * that is not aligned may reach it.)  Checks that walk through memory in large steps
 * compare it with the thread's last joined set before they look at the granule itself:
 * there a page of 4096 bytes has 512 words of shadow, and here one.
 *
 * A thread that finds its present set there is a member of it, at its present epoch, in
 * every one of these granules: who writes to one of them meets that read as long as the
 * epoch lasts.  So it may skip exactly what it could skip by the granule's word.  That a
 * reader joins makes another set, of which those that are still in their epoch are
 * members, too; only its own page of the new set makes the summary new.
 *
 * Who puts a word there (summary_note_join()) has seen it in all granules, stores the
 * summary, and after a fence looks at all granules again; if one differs it takes the
 * summary back.  Who changes a read word to anything but a larger set first changes it
 * and then takes the summary back: after a locked instruction if there is one
 * (summary_revoke()), after plain stores in any case (summary_clear()).  Either the one's
 * second look sees the change, or the other's store comes after the one's.
 * tests/unit/detect/test_summary_orders.c runs all orders of both.
 */
#ifndef DETECT_SHADOW_SUMMARY_H
#define DETECT_SHADOW_SUMMARY_H

#include "base/atomic.h"
#include "base/shadow_place.h"
#include "base/types.h"

#define SUMMARY_PAGE_SHIFT 12u
#define SUMMARY_PAGE_GRANULES (1u << SUMMARY_PAGE_SHIFT >> 3)

struct page_summary {
	uint64_t word; /* 0: none */
	uint32_t last;	/* a hint: of the word that granules last got */
	uint32_t count; /* ... and how many of them */
};

static inline struct page_summary *summary_of(uintptr_t address)
{
	return (struct page_summary *)SHADOW_SUMMARY_PLACE(address);
}

/* The read word of @granule has become @word, of a set with all bytes. */
void summary_note_join(uintptr_t granule, uint64_t word);

/* To be called after the read word of a granule was changed by a locked instruction. */
static inline void summary_revoke(uintptr_t granule)
{
	struct page_summary *summary = summary_of(granule);
	bool is_first = granule % (1u << SUMMARY_PAGE_SHIFT) == 0;

	/* relaxed: the locked instruction, a full fence, comes before; see above. */
	if (UNLIKELY(load_relaxed(&summary->word)))
		store_relaxed(&summary->word, 0);
	if (UNLIKELY(is_first && load_relaxed(&summary[-1].word)))
		store_relaxed(&summary[-1].word, 0);
}

/* The same for all of [start, end), changed by plain stores: here storing is the fence. */
void summary_clear(uintptr_t start, uintptr_t end);

/* In a fork's child, where nobody goes on who was about to look again. */
void summaries_forked(void);

#endif
