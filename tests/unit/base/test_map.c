#include <check.h>
#include <stdlib.h>

#include "base/map.h"

static int pages_left;

static void *pages_from_libc(size_t size_bytes)
{
	if (pages_left == 0)
		return NULL;
	if (pages_left > 0)
		pages_left--;
	return calloc(1, size_bytes);
}

static struct arena arena;
static struct map map;

static void set_up(void)
{
	pages_left = -1;
	arena_init(&arena, pages_from_libc);
	map_init(&map, &arena);
}

START_TEST(empty_map_has_no_keys)
{
	ck_assert_ptr_null(map_find(&map, 0));
	ck_assert(!map_remove(&map, 0));
	ck_assert_uint_eq(map_count(&map), 0);
}
END_TEST

START_TEST(finds_what_was_set)
{
	ck_assert(map_set(&map, 0, 5));
	ck_assert(map_set(&map, UINT64_MAX, 6));
	ck_assert(map_set(&map, (uint64_t)1 << 32, 7));
	ck_assert_uint_eq(*map_find(&map, 0), 5);
	ck_assert_uint_eq(*map_find(&map, UINT64_MAX), 6);
	ck_assert_uint_eq(*map_find(&map, (uint64_t)1 << 32), 7);
	ck_assert_ptr_null(map_find(&map, 1));
}
END_TEST

START_TEST(setting_again_changes_the_value)
{
	map_set(&map, 3, 1);
	map_set(&map, 3, 2);
	ck_assert_uint_eq(*map_find(&map, 3), 2);
	ck_assert_uint_eq(map_count(&map), 1);
}
END_TEST

START_TEST(removed_keys_are_gone_and_may_return)
{
	map_set(&map, 3, 1);
	ck_assert(map_remove(&map, 3));
	ck_assert_ptr_null(map_find(&map, 3));
	ck_assert(!map_remove(&map, 3));
	map_set(&map, 3, 9);
	ck_assert_uint_eq(*map_find(&map, 3), 9);
}
END_TEST

START_TEST(many_keys_are_told_apart)
{
	for (uint64_t i = 0; i < 20000; i++)
		ck_assert(map_set(&map, i << 20, i));
	for (uint64_t i = 0; i < 20000; i += 2)
		ck_assert(map_remove(&map, i << 20));
	ck_assert_uint_eq(map_count(&map), 10000);
	for (uint64_t i = 0; i < 20000; i++) {
		const uint64_t *value = map_find(&map, i << 20);

		ck_assert(i % 2 ? value && *value == i : !value);
	}
}
END_TEST

START_TEST(pointers_come_back)
{
	int thing = 0;

	ck_assert(map_set_pointer(&map, 1, &thing));
	ck_assert_ptr_eq(map_find_pointer(&map, 1), &thing);
	ck_assert_ptr_null(map_find_pointer(&map, 2));
}
END_TEST

START_TEST(exhausted_memory_is_said_and_harms_nothing)
{
	uint64_t count = 0;

	pages_left = 3;
	while (map_set(&map, count, count))
		count++;
	ck_assert_uint_gt(count, 1000);
	ck_assert_uint_eq(map_count(&map), count);
	for (uint64_t i = 0; i < count; i++)
		ck_assert_uint_eq(*map_find(&map, i), i);
	ck_assert_ptr_null(map_find(&map, count));
	pages_left = -1;
	ck_assert(map_set(&map, count, count));
}
END_TEST

START_TEST(exhausted_memory_at_the_first_key_is_said)
{
	pages_left = 0;
	ck_assert(!map_set(&map, 1, 1));
	ck_assert_ptr_null(map_find(&map, 1));
	pages_left = -1;
	ck_assert(map_set(&map, 1, 1));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("map");
	TCase *tests = tcase_create("map");
	SRunner *runner = srunner_create(suite);
	int failed_count;

	tcase_add_checked_fixture(tests, set_up, NULL);
	tcase_add_test(tests, empty_map_has_no_keys);
	tcase_add_test(tests, finds_what_was_set);
	tcase_add_test(tests, setting_again_changes_the_value);
	tcase_add_test(tests, removed_keys_are_gone_and_may_return);
	tcase_add_test(tests, many_keys_are_told_apart);
	tcase_add_test(tests, pointers_come_back);
	tcase_add_test(tests, exhausted_memory_is_said_and_harms_nothing);
	tcase_add_test(tests, exhausted_memory_at_the_first_key_is_said);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
