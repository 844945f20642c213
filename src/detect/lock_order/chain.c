#include "detect/lock_order/chain.h"

#define SET_FIRST 4096u
#define SET_MOST (1u << 22) /* a full set is emptied: chains are validated again */

/* A larger set replaces it.  It is never freed, since others may be reading it. */
struct chain_set {
	uint64_t mask;
	uint64_t keys[];
};

bool chain_set_has(const struct detector *detector, uint64_t key)
{
	/* acquire: pairs with replace_set(). */
	const struct chain_set *set = load_acquire(&detector->chain_set);
	uint64_t found;

	if (!set)
		return false;
	for (uint64_t i = key & set->mask;; i = (i + 1) & set->mask) {
		/* relaxed: nothing else is read by way of a key. */
		found = load_relaxed(&set->keys[i]);
		if (found == key)
			return true;
		if (!found)
			return false;
	}
}

static void put_key(struct chain_set *set, uint64_t key)
{
	uint64_t i = key & set->mask;

	while (set->keys[i])
		i = (i + 1) & set->mask;
	store_relaxed(&set->keys[i], key); /* relaxed: publishes nothing but the key */
}

static bool replace_set(struct detector *detector, const struct chain_set *old, uint64_t size)
{
	struct chain_set *set =
		arena_alloc(&detector->arena, sizeof(*set) + size * sizeof(uint64_t));

	if (!set)
		return false;
	set->mask = size - 1;
	for (uint64_t i = 0; old && i <= old->mask; i++)
		if (old->keys[i])
			put_key(set, old->keys[i]);
	/* release: pairs with chain_set_has(). */
	store_release(&detector->chain_set, set);
	return true;
}

/* Makes room for one more key: the set stays at most half full. */
static bool reserve_set(struct detector *detector)
{
	struct chain_set *old = detector->chain_set;

	if (!old)
		return replace_set(detector, NULL, SET_FIRST);
	if (detector->chain_set_count * 2 < old->mask)
		return true;
	if (old->mask + 1 < SET_MOST)
		return replace_set(detector, old, (old->mask + 1) * 2);
	for (uint64_t i = 0; i <= old->mask; i++)
		store_relaxed(&old->keys[i], 0); /* relaxed: a miss is harmless */
	detector->chain_set_count = 0;
	return true;
}

void chain_set_add(struct detector *detector, uint64_t key)
{
	if (!reserve_set(detector))
		return;
	put_key(detector->chain_set, key);
	detector->chain_set_count++;
}
