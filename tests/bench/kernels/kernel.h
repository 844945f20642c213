/*
 * Parallel kernels of different character, to compare what observing memory
 * costs.
 *
 * Each fills its data from the size given, works on it with two threads and
 * returns a checksum, which is the same under every tool.
 */
#ifndef BENCH_KERNEL_H
#define BENCH_KERNEL_H

#include <stdint.h>

#define KERNEL_THREADS 2

struct kernel_part {
	void (*work)(const struct kernel_part *part);
	unsigned int index; /* of KERNEL_THREADS */
	void *data;
};

/* Runs @work in KERNEL_THREADS threads and waits for them. */
void kernel_run(void (*work)(const struct kernel_part *part), void *data);

/* Memory of that size, zeroed; ends the program if there is none. */
void *kernel_memory(uint64_t size_bytes);

/* The next number of a sequence that is the same everywhere. */
static inline uint64_t kernel_random(uint64_t *state)
{
	*state = *state * 6364136223846793005ull + 1442695040888963407ull;
	return *state >> 33;
}

uint64_t kernel_matmul(uint64_t size);  /* dense floating point */
uint64_t kernel_hash(uint64_t size);    /* hash table under striped locks */
uint64_t kernel_sort(uint64_t size);    /* merge sort of integers */
uint64_t kernel_scan(uint64_t size);    /* bytes of a text, counted */
uint64_t kernel_stencil(uint64_t size); /* phases between barriers */
uint64_t kernel_tree(uint64_t size);    /* pointer chasing */
uint64_t kernel_bodies(uint64_t size);  /* floating point over read-shared data, phases */

#endif
