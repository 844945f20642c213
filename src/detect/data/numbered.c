#include "detect/data/numbered.h"

#include <string.h>

#include "base/atomic.h"

#define BUCKETS_FIRST 1024u
#define PLACE_MASK ((1u << NUMBERED_PLACE_BITS) - 1)
#define ROOM_STEP 128u	/* bytes: what comes later may need more */
#define HAND_STEPS 256u /* places that are looked at for one value */

void numbered_table_init(struct numbered_table *table, page_source pages)
{
	arena_init(&table->arena, pages);
	table->most = NUMBERED_MOST;
}

static size_t size_of(const struct numbered_content *content)
{
	return (size_t)content->bytes[0] + content->bytes[1];
}

static bool is_same(const struct numbered *value, const struct numbered_content *content)
{
	const unsigned char *bytes = (const unsigned char *)(value + 1);

	return value->hash == content->hash && value->room >= size_of(content) &&
	       memcmp(bytes, content->parts[0], content->bytes[0]) == 0 &&
	       memcmp(bytes + content->bytes[0], content->parts[1], content->bytes[1]) == 0;
}

static void note_use(struct numbered *value)
{
	if (!load_relaxed(&value->is_used)) /* relaxed: a hint */
		store_relaxed(&value->is_used, true);
}

/* The number of @value if it has @content, else 0. */
static uint32_t number_of(struct numbered *value, const struct numbered_content *content)
{
	/* acquire: pairs with add(). */
	uint32_t number = load_acquire(&value->number);

	if (!number || !is_same(value, content))
		return 0;
	fence_acquire();
	/* relaxed: behind a fence. */
	if (load_relaxed(&value->number) != number)
		return 0;
	note_use(value);
	return number;
}

static uint32_t find(const struct numbered_table *table, const struct numbered_content *content)
{
	struct numbered *value = intern_first(&table->by_hash, content->hash);
	uint32_t number = 0;

	for (; value && !number; value = intern_next(value))
		number = number_of(value, content);
	return number;
}

static struct numbered *make_place(struct numbered_table *table, size_t bytes)
{
	size_t room = (bytes + ROOM_STEP - 1) / ROOM_STEP * ROOM_STEP;
	struct numbered *value = arena_alloc(&table->arena, sizeof(*value) + room);

	if (!value || !id_table_set(&table->places, &table->arena, table->places.last + 1, value))
		return NULL;
	value->room = (uint16_t)room;
	return value;
}

/* Takes the place of a value that is not in use; NULL: none was found. */
static struct numbered *take_place(struct numbered_table *table, size_t bytes, uint32_t *number)
{
	for (uint32_t i = 0; i < HAND_STEPS && table->worn_count < table->most; i++) {
		struct numbered *value;

		store_relaxed(&table->hand, table->hand % table->most + 1); /* see numbered_use() */
		value = id_table_get(&table->places, table->hand);
		if (!value)
			continue;
		*number = value->number + (1u << NUMBERED_PLACE_BITS);
		if (value->room < bytes || *number >> NUMBERED_PLACE_BITS == NUMBERED_LIVES)
			continue;
		if (!value->is_used) {
			intern_remove(&table->by_hash, value, value->hash);
			store_relaxed(&value->number, 0u); /* relaxed: a fence follows */
			fence_full(); /* pairs with those of who reads the number again */
			table->worn_count += *number >> NUMBERED_PLACE_BITS == NUMBERED_LIVES - 1;
			return value;
		}
		store_relaxed(&value->is_used, false); /* relaxed: a hint */
	}
	return NULL;
}

static uint64_t hash_of_value(const void *value)
{
	return ((const struct numbered *)value)->hash;
}

/* Under table->busy. */
static uint32_t add(struct numbered_table *table, const struct numbered_content *content)
{
	uint32_t number = table->places.last + 1;
	struct numbered *value = number <= table->most
					 ? make_place(table, size_of(content))
					 : take_place(table, size_of(content), &number);
	unsigned char *bytes = (unsigned char *)(value + 1);

	if (!value)
		return 0;
	memcpy(bytes, content->parts[0], content->bytes[0]);
	memcpy(bytes + content->bytes[0], content->parts[1], content->bytes[1]);
	value->hash = content->hash;
	value->is_used = false; /* it stays until the hand comes by again */
	/* release: pairs with who looks for the number or the content. */
	store_release(&value->number, number);
	intern_add(&table->by_hash, value, content->hash);
	return number;
}

uint32_t numbered_add(struct numbered_table *table, const struct numbered_content *content,
		      bool is_new)
{
	uint32_t number;

	if (!spin_lock(&table->busy))
		return 0;
	number = is_new ? 0 : find(table, content);
	if (!number && intern_begin(&table->by_hash, &table->arena, BUCKETS_FIRST)) {
		intern_grow_searched(&table->by_hash, &table->arena, hash_of_value);
		number = add(table, content);
	}
	spin_unlock(&table->busy);
	return number;
}

uint32_t numbered_intern(struct numbered_table *table, const struct numbered_content *content)
{
	uint32_t number = find(table, content);

	return LIKELY(number) ? number : numbered_add(table, content, false);
}

static struct numbered *value_of(const struct numbered_table *table, uint32_t number)
{
	struct numbered *value = number ? id_table_get(&table->places, number & PLACE_MASK) : NULL;

	/* acquire: pairs with add(). */
	return value && load_acquire(&value->number) == number ? value : NULL;
}

bool numbered_is(const struct numbered_table *table, uint32_t number,
		 const struct numbered_content *content)
{
	struct numbered *value = value_of(table, number);

	return value && number_of(value, content) == number;
}

bool numbered_use(const struct numbered_table *table, uint32_t number)
{
	struct numbered *value;

	/* Nothing has gone yet.  relaxed: a number that goes just now is there for a while. */
	if (LIKELY(!load_relaxed(&table->hand)))
		return number;
	value = value_of(table, number);

	if (value)
		note_use(value);
	return value;
}

bool numbered_read(const struct numbered_table *table, uint32_t number, void *copy, size_t bytes)
{
	const struct numbered *value = value_of(table, number);

	if (!value)
		return false;
	memcpy(copy, value + 1, bytes < value->room ? bytes : value->room);
	fence_acquire();
	return load_relaxed(&value->number) == number; /* relaxed: behind a fence */
}
