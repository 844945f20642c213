#include <check.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/intern.h"

#define FIRST_BUCKETS 4u
#define MANY 1000u

struct number {
	struct intern_link link;
	uint64_t value, twice;
};

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
static struct intern_table table;

static void set_up(void)
{
	pages_left = -1;
	arena_init(&arena, pages_from_libc);
	table = (struct intern_table){0};
}

/* Eight values each have the same hash. */
static uint64_t hash_of(const void *number)
{
	return hash_mix(((const struct number *)number)->value / 8);
}

static struct number *find_value(uint64_t value)
{
	struct number *number = intern_first(&table, hash_mix(value / 8));

	while (number && number->value != value)
		number = intern_next(number);
	return number;
}

static struct number *add_value(uint64_t value)
{
	struct number *number = arena_alloc(&arena, sizeof(*number));

	number->value = value;
	number->twice = 2 * value;
	intern_add(&table, number, hash_of(number));
	return number;
}

START_TEST(table_of_zeros_is_empty)
{
	ck_assert_ptr_null(find_value(1));
	ck_assert_uint_eq(table.count, 0);
}
END_TEST

START_TEST(finds_what_was_added_and_nothing_else)
{
	struct number *five;

	ck_assert(intern_begin(&table, &arena, FIRST_BUCKETS));
	five = add_value(5);
	ck_assert_ptr_eq(find_value(5), five);
	ck_assert_ptr_null(find_value(6)); /* of the same hash */
	ck_assert_ptr_null(find_value(50));
	ck_assert_uint_eq(table.count, 1);
}
END_TEST

START_TEST(beginning_again_changes_nothing)
{
	struct number *five;

	ck_assert(intern_begin(&table, &arena, FIRST_BUCKETS));
	five = add_value(5);
	ck_assert(intern_begin(&table, &arena, 2 * FIRST_BUCKETS));
	ck_assert_uint_eq(table.bucket_count, FIRST_BUCKETS);
	ck_assert_ptr_eq(find_value(5), five);
}
END_TEST

START_TEST(growing_loses_nothing)
{
	ck_assert(intern_begin(&table, &arena, FIRST_BUCKETS));
	for (uint64_t i = 0; i < MANY; i++) {
		add_value(i);
		intern_grow(&table, &arena, hash_of);
	}
	ck_assert_uint_gt(table.bucket_count, table.count);
	ck_assert_uint_eq(table.count, MANY);
	for (uint64_t i = 0; i < MANY; i++)
		ck_assert_uint_eq(find_value(i)->value, i);
	ck_assert_ptr_null(find_value(MANY));
}
END_TEST

START_TEST(does_not_grow_before_it_is_full)
{
	ck_assert(intern_begin(&table, &arena, FIRST_BUCKETS));
	add_value(1);
	intern_grow(&table, &arena, hash_of);
	ck_assert_uint_eq(table.bucket_count, FIRST_BUCKETS);
}
END_TEST

START_TEST(removed_values_are_gone_and_others_of_their_hash_are_not)
{
	ck_assert(intern_begin(&table, &arena, FIRST_BUCKETS));
	for (uint64_t i = 0; i < 8; i++)
		add_value(i);
	for (uint64_t i = 0; i < 8; i += 2)
		intern_remove(&table, find_value(i), hash_mix(0));
	ck_assert_uint_eq(table.count, 4);
	for (uint64_t i = 0; i < 8; i++)
		ck_assert(i % 2 ? find_value(i) != NULL : find_value(i) == NULL);
	add_value(4);
	ck_assert_ptr_nonnull(find_value(4));
}
END_TEST

START_TEST(without_memory_it_does_not_begin)
{
	pages_left = 0;
	ck_assert(!intern_begin(&table, &arena, FIRST_BUCKETS));
	ck_assert_ptr_null(find_value(1));
	pages_left = -1;
	ck_assert(intern_begin(&table, &arena, FIRST_BUCKETS));
}
END_TEST

START_TEST(without_memory_to_grow_all_is_still_found)
{
	static struct number numbers[MANY];

	ck_assert(intern_begin(&table, &arena, FIRST_BUCKETS));
	arena.left_bytes = 0;
	pages_left = 0;
	for (uint64_t i = 0; i < MANY; i++) {
		numbers[i].value = i;
		intern_add(&table, &numbers[i], hash_of(&numbers[i]));
		intern_grow(&table, &arena, hash_of);
	}
	ck_assert_uint_eq(table.bucket_count, FIRST_BUCKETS);
	for (uint64_t i = 0; i < MANY; i++)
		ck_assert_ptr_eq(find_value(i), &numbers[i]);
}
END_TEST

static void *search_value(void *context)
{
	(void)context;
	for (uint64_t i = 0; i < MANY;) {
		struct number *number = find_value(i);

		if (number && number->twice != 2 * i)
			return number;
		i += number != NULL;
	}
	return NULL;
}

/* With more values as the table grows, too. */
START_TEST(who_searches_meanwhile_finds_whole_values)
{
	pthread_t searcher;
	void *broken;

	ck_assert(intern_begin(&table, &arena, FIRST_BUCKETS));
	ck_assert_int_eq(pthread_create(&searcher, NULL, search_value, NULL), 0);
	for (uint64_t i = 0; i < MANY; i++) {
		add_value(i);
		if (_i)
			intern_grow_searched(&table, &arena, hash_of);
	}
	ck_assert(!_i || table.bucket_count > MANY);
	ck_assert_int_eq(pthread_join(searcher, &broken), 0);
	ck_assert_ptr_null(broken);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("intern");
	TCase *tests = tcase_create("intern");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tests, set_up, NULL);
	tcase_add_test(tests, table_of_zeros_is_empty);
	tcase_add_test(tests, finds_what_was_added_and_nothing_else);
	tcase_add_test(tests, beginning_again_changes_nothing);
	tcase_add_test(tests, growing_loses_nothing);
	tcase_add_test(tests, does_not_grow_before_it_is_full);
	tcase_add_test(tests, removed_values_are_gone_and_others_of_their_hash_are_not);
	tcase_add_test(tests, without_memory_it_does_not_begin);
	tcase_add_test(tests, without_memory_to_grow_all_is_still_found);
	tcase_add_loop_test(tests, who_searches_meanwhile_finds_whole_values, 0, 2);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
