#include "reports/model/text_set.h"

#include <string.h>

/* FNV-1a, 64 bits (Fowler, Noll, Vo). */
static uint64_t hash_text(const char *text)
{
	uint64_t hash = 14695981039346656037ull;

	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 1099511628211ull;
	return hash;
}

/* Where @text is, or the free slot where it would be; there is at least one. */
static size_t *find_slot(const struct text_set *set, const char *text)
{
	size_t at = hash_text(text) & (set->slot_count - 1);

	while (set->slots[at] && strcmp(set->texts[set->slots[at] - 1], text) != 0)
		at = (at + 1) & (set->slot_count - 1);
	return &set->slots[at];
}

size_t text_set_find(const struct text_set *set, const char *text)
{
	size_t number = set->slot_count ? *find_slot(set, text) : 0;

	return number ? number - 1 : TEXT_SET_NONE;
}

/* Half of the slots stay free. */
static void make_room(struct text_set *set)
{
	if (set->count * 2 < set->slot_count)
		return;
	set->slot_count = set->slot_count ? set->slot_count * 2 : 64;
	set->slots = pool_alloc(&set->pool, set->slot_count * sizeof(*set->slots));
	for (size_t i = 0; i < set->count; i++)
		*find_slot(set, set->texts[i]) = i + 1;
}

size_t text_set_add(struct text_set *set, const char *text)
{
	size_t number = text_set_find(set, text);

	if (number != TEXT_SET_NONE)
		return number;
	make_room(set);
	set->texts = pool_grow(&set->pool, set->texts, set->count, sizeof(*set->texts));
	set->texts[set->count] = pool_copy(&set->pool, text, strlen(text));
	*find_slot(set, text) = ++set->count;
	return set->count - 1;
}

void text_set_free(struct text_set *set)
{
	pool_free(&set->pool);
	*set = (struct text_set){0};
}
