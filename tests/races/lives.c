/*
 * RULES, 'Happens-before': how long memory lives, and who is in it when it ends.
 */
#include <malloc.h>
#include <sched.h>
#include <stdbool.h>
#include <sys/mman.h>

#include "cases.h"

/* Too large for a thread's own cache: there is one arena for all, see main. */
#define BLOCK_BYTES 2000

/* One thread frees, another is given the place: the allocator's lock is not seen. */
static void *reused_block_use(void *unused)
{
	(void)unused;
	for (int i = 0; i < 20; i++) {
		long *block = malloc(BLOCK_BYTES);

		MUST(block);
		for (int word = 0; word < BLOCK_BYTES / 8; word++)
			block[word] = i;
		block[0]++;
		free(block);
		sched_yield();
	}
	return NULL;
}

static void reused_block_case(void)
{
	run_both(reused_block_use, reused_block_use, NULL);
}

/* Given away by main, freed by a thread, used again by another. */
static void *passed_block_free(void *block)
{
	((long *)block)[1]++;
	free(block);
	return NULL;
}

static void passed_block_case(void)
{
	pthread_t threads[4];

	for (int i = 0; i < 4; i++) {
		long *block = calloc(1, BLOCK_BYTES);

		MUST(block);
		block[1] = i;
		MUST(pthread_create(&threads[i], NULL, passed_block_free, block) == 0);
	}
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
}

static void *freed_block_write(void *block)
{
	((volatile long *)block)[3] = 1;
	return NULL;
}

static void *freed_block_free(void *block)
{
	free(block);
	return NULL;
}

static void freed_block_case(void)
{
	void *block = malloc(BLOCK_BYTES);

	MUST(block);
	run_both(freed_block_write, freed_block_free, block);
}

/* realloc() frees the old place when it moves. */
static void *moved_block_read(void *block)
{
	if (((volatile long *)block)[3] == 12345)
		sched_yield();
	return NULL;
}

static void *moved_block_grow(void *block)
{
	void *moved = realloc(block, 200000);

	MUST(moved && moved != block);
	free(moved);
	return NULL;
}

static void moved_block_case(void)
{
	void *block = calloc(1, BLOCK_BYTES), *block_behind = calloc(1, BLOCK_BYTES);

	MUST(block && block_behind);
	run_both(moved_block_read, moved_block_grow, block);
	free(block_behind);
}

static void *mapping_use(void *unused)
{
	(void)unused;
	for (int i = 0; i < 5; i++) {
		long *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
				  -1, 0);

		MUST(page != MAP_FAILED);
		page[7]++;
		munmap(page, 4096);
		sched_yield();
	}
	return NULL;
}

static void mapping_case(void)
{
	run_both(mapping_use, mapping_use, NULL);
}

/* Less than a page was asked for: the kernel gives and takes whole pages. */
#define SMALL_BYTES 141

static void *small_mapping_use(void *unused)
{
	(void)unused;
	for (int i = 0; i < 50; i++) {
		char *page = mmap(NULL, SMALL_BYTES, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		MUST(page != MAP_FAILED);
		page[SMALL_BYTES - 1]++;
		munmap(page, SMALL_BYTES);
		sched_yield();
	}
	return NULL;
}

static void small_mapping_case(void)
{
	run_both(small_mapping_use, small_mapping_use, NULL);
}

static void *small_unmapped_write(void *page)
{
	((volatile char *)page)[4000]++;
	return NULL;
}

static void *small_unmapped_end(void *page)
{
	await_first();
	munmap(page, SMALL_BYTES);
	return NULL;
}

static void small_unmapped_case(void)
{
	int protection = PROT_READ | PROT_WRITE, flags = MAP_PRIVATE | MAP_ANONYMOUS;

	run_both(small_unmapped_write, small_unmapped_end,
		 mmap(NULL, SMALL_BYTES, protection, flags, -1, 0));
}

/* Reserved to grow in, opened in two places, given back as a whole while somebody is in one. */
#define RESERVED_BYTES (1ul << 36)
#define FIRST_OPENED 0x10000000ul
#define SECOND_OPENED 0x90000000ul

static char *reserve(void)
{
	char *area = mmap(NULL, RESERVED_BYTES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	MUST(area != MAP_FAILED);
	MUST(mprotect(area + FIRST_OPENED, 4096, PROT_READ | PROT_WRITE) == 0);
	MUST(mmap(area + SECOND_OPENED, 4096, PROT_READ | PROT_WRITE,
		  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == area + SECOND_OPENED);
	return area;
}

static void *reserved_first_write(void *area)
{
	((volatile char *)area)[FIRST_OPENED]++;
	return NULL;
}

static void *reserved_second_write(void *area)
{
	((volatile char *)area)[SECOND_OPENED]++;
	return NULL;
}

static void *reserved_unmap(void *area)
{
	await_first();
	munmap(area, RESERVED_BYTES);
	return NULL;
}

static void reserved_first_case(void)
{
	run_both(reserved_first_write, reserved_unmap, reserve());
}

static void reserved_second_case(void)
{
	run_both(reserved_second_write, reserved_unmap, reserve());
}

static void reserved_again_case(void)
{
	char *area = reserve();

	run_both(reserved_first_write, reserved_second_write, area);
	MUST(munmap(area, RESERVED_BYTES) == 0);
	area = reserve();
	run_both(reserved_first_write, reserved_second_write, area);
	MUST(munmap(area, RESERVED_BYTES) == 0);
}

static const struct race_case cases[] = {
	CASE(reused_block, "silent"),
	CASE(passed_block, "silent"),
	CASE(freed_block, "data-race:error"),
	CASE(moved_block, "data-race:error"),
	CASE(mapping, "silent"),
	CASE(small_mapping, "silent"),
	CASE(small_unmapped, "data-race:error"),
	CASE(reserved_first, "data-race:error"),
	CASE(reserved_second, "data-race:error"),
	CASE(reserved_again, "silent"),
};

int main(int argc, char **argv)
{
	mallopt(M_ARENA_MAX, 1);
	return RUN_CASES(cases, argc, argv);
}
