#include "detect/chain.h"

#define SET_FIRST 4096u
#define SET_MOST (1u << 22) /* then begun anew: it only saves time */

bool chain_set_has(const struct detector *detector, uint64_t key)
{
	if (!detector->chain_set)
		return false;
	for (uint64_t i = key & detector->chain_set_mask; detector->chain_set[i];
	     i = (i + 1) & detector->chain_set_mask)
		if (detector->chain_set[i] == key)
			return true;
	return false;
}

static void put(uint64_t *set, uint64_t mask, uint64_t key)
{
	uint64_t i = key & mask;

	while (set[i])
		i = (i + 1) & mask;
	set[i] = key;
}

static bool grow_set(struct detector *detector)
{
	uint64_t old_size = detector->chain_set ? detector->chain_set_mask + 1 : 0;
	uint64_t size = old_size ? old_size * 2 : SET_FIRST;
	uint64_t *set;

	if (detector->chain_set_count * 2 < old_size)
		return true;
	if (size > SET_MOST) {
		for (uint64_t i = 0; i < old_size; i++)
			detector->chain_set[i] = 0;
		detector->chain_set_count = 0;
		return true;
	}
	set = arena_alloc(&detector->arena, size * sizeof(*set));
	if (!set)
		return detector->chain_set_count + 1 < old_size;
	for (uint64_t i = 0; i < old_size; i++)
		if (detector->chain_set[i])
			put(set, size - 1, detector->chain_set[i]);
	arena_free(&detector->arena, detector->chain_set, old_size * sizeof(*set));
	detector->chain_set = set;
	detector->chain_set_mask = size - 1;
	return true;
}

void chain_set_add(struct detector *detector, uint64_t key)
{
	if (!grow_set(detector))
		return;
	put(detector->chain_set, detector->chain_set_mask, key);
	detector->chain_set_count++;
}
