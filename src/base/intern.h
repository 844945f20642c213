/*
 * Tables of interned values: each distinct value is kept once, and found by its
 * content.
 *
 * A hash table with chains.  The value is a structure of the owner's, of which
 * struct intern_link is the first member; its hash, memory and number (id_table.h)
 * are the owner's too.  To look for a value:
 *
 *	stack = intern_first(&table, hash);
 *	while (stack && !is_same(stack, frames, count))
 *		stack = intern_next(stack);
 *
 * The owner serialises adding, removing and growing.  A table that grows by
 * intern_grow_searched() alone may be searched meanwhile without a lock: a value is
 * visible with all that was stored into it before it was added.  While values are
 * removed or the table grows, such a search may miss another value of the same chain, and
 * a removed one must remain a structure of its kind.  So who finds nothing looks again
 * under the lock before adding.
 *
 * Tables of bare keys or addresses, read on hot paths, have open addressing of their
 * own, without links: lock_order/chain.c, data/object.c, x86/decode/pattern.c,
 * preload/code/call_site.c.  So have caches in which a later value may take the place
 * of an earlier one.
 */
#ifndef BASE_INTERN_H
#define BASE_INTERN_H

#include "base/arena.h"
#include "base/atomic.h"
#include "base/types.h"

struct intern_link {
	struct intern_link *next;
};

/* Empty if all zero. */
struct intern_table {
	struct intern_link **buckets;
	uint32_t bucket_count; /* a power of two */
	uint32_t count;	       /* of values */
};

/* The hash that @value was added with. */
typedef uint64_t (*intern_hash)(const void *value);

/* Makes @bucket_count buckets, a power of two, if there are none yet.  False when
 * memory is exhausted. */
bool intern_begin(struct intern_table *table, struct arena *arena, uint32_t bucket_count);

/* Doubles the buckets of a table that has as many values.  Without memory chains
 * grow longer, no more. */
void intern_grow(struct intern_table *table, struct arena *arena, intern_hash hash_of);

/* The same while others search it: the old buckets stay for them.  Half of what the new ones
 * take is lost so.  True: it has grown. */
bool intern_grow_searched(struct intern_table *table, struct arena *arena, intern_hash hash_of);

/* The first value that may have @hash, or NULL. */
static inline void *intern_first(const struct intern_table *table, uint64_t hash)
{
	/* acquire: these pair with the releases in intern_begin() and intern_add().  The buckets
	 * may be more. */
	uint32_t count = load_acquire(&table->bucket_count);
	struct intern_link **buckets = load_acquire(&table->buckets);

	return count ? load_acquire(&buckets[hash & (count - 1)]) : NULL;
}

/* The next one after @value, or NULL. */
static inline void *intern_next(const void *value)
{
	/* acquire: pairs with the releases of 'next'. */
	return load_acquire(&((const struct intern_link *)value)->next);
}

/* After a successful intern_begin(). */
void intern_add(struct intern_table *table, void *value, uint64_t hash);

/* @value is there, with @hash. */
void intern_remove(struct intern_table *table, void *value, uint64_t hash);

/* Has the memory fetched in which a search for @hash begins. */
static inline void intern_prefetch(const struct intern_table *table, uint64_t hash)
{
	__builtin_prefetch(&table->buckets[hash & (table->bucket_count - 1)]);
}

#endif
