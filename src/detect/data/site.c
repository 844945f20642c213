#include "detect/data/site.h"

uint8_t site_attention[SITE_MAX];

void site_table_init(struct site_table *table, page_source pages)
{
	arena_init(&table->arena, pages);
	table->count = 0;
}

static bool reserve_chunks(struct site_table *table, uint32_t last)
{
	for (uint32_t chunk = 0; chunk <= last / SITE_CHUNK; chunk++) {
		if (table->chunks[chunk])
			continue;
		table->chunks[chunk] = arena_alloc(&table->arena, SITE_CHUNK * sizeof(struct site));
		if (!table->chunks[chunk])
			return false;
	}
	return true;
}

site_id site_table_reserve(struct site_table *table, uint32_t count)
{
	site_id first = table->count + 1;

	if (count == 0 || count >= SITE_MAX - first || !reserve_chunks(table, first + count - 1))
		return 0;
	/* release: pairs with site_get(); who sees the count sees the chunks. */
	store_release(&table->count, first + count - 1);
	return first;
}

void site_suspect(const struct site_table *table, site_id id)
{
	struct site *site = site_get(table, id);

	if (!site)
		return;
	/* relaxed: hints; a late look is as good. */
	store_relaxed(&site->is_suspect, 1u);
	store_relaxed(&site_attention[id], SITE_WANTED);
}

site_id site_member_at(const struct site_table *table, site_id head, uint32_t offset,
		       uint32_t direction)
{
	const struct site *site = site_get(table, head);

	for (site_id id = head; site; id = site->next_member, site = site_get(table, id))
		if (offset - site->member_offset < site->size_bytes && site->flags & direction)
			return id;
	return head;
}

uint32_t site_check_bytes(const struct site_table *table, site_id head)
{
	const struct site *site = site_get(table, head);
	uint32_t bytes = 0;

	for (; site; site = site_get(table, site->next_member))
		if (bytes < site->member_offset + (uint32_t)site->size_bytes)
			bytes = site->member_offset + (uint32_t)site->size_bytes;
	return bytes;
}
