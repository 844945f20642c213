#include "detect/data/marks.h"

#define MARK_BITS (MARK_WORDS * 64u)

/* Pieces from the first on that share a word of marks. */
struct pieces {
	uintptr_t next, last;
};

static struct pieces pieces_of(uintptr_t start, size_t size_bytes)
{
	uintptr_t first = start >> MARK_SHIFT;
	uintptr_t last = (start + size_bytes - 1) >> MARK_SHIFT;

	return (struct pieces){first, last - first < MARK_BITS ? last : first + MARK_BITS - 1};
}

/* The bits of the next word, whose number is *@at; 0: there are no more. */
static uint64_t next_bits(struct pieces *pieces, size_t *at)
{
	uintptr_t first = pieces->next;
	uint64_t bits = ~0ull << first % 64;

	if (first > pieces->last)
		return 0;
	if (pieces->last / 64 == first / 64)
		bits &= ~0ull >> (63 - pieces->last % 64);
	*at = first / 64 % MARK_WORDS;
	pieces->next = (first / 64 + 1) * 64;
	return bits;
}

void marks_put(struct marks *marks, uintptr_t address)
{
	uint64_t *word = &marks->words[(address >> MARK_SHIFT) / 64 % MARK_WORDS];
	uint64_t bit = 1ull << (address >> MARK_SHIFT) % 64;

	/* relaxed: a mark that is being taken back is put again by who takes it. */
	if (!(load_relaxed(word) & bit))
		fetch_or_acq_rel(word, bit);
}

bool marks_find(const struct marks *marks, uintptr_t start, size_t size_bytes)
{
	struct pieces pieces = pieces_of(start, size_bytes);
	uint64_t bits;
	size_t at;

	while ((bits = next_bits(&pieces, &at)) != 0)
		/* relaxed: what is put meanwhile may be missed. */
		if (load_relaxed(&marks->words[at]) & bits)
			return true;
	return false;
}

void marks_take(struct marks *marks, uintptr_t start, size_t size_bytes)
{
	struct pieces pieces = pieces_of(start, size_bytes);
	uint64_t bits;
	size_t at;

	while ((bits = next_bits(&pieces, &at)) != 0)
		if (load_relaxed(&marks->words[at]) & bits)
			exchange_acq_rel(&marks->words[at], 0);
}
