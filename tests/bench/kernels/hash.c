#include <pthread.h>

#include "kernel.h"

#define STRIPES 64u
#define BUCKETS (1u << 16)

struct node {
	struct node *next;
	uint32_t key;
	uint32_t count;
};

struct table {
	uint64_t size;
	pthread_mutex_t locks[STRIPES];
	struct node *buckets[BUCKETS];
	struct node *pool[KERNEL_THREADS];
};

static void count_key(struct table *table, uint32_t key, struct node **fresh)
{
	uint32_t bucket = key * 2654435761u >> 16;
	pthread_mutex_t *lock = &table->locks[bucket % STRIPES];
	struct node *node;

	pthread_mutex_lock(lock);
	node = table->buckets[bucket];
	while (node && node->key != key)
		node = node->next;
	if (!node) {
		node = (*fresh)++;
		node->key = key;
		node->next = table->buckets[bucket];
		table->buckets[bucket] = node;
	}
	node->count++;
	pthread_mutex_unlock(lock);
}

static void fill_table(const struct kernel_part *part)
{
	struct table *table = part->data;
	struct node *fresh = table->pool[part->index];
	uint64_t state = part->index + 1;

	for (uint64_t i = 0; i < table->size; i++)
		count_key(table, (uint32_t)(kernel_random(&state) % (BUCKETS * 2)), &fresh);
}

uint64_t kernel_hash(uint64_t size)
{
	struct table *table = kernel_memory(sizeof(*table));
	uint64_t sum = 0;

	table->size = size / KERNEL_THREADS;
	for (unsigned int i = 0; i < STRIPES; i++)
		pthread_mutex_init(&table->locks[i], 0);
	for (unsigned int i = 0; i < KERNEL_THREADS; i++)
		table->pool[i] = kernel_memory(BUCKETS * 2 * sizeof(struct node));
	kernel_run(fill_table, table);
	for (unsigned int i = 0; i < BUCKETS; i++)
		for (struct node *node = table->buckets[i]; node; node = node->next)
			sum += (uint64_t)node->key * node->count;
	return sum;
}
