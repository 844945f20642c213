/* Rows of sites that are made when they are first asked for. */
#include <check.h>
#include <pthread.h>
#include <stdlib.h>

#include "detect/data/site.h"

#define MANY (3 * SITE_CHUNK)

static struct site_table table;
static unsigned int fill_count;

static uintptr_t fill_site(const struct site_source *source, uint32_t index, struct site *site)
{
	fill_count++;
	site->flags = source->first;
	return 0x1000 + index;
}

static void set_up(void)
{
	table = (struct site_table){0};
	site_table_init(&table, pages_from_kernel);
	fill_count = 0;
}

static void add_source(struct site_source *source, uint32_t count)
{
	*source = (struct site_source){
		.first = site_table_reserve(&table, count), .count = count, .fill = fill_site};
	ck_assert_uint_ne(source->first, 0);
	site_table_add_source(&table, source);
}

START_TEST(each_row_is_made_once_by_its_source)
{
	struct site_source sources[2];

	add_source(&sources[0], MANY);
	add_source(&sources[1], 5);
	for (unsigned int i = 0; i < 2; i++) {
		site_id last = sources[i].first + sources[i].count - 1;

		for (unsigned int again = 0; again < 2; again++) {
			ck_assert_uint_eq(site_get(&table, last)->flags, sources[i].first);
			ck_assert_uint_eq(site_get(&table, last)->address,
					  0x1000 + sources[i].count - 1);
		}
	}
	ck_assert_uint_eq(fill_count, 2);
	ck_assert_ptr_null(site_get(&table, sources[1].first + 5));
}
END_TEST

static uint32_t extra_flags;

static uintptr_t fill_update(const struct site_source *source, uint32_t index, struct site *site)
{
	(void)source;
	site->flags = SITE_READ | SITE_PLAIN_MOVE | SITE_MAY_BE_STALE | extra_flags;
	site->update_group = 5;
	return 0x1000 + index;
}

static void expect_group(uint32_t flags, uint32_t group)
{
	struct site_source source = {.count = 1, .fill = fill_update};
	const struct site *site;

	extra_flags = flags;
	source.first = site_table_reserve(&table, 1);
	site_table_add_source(&table, &source);
	site = site_get(&table, source.first);
	ck_assert_uint_eq(site->update_group, group);
	ck_assert_uint_eq(site->flags & SITE_MAY_BE_STALE, group ? SITE_MAY_BE_STALE : 0);
	ck_assert_uint_ne(site->flags & SITE_PLAIN_MOVE, 0);
}

START_TEST(what_is_silent_is_of_no_update)
{
	expect_group(0, 5);
	expect_group(SITE_SILENT, 0);
	expect_group(SITE_SILENT | SITE_CALL, 5);
	expect_group(SITE_SILENT | SITE_AWAITS, 5);
}
END_TEST

START_TEST(rows_that_no_source_has_are_the_callers)
{
	struct site_source source;
	site_id before = site_table_reserve(&table, 1), behind;

	add_source(&source, 3);
	behind = site_table_reserve(&table, MANY) + MANY - 1;
	ck_assert_uint_eq(site_get(&table, before)->address, 0);
	site_get(&table, behind)->address = 7;
	ck_assert_uint_eq(site_get(&table, behind)->address, 7);
	ck_assert_uint_eq(fill_count, 0);
}
END_TEST

START_TEST(rows_lie_in_the_order_in_which_they_are_asked_for)
{
	struct site_source source;
	struct site *last, *first;

	add_source(&source, MANY);
	last = site_get(&table, source.first + MANY - 1);
	first = site_get(&table, source.first);
	ck_assert_ptr_eq(first, last + 1);
	ck_assert_ptr_eq(site_get(&table, source.first + MANY - 1), last);
	ck_assert_uint_eq(first->address, 0x1000);
}
END_TEST

START_TEST(all_rows_have_room)
{
	struct site_source source;

	add_source(&source, MANY);
	for (uint32_t i = 0; i < MANY; i++)
		ck_assert_uint_eq(site_get(&table, source.first + i)->address, 0x1000 + i);
	ck_assert_uint_eq(fill_count, MANY);
}
END_TEST

#define FEW 100u

static pthread_barrier_t both;
static struct site *rows_of[2][FEW];

/* Two threads are always here at once. */
static uintptr_t fill_together(const struct site_source *source, uint32_t index, struct site *site)
{
	pthread_barrier_wait(&both);
	site->flags = source->first;
	return 0x1000 + index;
}

static void *ask_for_all(void *rows)
{
	for (uint32_t i = 0; i < FEW; i++)
		((struct site **)rows)[i] = site_get(&table, i + 1);
	return NULL;
}

START_TEST(threads_that_ask_at_once_get_one_row)
{
	struct site_source source;
	pthread_t thread;

	add_source(&source, FEW);
	source.fill = fill_together;
	ck_assert_uint_eq(source.first, 1);
	ck_assert_int_eq(pthread_barrier_init(&both, NULL, 2), 0);
	ck_assert_int_eq(pthread_create(&thread, NULL, ask_for_all, rows_of[1]), 0);
	ask_for_all(rows_of[0]);
	pthread_join(thread, NULL);
	for (uint32_t i = 0; i < FEW; i++) {
		ck_assert_uint_eq(rows_of[0][i]->address, 0x1000 + i);
		ck_assert_ptr_eq(rows_of[0][i], rows_of[1][i]);
		ck_assert_ptr_eq(rows_of[0][i], site_get(&table, i + 1));
	}
}
END_TEST

START_TEST(calls_are_found_however_many_there_are)
{
	for (uint32_t i = 0; i < SITE_CALLS_MAX / 2; i++) {
		site_add_call(&table, 0x4000 + 5 * i, i + 1);
		ck_assert_uint_eq(site_find_call(&table, 0x4000 + 5 * i), i + 1);
		ck_assert_uint_eq(site_find_call(&table, 0x4000 + 5 * i + 5), 0);
	}
	for (uint32_t i = 0; i < SITE_CALLS_MAX / 2; i++)
		ck_assert_uint_eq(site_find_call(&table, 0x4000 + 5 * i), i + 1);
	site_add_call(&table, 0x4000, 77);
	ck_assert_uint_eq(site_find_call(&table, 0x4000), 1);
	site_add_call(&table, 3, 7);
	ck_assert_uint_eq(site_find_call(&table, 3), 0);
}
END_TEST

START_TEST(call_gets_the_row_of_the_module_that_is_there_now)
{
	site_add_call(&table, 0x4000, 1);
	site_add_call(&table, 0x4000, 2);
	ck_assert_uint_eq(site_find_call(&table, 0x4000), 2);
	ck_assert_uint_eq(site_find_call(&table, 0x4001), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("site");
	TCase *rows = tcase_create("site");
	SRunner *runner = srunner_create(suite);

	tcase_add_checked_fixture(rows, set_up, NULL);
	tcase_add_test(rows, each_row_is_made_once_by_its_source);
	tcase_add_test(rows, what_is_silent_is_of_no_update);
	tcase_add_test(rows, rows_that_no_source_has_are_the_callers);
	tcase_add_test(rows, rows_lie_in_the_order_in_which_they_are_asked_for);
	tcase_add_test(rows, all_rows_have_room);
	tcase_add_test(rows, threads_that_ask_at_once_get_one_row);
	tcase_add_test(rows, calls_are_found_however_many_there_are);
	tcase_add_test(rows, call_gets_the_row_of_the_module_that_is_there_now);
	suite_add_tcase(suite, rows);
	srunner_run_all(runner, CK_ENV);
	return srunner_ntests_failed(runner) != 0;
}
