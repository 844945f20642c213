/* The side table of locks: the numbers of objects, and when they are used again. */
#include "object_lab.h"

START_TEST(an_id_that_nobody_speaks_of_is_used_again)
{
	for (uint32_t i = 0; i < MANY; i++)
		sync_end(&table, begin_mutex(PLACE + i * PAGE));
	ck_assert_uint_eq(table.next_id, 2);
}
END_TEST

START_TEST(an_id_that_a_finding_speaks_of_is_never_used_again)
{
	struct sync_object *object = begin_mutex(PLACE);
	lock_id id = object->info->id;

	object->info->is_described = object->info->is_in_order = true;
	sync_end(&table, object);
	for (uint32_t i = 0; i < QUARANTINED + 10; i++) {
		object = begin_mutex(PLACE);
		ck_assert_uint_ne(object->info->id, id);
		object->info->is_in_order = true;
		sync_end(&table, object);
	}
	ck_assert_uint_eq(sync_info_by_id(&table, id)->address, PLACE);
}
END_TEST

START_TEST(a_named_id_rests_while_others_come_after_it)
{
	struct sync_object *object = begin_mutex(PLACE);
	lock_id id = object->info->id;

	for (uint32_t i = 0; i < QUARANTINED; i++) {
		object->info->is_in_order = true;
		named_ids_add(&table.named, object->info->id);
		sync_end(&table, object);
		object = begin_mutex(PLACE);
		/* The info of the resting id may still be looked at. */
		ck_assert_ptr_nonnull(sync_info_by_id(&table, id));
		if (i + 1 < QUARANTINED)
			ck_assert_uint_eq(object->info->id, id + i + 1);
	}
	ck_assert_uint_le(object->info->id, id + QUARANTINED);
	ck_assert(!object->info->is_in_order);
	ck_assert_uint_eq(table.next_id, id + QUARANTINED);
}
END_TEST

START_TEST(an_id_rests_only_while_it_is_named)
{
	struct sync_object *object = begin_mutex(PLACE);
	lock_id named = object->info->id;
	lock_id other;

	named_ids_add(&table.named, named);
	sync_end(&table, object);
	object = begin_mutex(PLACE);
	other = object->info->id;
	ck_assert_uint_ne(other, named);
	named_ids_add(&table.named, other);
	sync_end(&table, object);
	named_ids_drop(&table.named, other);
	ck_assert_uint_eq(begin_mutex(PLACE)->info->id, other);
	named_ids_drop(&table.named, named);
	ck_assert_uint_eq(begin_mutex(PLACE + PAGE)->info->id, named);
}
END_TEST

START_TEST(living_objects_never_share_an_id)
{
	static uint8_t is_used[MANY];
	uint32_t count = 1000;

	for (uint32_t round = 0; round < 200; round++) {
		for (uint32_t i = 0; i < count; i++) {
			struct sync_object *object = begin_mutex(PLACE + i * MUTEX_BYTES);

			/* Every third lives on over the next rounds. */
			object->info->is_in_order = (i + round) % 2;
			if ((i + round) % 3)
				sync_end(&table, object);
		}
		for (uint32_t i = 0; i < count; i++) {
			struct sync_object *object = sync_find(&table, PLACE + i * MUTEX_BYTES);

			if (!object || !object->info)
				continue;
			ck_assert_uint_lt(object->info->id, MANY);
			ck_assert_uint_eq(is_used[object->info->id], 0);
			is_used[object->info->id] = 1;
		}
		for (uint32_t id = 0; id < MANY; id++)
			is_used[id] = 0;
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("object_ids");
	TCase *tests = tcase_create("object_ids");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tests, 60);
	tcase_add_checked_fixture(tests, set_up, NULL);
	tcase_add_test(tests, an_id_that_nobody_speaks_of_is_used_again);
	tcase_add_test(tests, an_id_that_a_finding_speaks_of_is_never_used_again);
	tcase_add_test(tests, a_named_id_rests_while_others_come_after_it);
	tcase_add_test(tests, an_id_rests_only_while_it_is_named);
	tcase_add_test(tests, living_objects_never_share_an_id);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
