/*
 * Work whose cost under a tool may grow with threads, with time or with memory.
 *
 *	scale striped THREADS      1 000 000 short sections under 64 locks, shared by the threads
 *	scale table OPERATIONS     of four threads on a hash table under 64 locks
 *	scale blocks TIMES         malloc, memset and free of 22 000 bytes, in ten threads
 *	scale mappings TIMES       mmap, a touch of each page and munmap of 64 KB, in two threads
 *	scale locks COUNT          2 000 000 times one of so many locks, at random
 *	scale gated TIMES          two of 10 000 locks in random order, under one, in four threads
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define STRIPES 64u
#define SECTIONS 1000000u
#define OWN_WORDS 1000u
#define BUCKETS 4096u
#define KEYS 20000u
#define BLOCK_BYTES 22000u
#define MAPPED_BYTES 65536u
#define PAGE_BYTES 4096u
#define LOCK_TURNS 2000000u
#define GATED_LOCKS 10000u
#define THREADS_MAX 4096u
#define STACK_BYTES (128u << 10)

struct node {
	struct node *next;
	uint64_t key, count;
};

static pthread_mutex_t stripes[STRIPES];
static uint64_t counters[STRIPES * 8];
static struct node *buckets[BUCKETS];
static pthread_mutex_t *locks;
static uint64_t lock_count;
static uint64_t turns; /* of each thread; read in each section */

static uint64_t next_random(uint64_t *state)
{
	*state = *state * 6364136223846793005ull + 1442695040888963407ull;
	return *state >> 33;
}

static void *work_striped(void *argument)
{
	uint64_t index = (uintptr_t)argument;
	uint64_t *own = calloc(OWN_WORDS, sizeof(*own));

	for (uint64_t i = 0; own && i < turns; i++) {
		uint64_t stripe = (index * 7 + i) % STRIPES;

		pthread_mutex_lock(&stripes[stripe]);
		counters[stripe * 8]++;
		pthread_mutex_unlock(&stripes[stripe]);
		own[i % OWN_WORDS] += i;
	}
	free(own);
	return NULL;
}

/* Counts @key, or removes it. */
static void visit_key(uint64_t key, int removes)
{
	struct node **place = &buckets[key % BUCKETS];
	struct node *node;

	while (*place && (*place)->key != key)
		place = &(*place)->next;
	node = *place;
	if (removes && node) {
		*place = node->next;
		free(node);
	} else if (!removes) {
		if (!node)
			*place = node = calloc(1, sizeof(*node));
		if (node) {
			node->key = key;
			node->count++;
		}
	}
}

static void *work_table(void *argument)
{
	uint64_t state = (uintptr_t)argument + 1;

	for (uint64_t i = 0; i < turns; i++) {
		uint64_t random = next_random(&state);
		uint64_t key = random % KEYS;
		pthread_mutex_t *stripe = &stripes[key % BUCKETS % STRIPES];

		pthread_mutex_lock(stripe);
		visit_key(key, random >> 28 < 3);
		pthread_mutex_unlock(stripe);
	}
	return NULL;
}

static void *work_blocks(void *argument)
{
	(void)argument;
	for (uint64_t i = 0; i < turns; i++) {
		char *block = malloc(BLOCK_BYTES);

		if (block)
			memset(block, (int)i, BLOCK_BYTES);
		__asm__ volatile("" : : "r"(block) : "memory");
		free(block);
	}
	return NULL;
}

static void *work_mappings(void *argument)
{
	(void)argument;
	for (uint64_t i = 0; i < turns; i++) {
		char *memory = mmap(NULL, MAPPED_BYTES, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (memory == MAP_FAILED)
			break;
		for (uint32_t at = 0; at < MAPPED_BYTES; at += PAGE_BYTES)
			memory[at] = 1;
		munmap(memory, MAPPED_BYTES);
	}
	return NULL;
}

static void *work_locks(void *argument)
{
	uint64_t state = (uintptr_t)argument + 1;

	for (uint64_t i = 0; i < turns; i++) {
		pthread_mutex_t *lock = &locks[next_random(&state) % lock_count];

		pthread_mutex_lock(lock);
		pthread_mutex_unlock(lock);
	}
	return NULL;
}

static void *work_gated(void *argument)
{
	uint64_t state = (uintptr_t)argument + 1;

	for (uint64_t i = 0; i < turns; i++) {
		pthread_mutex_t *outer = &locks[next_random(&state) % lock_count];
		pthread_mutex_t *inner = &locks[next_random(&state) % lock_count];

		if (outer == inner)
			continue;
		pthread_mutex_lock(&stripes[0]);
		pthread_mutex_lock(outer);
		pthread_mutex_lock(inner);
		pthread_mutex_unlock(inner);
		pthread_mutex_unlock(outer);
		pthread_mutex_unlock(&stripes[0]);
	}
	return NULL;
}

static void run(void *(*work)(void *argument), uint64_t thread_count)
{
	static pthread_t threads[THREADS_MAX];
	pthread_attr_t attributes;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_BYTES);
	for (uint64_t i = 0; i < thread_count; i++)
		if (pthread_create(&threads[i], &attributes, work, (void *)(uintptr_t)i) != 0)
			exit(1);
	for (uint64_t i = 0; i < thread_count; i++)
		pthread_join(threads[i], NULL);
}

static void make_locks(uint64_t count)
{
	lock_count = count;
	locks = calloc(count, sizeof(*locks));
	for (uint64_t i = 0; locks && i < count; i++)
		pthread_mutex_init(&locks[i], NULL);
}

static int run_named(const char *name, uint64_t amount)
{
	if (strcmp(name, "striped") == 0 && amount <= THREADS_MAX) {
		turns = SECTIONS / amount;
		run(work_striped, amount);
	} else if (strcmp(name, "table") == 0) {
		turns = amount / 4;
		run(work_table, 4);
	} else if (strcmp(name, "blocks") == 0) {
		turns = amount / 10;
		run(work_blocks, 10);
	} else if (strcmp(name, "mappings") == 0) {
		turns = amount / 2;
		run(work_mappings, 2);
	} else if (strcmp(name, "locks") == 0) {
		make_locks(amount);
		turns = locks ? LOCK_TURNS / 2 : 0;
		run(work_locks, 2);
	} else if (strcmp(name, "gated") == 0) {
		make_locks(GATED_LOCKS);
		turns = locks ? amount / 4 : 0;
		run(work_gated, 4);
	} else {
		return 2;
	}
	return 0;
}

int main(int count, char **arguments)
{
	uint64_t amount = count == 3 ? strtoull(arguments[2], NULL, 10) : 0;

	for (unsigned int i = 0; i < STRIPES; i++)
		pthread_mutex_init(&stripes[i], NULL);
	if (amount && run_named(arguments[1], amount) == 0)
		return 0;
	fputs("usage: scale striped|table|blocks|mappings|locks|gated AMOUNT\n", stderr);
	return 2;
}
