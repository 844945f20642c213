/*
 * The malloc family from several threads: results, alignment, errno and contents are
 * the native ones.
 *
 * guest-bare: yes
 */
#include "../guest.h"

#include <malloc.h>
#include <stdint.h>

#define IMPOSSIBLE (SIZE_MAX / 2)
#define BUFFER_STEPS 20000

/* Not known to the compiler, which warns of sizes that cannot be. */
static volatile size_t impossible = IMPOSSIBLE;

static int is_aligned(const void *block, size_t alignment)
{
	return ((uintptr_t)block & (alignment - 1)) == 0;
}

static void fill_block(void *block, size_t size, int value)
{
	CHECK(block != NULL);
	CHECK(malloc_usable_size(block) >= size);
	memset(block, value, size);
	free(block);
}

static void allocate_aligned(void)
{
	void *block = &block;
	void *before = block;

	CHECK_IS(posix_memalign(&block, 64, 100), 0);
	CHECK(is_aligned(block, 64));
	fill_block(block, 100, 1);
	block = before;
	errno = 77;
	CHECK_IS(posix_memalign(&block, 3, 100), EINVAL);
	CHECK_IS(posix_memalign(&block, 64, impossible), ENOMEM);
	CHECK(block == before);
	block = aligned_alloc(256, 512);
	CHECK(is_aligned(block, 256));
	fill_block(block, 512, 2);
	block = memalign(4096, 10);
	CHECK(is_aligned(block, 4096));
	fill_block(block, 10, 3);
	block = valloc(10);
	CHECK(is_aligned(block, 4096));
	fill_block(block, 10, 4);
	block = pvalloc(10);
	CHECK(is_aligned(block, 4096));
	fill_block(block, 4096, 5);
}

static void fail_to_allocate(void)
{
	char *block = malloc(10), *same = block;

	strcpy(block, "kept");
	errno = 0;
	CHECK(malloc(impossible) == NULL);
	CHECK_IS(errno, ENOMEM);
	errno = 0;
	CHECK(calloc(impossible, 4) == NULL);
	CHECK_IS(errno, ENOMEM);
	errno = 0;
	CHECK(realloc(block, impossible) == NULL);
	CHECK_IS(errno, ENOMEM);
	CHECK(strcmp(same, "kept") == 0);
	errno = 0;
	CHECK(reallocarray(same, impossible, 4) == NULL);
	CHECK_IS(errno, ENOMEM);
	CHECK(strcmp(same, "kept") == 0);
	errno = 77;
	free(same);
	free(NULL);
	CHECK_IS(errno, 77);
}

/* In steps after each of which a careless tool would search the whole block. */
static void grow_by_little(void)
{
	char *block = NULL;
	size_t i;

	for (i = 1; i <= BUFFER_STEPS; i++) {
		block = realloc(block, i * 16);
		CHECK(block != NULL);
		memset(block + (i - 1) * 16, (int)(i & 127), 16);
	}
	for (i = 1; i <= BUFFER_STEPS; i++)
		CHECK(block[i * 16 - 1] == (char)(i & 127));
	block = realloc(block, 10);
	CHECK(block[0] == 1);
	CHECK(realloc(block, 0) == NULL);
	fill_block(realloc(NULL, 100), 100, 6);
	fill_block(reallocarray(NULL, 10, 10), 100, 7);
}

static void allocate_much(void)
{
	size_t size = 1u << 16, i;
	char *block = NULL;

	for (; size <= 1u << 26; size *= 4) {
		block = realloc(block, size);
		CHECK(block != NULL);
		for (i = size / 4; i < size; i += 4096)
			block[i] = (char)(i >> 12);
		for (i = 1u << 14; i < size; i += 4096)
			CHECK(block[i] == (char)(i >> 12));
	}
	free(block);
	block = calloc(1u << 10, 1u << 10);
	for (i = 0; i < 1u << 20; i += 512)
		CHECK(block[i] == 0);
	free(block);
}

static void *use_all(void *unused)
{
	fill_block(malloc(0), 0, 0);
	allocate_aligned();
	fail_to_allocate();
	grow_by_little();
	allocate_much();
	return unused;
}

/* A block that another thread made is free to be used, and to be freed. */
static void *make_block(void *size)
{
	char *block = malloc(*(size_t *)size);

	CHECK(block != NULL);
	memset(block, 9, *(size_t *)size);
	return block;
}

static void *free_block(void *block)
{
	free(block);
	return NULL;
}

int main(void)
{
	size_t sizes[] = {1, 24, 100, 5000, 300000, 5000000}, i;
	pthread_t threads[2];

	use_all(NULL);
	for (i = 0; i < 2; i++)
		threads[i] = guest_start(use_all, NULL);
	for (i = 0; i < 2; i++)
		guest_join(threads[i]);
	for (i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		char *block = guest_run_in_thread(make_block, &sizes[i]);

		CHECK(block[sizes[i] - 1] == 9);
		block[0] = 10;
		guest_run_in_thread(free_block, block);
	}
	return guest_passed();
}
