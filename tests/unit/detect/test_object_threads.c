/*
 * The side table of locks, used by several threads at once.  Addresses are
 * numbers to it, so those of neighbours are chosen.
 */
#include <check.h>
#include <pthread.h>
#include <stdlib.h>

#include "detect/data/object.h"

#define PLACE ((uintptr_t)0x7f1234560000)
#define MANY 100000u
#define MUTEX_BYTES 40u

static struct sync_table table;

static void set_up(void)
{
	ck_assert(sync_table_init(&table, pages_from_kernel));
}

static uint32_t begun_count; /* atomic: neighbours that can be found */

static void *begin_them(void *unused)
{
	(void)unused;
	for (uint32_t i = 0; i < MANY; i++) {
		sync_find_or_begin(&table, PLACE + i * 328, OBJECT_MUTEX, 0, 1);
		store_release(&begun_count, i + 1);
	}
	return NULL;
}

/* 328 bytes: a dozen in a page, so that few, block and directory all grow. */
START_TEST(who_looks_while_another_inserts_finds_what_is_there)
{
	pthread_t inserter;
	uint32_t seen = 0;
	uint64_t look = 0;

	store_release(&begun_count, 0);
	ck_assert_int_eq(pthread_create(&inserter, NULL, begin_them, NULL), 0);
	while (seen < MANY) {
		seen = load_acquire(&begun_count);
		for (uint32_t i = 0; i < 64 && seen; i++) {
			uintptr_t address = PLACE + look++ * 7919 % seen * 328;
			struct sync_object *object = sync_find(&table, address);

			ck_assert_ptr_nonnull(object);
			ck_assert_uint_eq(object->address, address);
			ck_assert_uint_eq(load_acquire(&object->info)->address, address);
		}
	}
	pthread_join(inserter, NULL);
}
END_TEST

static void *begin_all(void *found)
{
	struct sync_object **objects = found;

	for (uint32_t i = 0; i < MANY / 4; i++)
		objects[i] =
			sync_find_or_begin(&table, PLACE + i * MUTEX_BYTES, OBJECT_MUTEX, 0, 1);
	return NULL;
}

START_TEST(two_who_begin_the_same_get_the_same)
{
	static struct sync_object *found[2][MANY / 4];
	pthread_t threads[2];

	for (unsigned i = 0; i < 2; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, begin_all, found[i]), 0);
	for (unsigned i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	for (uint32_t i = 0; i < MANY / 4; i++) {
		ck_assert_ptr_nonnull(found[0][i]);
		ck_assert_ptr_eq(found[0][i], found[1][i]);
	}
	ck_assert_uint_eq(table.life_count, MANY / 4);
}
END_TEST

static void *end_and_begin(void *first)
{
	uintptr_t start = *(const uintptr_t *)first;

	for (uint32_t round = 0; round < 200; round++)
		for (uint32_t i = 0; i < 100; i++) {
			struct sync_object *object =
				sync_find_or_begin(&table, start + i * 80, OBJECT_SEMAPHORE, 0, 1);

			if (object)
				sync_end(&table, object);
		}
	return NULL;
}

/* Interleaved in the same pages. */
START_TEST(lives_end_in_one_thread_while_they_begin_in_another)
{
	uintptr_t first[] = {PLACE, PLACE + MUTEX_BYTES};
	pthread_t threads[2];

	for (unsigned i = 0; i < 2; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, end_and_begin, &first[i]), 0);
	for (unsigned i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	ck_assert_uint_eq(table.life_count, 2 * 200 * 100);
	for (uint32_t i = 0; i < 200; i++) {
		struct sync_object *object = sync_find(&table, PLACE + i * MUTEX_BYTES);

		ck_assert_ptr_nonnull(object);
		ck_assert(object && !object->info && object->generation == 200);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("object_threads");
	TCase *tests = tcase_create("object_threads");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tests, 60);
	tcase_add_checked_fixture(tests, set_up, NULL);
	tcase_add_test(tests, who_looks_while_another_inserts_finds_what_is_there);
	tcase_add_test(tests, two_who_begin_the_same_get_the_same);
	tcase_add_test(tests, lives_end_in_one_thread_while_they_begin_in_another);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
