#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

static struct arena arena;
static int chunks_left;

/* As the kernel's pages: zeroed. */
static void *pages_from_libc(size_t size_bytes)
{
	if (chunks_left == 0)
		return NULL;
	chunks_left--;
	return calloc(1, size_bytes);
}

static void set_up(void)
{
	chunks_left = 1000;
	arena_init(&arena, pages_from_libc);
}

static bool is_zero(const void *block, size_t size_bytes)
{
	const unsigned char *bytes = block;

	for (size_t i = 0; i < size_bytes; i++) {
		if (bytes[i] != 0)
			return false;
	}
	return true;
}

START_TEST(blocks_are_aligned_zeroed_and_apart)
{
	unsigned char *blocks[200];

	for (size_t i = 0; i < 200; i++) {
		blocks[i] = arena_alloc(&arena, i * 7);
		ck_assert_ptr_nonnull(blocks[i]);
		ck_assert_uint_eq((uintptr_t)blocks[i] % 16, 0);
		ck_assert(is_zero(blocks[i], i * 7));
		memset(blocks[i], (int)i, i * 7);
	}
	for (size_t i = 0; i < 200; i++) {
		for (size_t j = 0; j < i * 7; j++)
			ck_assert_uint_eq(blocks[i][j], (unsigned char)i);
	}
}
END_TEST

START_TEST(freed_blocks_come_back_zeroed)
{
	for (size_t size_bytes = 1; size_bytes < 5000; size_bytes += 61) {
		unsigned char *block = arena_alloc(&arena, size_bytes);

		memset(block, 0xff, size_bytes);
		arena_free(&arena, block, size_bytes);
		ck_assert_ptr_eq(arena_alloc(&arena, size_bytes), block);
		ck_assert(is_zero(block, size_bytes));
	}
	arena_free(&arena, NULL, 5);
}
END_TEST

START_TEST(reuse_takes_no_more_memory)
{
	size_t taken_bytes;

	arena_free(&arena, arena_alloc(&arena, 100000), 100000);
	taken_bytes = arena.taken_bytes;
	for (int i = 0; i < 1000; i++)
		arena_free(&arena, arena_alloc(&arena, 100000), 100000);
	ck_assert_uint_eq(arena.taken_bytes, taken_bytes);
}
END_TEST

START_TEST(what_others_give_back_is_used_again)
{
	size_t taken_bytes;

	arena_return(&arena, arena_alloc(&arena, 16), 16);
	arena_return(&arena, arena_alloc(&arena, 100000), 100000);
	taken_bytes = arena.taken_bytes;
	for (int i = 0; i < 1000; i++) {
		unsigned char *block = arena_alloc(&arena, 100000);

		ck_assert(is_zero(block, 100000));
		arena_return(&arena, block, 100000);
	}
	ck_assert_uint_eq(arena.taken_bytes, taken_bytes);
}
END_TEST

START_TEST(growing_keeps_the_content_and_zeroes_the_rest)
{
	size_t size_bytes = 8;
	unsigned char *block = arena_grow(&arena, NULL, 0, size_bytes);

	while (size_bytes < 3u << 20) {
		size_t more_bytes = size_bytes * 3;

		memset(block, 0x5a, size_bytes);
		block = arena_grow(&arena, block, size_bytes, more_bytes);
		ck_assert_ptr_nonnull(block);
		ck_assert_uint_eq(block[0], 0x5a);
		ck_assert_uint_eq(block[size_bytes - 1], 0x5a);
		ck_assert(is_zero(block + size_bytes, more_bytes - size_bytes));
		size_bytes = more_bytes;
	}
}
END_TEST

START_TEST(exhausted_memory_leaves_the_block_intact)
{
	unsigned char *block = arena_alloc(&arena, 64);

	memset(block, 1, 64);
	chunks_left = 0;
	ck_assert_ptr_null(arena_grow(&arena, block, 64, 10u << 20));
	ck_assert_ptr_null(arena_alloc(&arena, 10u << 20));
	ck_assert_uint_eq(block[0], 1);
	ck_assert_uint_eq(block[63], 1);
}
END_TEST

START_TEST(impossible_sizes_are_refused)
{
	ck_assert_ptr_null(arena_alloc(&arena, SIZE_MAX / 4));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("arena");
	TCase *tests = tcase_create("arena");
	SRunner *runner = srunner_create(suite);
	int failed_count;

	tcase_add_checked_fixture(tests, set_up, NULL);
	tcase_add_test(tests, blocks_are_aligned_zeroed_and_apart);
	tcase_add_test(tests, freed_blocks_come_back_zeroed);
	tcase_add_test(tests, reuse_takes_no_more_memory);
	tcase_add_test(tests, what_others_give_back_is_used_again);
	tcase_add_test(tests, growing_keeps_the_content_and_zeroes_the_rest);
	tcase_add_test(tests, exhausted_memory_leaves_the_block_intact);
	tcase_add_test(tests, impossible_sizes_are_refused);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
