#include <string.h>

#include "inspect/base/target.h"

#define PAGE_BYTES 4096u
#define PAGE_COUNT 2048u

/* Pages that were read, each at the place that its address says. */
struct target_pages {
	struct page {
		uint64_t address; /* or 1: none */
		uint64_t words[PAGE_BYTES / sizeof(uint64_t)];
	} rows[PAGE_COUNT];
};

bool target_read(struct target *target, uint64_t address, void *to, size_t size_bytes)
{
	return target->read(target, address, to, size_bytes);
}

void target_forget_pages(struct target *target)
{
	if (!target->pages)
		target->pages = pool_alloc(target->pool, sizeof(*target->pages));
	for (size_t i = 0; i < PAGE_COUNT; i++)
		target->pages->rows[i].address = 1;
}

static bool read_across(struct target *target, uint64_t address, uint64_t *word)
{
	return target_read(target, address, word, sizeof(*word));
}

bool target_read_word(struct target *target, uint64_t address, uint64_t *word)
{
	uint64_t start = address & ~(uint64_t)(PAGE_BYTES - 1);
	struct page *page;

	if (address - target->copy.start < target->copy.size_bytes &&
	    target->copy.size_bytes - (address - target->copy.start) >= sizeof(*word)) {
		memcpy(word, target->copy.bytes + (address - target->copy.start), sizeof(*word));
		return true;
	}
	if (address - start > PAGE_BYTES - sizeof(*word))
		return read_across(target, address, word);
	if (!target->pages)
		target_forget_pages(target);
	page = &target->pages->rows[start / PAGE_BYTES % PAGE_COUNT];
	if (page->address != start) {
		page->address = 1;
		if (!target_read(target, start, page->words, PAGE_BYTES))
			return read_across(target, address, word);
		page->address = start;
	}
	memcpy(word, (const unsigned char *)page->words + (address - start), sizeof(*word));
	return true;
}
