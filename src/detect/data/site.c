#include "detect/data/site.h"

uint8_t site_attention[SITE_MAX];

void site_table_init(struct site_table *table, page_source pages)
{
	arena_init(&table->arena, pages);
	table->count = 0;
}

/* Chunks up to that of @last.  Rows that nobody asks for take no memory. */
static bool reserve_chunks(struct site_table *table, uint32_t last)
{
	uint32_t chunk = table->count / SITE_CHUNK;
	uint32_t end = last / SITE_CHUNK + 1;
	struct site *rows;

	chunk += table->chunks[chunk] != NULL;
	if (chunk >= end)
		return true;
	rows = table->arena.pages((end - chunk) * SITE_CHUNK * sizeof(*rows));
	for (; rows && chunk < end; chunk++, rows += SITE_CHUNK)
		table->chunks[chunk] = rows;
	return rows;
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

void site_table_add_source(struct site_table *table, struct site_source *source)
{
	source->next = table->sources;
	/* release: pairs with site_fill(). */
	store_release(&table->sources, source);
}

void site_fill(const struct site_table *table, site_id id, struct site *site)
{
	/* acquire: pairs with site_table_add_source(). */
	const struct site_source *source = load_acquire(&table->sources);

	while (source && id - source->first >= source->count)
		source = source->next;
	if (source)
		/* release: pairs with site_get(). */
		store_release(&site->address, source->fill(source, id - source->first, site));
}

static uint32_t call_place(const struct site_calls *calls, uintptr_t address)
{
	return (uint32_t)((uint64_t)address * 0x9e3779b97f4a7c15ull >> 40) & (calls->size - 1);
}

static struct site_calls *make_calls(struct site_table *table, uint32_t size)
{
	struct site_calls *calls =
		arena_alloc(&table->arena, sizeof(*calls) + size * sizeof(calls->places[0]));

	if (calls)
		calls->size = size;
	return calls;
}

static void put_call(struct site_calls *calls, uintptr_t address, site_id id)
{
	uint32_t place = call_place(calls, address);

	while (calls->places[place].address && calls->places[place].address != address)
		place = (place + 1) & (calls->size - 1);
	calls->count += !calls->places[place].address;
	/* relaxed: who looks meanwhile at the call of a module that has gone is wrong anyway. */
	store_relaxed(&calls->places[place].site, id);
	/* pairs with site_find_call() */
	store_release(&calls->places[place].address, address);
}

/* Twice as many places.  The old ones stay, as somebody may be looking there; all that were there
 * together are no more than there are now. */
static struct site_calls *grow_calls(struct site_table *table)
{
	struct site_calls *old = table->calls;
	struct site_calls *calls = make_calls(table, old ? 2 * old->size : SITE_CALLS_FIRST);

	if (!calls)
		return old;
	for (uint32_t i = 0; old && i < old->size; i++)
		if (old->places[i].address)
			put_call(calls, old->places[i].address, old->places[i].site);
	store_release(&table->calls, calls); /* pairs with site_find_call() */
	return calls;
}

void site_add_call(struct site_table *table, uintptr_t address, site_id id)
{
	struct site_calls *calls = table->calls;

	if (!calls || (calls->count >= calls->size / 2 && calls->size < SITE_CALLS_MAX))
		calls = grow_calls(table);
	if (calls && calls->count < calls->size / 2)
		put_call(calls, address, id);
}

site_id site_find_call(const struct site_table *table, uintptr_t address)
{
	const struct site_calls *calls = load_acquire(&table->calls);
	uint32_t place = calls ? call_place(calls, address) : 0;
	uintptr_t found;

	while (calls && (found = load_acquire(&calls->places[place].address)) != 0) {
		if (found == address)
			return load_relaxed(&calls->places[place].site); /* behind the acquire */
		place = (place + 1) & (calls->size - 1);
	}
	return 0;
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
