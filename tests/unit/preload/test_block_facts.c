#include <check.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "preload/heap/block_facts.h"

/* Somewhere in the regions, where nothing need be: facts are beside memory. */
#define LOW 0x090000000000ull
#define MIDDLE 0x555555554000ull
#define HIGH 0x7f0000001000ull

static struct memory_block found;

static void expect_block(uintptr_t address, uintptr_t start, size_t size_bytes, stack_id stack,
			 thread_id thread)
{
	ck_assert_msg(block_find(address, &found), "nothing at %#lx", address);
	ck_assert_uint_eq(found.start, start);
	ck_assert_uint_eq(found.size_bytes, size_bytes);
	ck_assert_uint_eq(found.stack, stack);
	ck_assert_uint_eq(found.thread, thread);
	ck_assert(!found.is_freed);
}

START_TEST(memory_never_allocated_has_no_block)
{
	ck_assert(!block_find(LOW, &found));
	ck_assert(!block_find(MIDDLE, &found));
	ck_assert(!block_find(HIGH, &found));
	ck_assert(!block_find(SHADOW_LOW_END, &found));
	ck_assert(!block_find(UINTPTR_MAX, &found));
	ck_assert(!block_find(0, &found));
}
END_TEST

START_TEST(blocks_hold_their_bytes_and_no_others)
{
	static const uintptr_t regions[] = {LOW, MIDDLE, HIGH};
	static const size_t sizes[] = {17, 24, 63, 64, 65, 4096, 100000};

	for (unsigned int i = 0; i < ARRAY_LENGTH(regions); i++) {
		uintptr_t start = regions[i];

		for (unsigned int k = 0; k < ARRAY_LENGTH(sizes); k++) {
			block_allocated(start, sizes[k], k + 1, 9);
			expect_block(start, start, sizes[k], k + 1, 9);
			expect_block(start + sizes[k] - 1, start, sizes[k], k + 1, 9);
			ck_assert(!block_find(start - 1, &found) || found.start != start);
			ck_assert(!block_find(start + sizes[k], &found));
			start += (sizes[k] + 31) / 16 * 16;
		}
	}
}
END_TEST

START_TEST(small_blocks_have_no_room_for_thread_and_size)
{
	block_allocated(MIDDLE, 5, 3, 9);
	expect_block(MIDDLE + 4, MIDDLE, 16, 3, 0);
	block_allocated(MIDDLE + 40, 8, 4, 9);
	expect_block(MIDDLE + 47, MIDDLE + 40, 8, 4, 0);
	ck_assert(!block_find(MIDDLE + 39, &found));
}
END_TEST

START_TEST(they_have_where_blocks_lie_further_apart)
{
	block_lone_bytes = 0;
	block_allocated(MIDDLE, 5, 3, 9);
	expect_block(MIDDLE + 4, MIDDLE, 5, 3, 9);
	ck_assert(!block_find(MIDDLE + 5, &found));
	block_allocated(MIDDLE, 0, 4, 9);
	expect_block(MIDDLE, MIDDLE, 16, 4, 0);
}
END_TEST

START_TEST(smaller_blocks_forget_larger_ones_before)
{
	block_allocated(MIDDLE, 100, 3, 9);
	block_allocated(MIDDLE, 40, 4, 8);
	expect_block(MIDDLE, MIDDLE, 40, 4, 8);
	block_allocated(MIDDLE, 8, 5, 7);
	expect_block(MIDDLE, MIDDLE, 16, 5, 0);
}
END_TEST

START_TEST(of_two_in_one_granule_the_later_is_known)
{
	block_allocated(MIDDLE, 8, 3, 9);
	block_allocated(MIDDLE + 8, 8, 4, 9);
	expect_block(MIDDLE + 8, MIDDLE + 8, 8, 4, 0);
	ck_assert(!block_find(MIDDLE, &found));
}
END_TEST

START_TEST(freed_blocks_are_told_until_their_place_is_taken)
{
	block_allocated(HIGH, 100, 3, 9);
	block_freed(HIGH);
	ck_assert(block_find(HIGH + 50, &found));
	ck_assert(found.is_freed);
	ck_assert_uint_eq(found.size_bytes, 100);
	block_kept(HIGH);
	expect_block(HIGH + 50, HIGH, 100, 3, 9);
	block_freed(HIGH);
	/* A larger one around it. */
	block_allocated(HIGH - 512, 1024, 4, 9);
	expect_block(HIGH + 50, HIGH - 512, 1024, 4, 9);
	block_unknown(HIGH - 512);
	ck_assert(block_find(HIGH + 50, &found));
	ck_assert(found.is_freed);
}
END_TEST

START_TEST(what_is_no_block_cannot_be_freed)
{
	block_allocated(HIGH, 100, 3, 9);
	block_freed(HIGH + 16);
	block_freed(HIGH + 8);
	expect_block(HIGH + 50, HIGH, 100, 3, 9);
	block_freed(UINTPTR_MAX - 7);
	block_freed(0);
	block_freed(SHADOW_LOW_END);
}
END_TEST

START_TEST(blocks_are_found_from_far_inside)
{
	size_t size_bytes = (size_t)3 << 30;

	block_allocated(HIGH, size_bytes, 3, 9);
	expect_block(HIGH + size_bytes - 1, HIGH, size_bytes, 3, 9);
	expect_block(HIGH + ((size_t)1 << 30), HIGH, size_bytes, 3, 9);
	/* Living ones in between decide. */
	block_allocated(HIGH + ((size_t)1 << 30), 32, 4, 9);
	ck_assert(!block_find(HIGH + ((size_t)2 << 30), &found));
}
END_TEST

START_TEST(the_whole_plane_can_be_mapped)
{
	block_allocated(HIGH, 100, 3, 9);
	block_map_all();
	expect_block(HIGH + 50, HIGH, 100, 3, 9);
	for (uintptr_t at = BLOCK_PLANE_START; at < BLOCK_PLANE_END; at += 1ull << 30)
		ck_assert_uint_eq(*(volatile uint32_t *)at, 0);
	ck_assert(!block_find(LOW, &found));
	block_allocated(LOW, 100, 3, 9);
	expect_block(LOW, LOW, 100, 3, 9);
}
END_TEST

START_TEST(foreign_mappings_are_left_alone)
{
	uint32_t *words = block_word(HIGH & ~(BLOCK_CHUNK_BYTES - 1));

	ck_assert(mmap(words, 4096, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == words);
	block_allocated(HIGH & ~(BLOCK_CHUNK_BYTES - 1), 100, 3, 9);
	ck_assert_uint_eq(words[0], 0);
	ck_assert(!block_find(HIGH, &found));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("block_facts");
	TCase *tests = tcase_create("blocks");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tests);
	tcase_add_test(tests, memory_never_allocated_has_no_block);
	tcase_add_test(tests, blocks_hold_their_bytes_and_no_others);
	tcase_add_test(tests, small_blocks_have_no_room_for_thread_and_size);
	tcase_add_test(tests, they_have_where_blocks_lie_further_apart);
	tcase_add_test(tests, smaller_blocks_forget_larger_ones_before);
	tcase_add_test(tests, of_two_in_one_granule_the_later_is_known);
	tcase_add_test(tests, freed_blocks_are_told_until_their_place_is_taken);
	tcase_add_test(tests, what_is_no_block_cannot_be_freed);
	tcase_add_test(tests, blocks_are_found_from_far_inside);
	tcase_add_test(tests, the_whole_plane_can_be_mapped);
	tcase_add_test(tests, foreign_mappings_are_left_alone);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
