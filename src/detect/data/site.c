#include "detect/data/site.h"

uint8_t site_attention[SITE_MAX];
uint16_t site_unheard[SITE_MAX];

void site_table_init(struct site_table *table, page_source pages)
{
	arena_init(&table->arena, pages);
	table->count = 0;
}

/* Room for the numbers and rows of the ids in @chunk_count chunks from @first on, and before all a
 * chunk of rows more, as some are lost where threads make one at once.  What nobody asks for takes
 * no memory. */
static bool add_chunks(struct site_table *table, uint32_t first, uint32_t chunk_count)
{
	uint32_t row_chunk_count = chunk_count + (first == 0);
	size_t row_bytes = (size_t)row_chunk_count * SITE_CHUNK * sizeof(struct site);
	size_t number_bytes = (size_t)chunk_count * SITE_CHUNK * sizeof(uint32_t);
	struct site *rows = table->arena.pages(row_bytes + number_bytes);
	uint32_t *numbers = (void *)((char *)rows + row_bytes);

	if (!rows)
		return false;
	for (uint32_t i = 0; i < row_chunk_count; i++)
		table->rows->chunks[first + (first != 0) + i] = rows + (size_t)i * SITE_CHUNK;
	for (uint32_t i = 0; i < chunk_count; i++)
		table->numbers[first + i] = numbers + (size_t)i * SITE_CHUNK;
	return true;
}

/* Chunks up to that of @last. */
static bool reserve_chunks(struct site_table *table, uint32_t last)
{
	uint32_t chunk = table->count / SITE_CHUNK;
	uint32_t end = last / SITE_CHUNK + 1;

	if (!table->rows)
		table->rows = arena_alloc(&table->arena, sizeof(*table->rows));
	if (!table->rows)
		return false;
	chunk += table->numbers[chunk] != NULL;
	return chunk >= end || add_chunks(table, chunk, end - chunk);
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
	/* release: pairs with site_make(). */
	store_release(&table->sources, source);
}

/*
 * A lost update of a silent module would be in no finding.  Calls and accessors belong to updates
 * of other modules, too, and a load that decides a wait to the finding about that.
 */
static void forget_silent_update(struct site *site)
{
	if (!(site->flags & SITE_SILENT) || site->flags & (SITE_CALL | SITE_AWAITS) ||
	    site->return_at)
		return;
	site->update_group = 0;
	site->flags &= ~(uint32_t)(SITE_MAY_BE_STALE | SITE_MAY_BE_SPLIT | SITE_DECIDES |
				   SITE_COMPARES | SITE_EQUATES | SITE_MATCHES);
}

uint32_t site_make(const struct site_table *table, site_id id)
{
	/* acquire: pairs with site_table_add_source(). */
	const struct site_source *source = load_acquire(&table->sources);
	/* relaxed: nobody else has that row. */
	uint32_t number = fetch_add_relaxed(&table->rows->count, 1) + 1, expected = 0;
	uint32_t chunk = number / SITE_CHUNK;
	struct site *site;

	if (chunk >= ARRAY_LENGTH(table->rows->chunks) || !table->rows->chunks[chunk])
		return 0;
	site = &table->rows->chunks[chunk][number % SITE_CHUNK];
	while (source && id - source->first >= source->count)
		source = source->next;
	if (source)
		site->address = source->fill(source, id - source->first, site);
	forget_silent_update(site);
	/* release: pairs with site_row(). */
	if (compare_exchange_acq_rel(&table->numbers[id / SITE_CHUNK][id % SITE_CHUNK], &expected,
				     number))
		return number;
	return expected;
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
	store_relaxed(&site->suspect_count, (uint16_t)(SITE_SUSPECT_ACCESSES + 1));
	if (load_relaxed(&site_attention[id]) != SITE_ORDERING)
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
