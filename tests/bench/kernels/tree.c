#include "kernel.h"

#define WALKS 12u

struct leaf {
	struct leaf *left, *right;
	uint64_t key;
	uint32_t visits[KERNEL_THREADS];
};

struct forest {
	uint64_t size;
	struct leaf *roots[KERNEL_THREADS];
	uint64_t found[KERNEL_THREADS][8];
};

static void insert_key(struct leaf **place, struct leaf *leaf)
{
	while (*place)
		place = leaf->key < (*place)->key ? &(*place)->left : &(*place)->right;
	*place = leaf;
}

static uint64_t sum_keys(struct leaf *leaf, unsigned int thread)
{
	if (!leaf)
		return 0;
	leaf->visits[thread]++;
	return sum_keys(leaf->left, thread) + leaf->key % 1000 + sum_keys(leaf->right, thread);
}

/* Each walks both trees, its own first. */
static void walk_part(const struct kernel_part *part)
{
	struct forest *forest = part->data;

	for (unsigned int i = 0; i < WALKS; i++)
		forest->found[part->index][0] +=
			sum_keys(forest->roots[(part->index + i) % KERNEL_THREADS], part->index);
}

uint64_t kernel_tree(uint64_t size)
{
	struct forest *forest = kernel_memory(sizeof(*forest));
	uint64_t state = 1;

	for (unsigned int t = 0; t < KERNEL_THREADS; t++) {
		struct leaf *leaves = kernel_memory(size / 2 * sizeof(*leaves));

		for (uint64_t i = 0; i < size / 2; i++) {
			leaves[i].key = kernel_random(&state);
			insert_key(&forest->roots[t], &leaves[i]);
		}
	}
	kernel_run(walk_part, forest);
	return forest->found[0][0] + forest->found[1][0];
}
