/* The side table of locks: what is found, lives, ranges. */
#include <signal.h>

#include "object_lab.h"

/* --- Finding ------------------------------------------------------------- */

START_TEST(what_was_begun_is_found_and_nothing_else)
{
	struct sync_object *object = begin_mutex(PLACE);

	ck_assert_ptr_eq(sync_find(&table, PLACE), object);
	ck_assert_ptr_eq(begin_mutex(PLACE), object);
	ck_assert_ptr_null(sync_find(&table, PLACE + 8));
	ck_assert_ptr_null(sync_find(&table, PLACE + PAGE));
	ck_assert_uint_eq(table.life_count, 1);
}
END_TEST

START_TEST(a_first_use_keeps_which_signals_were_blocked)
{
	const uint64_t blocked = 1ull << (SIGUSR1 - 1);
	struct sync_object *used, *made;
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGUSR1);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	used = begin_mutex(PLACE);
	made = sync_find_or_begin(&table, PLACE + 64, OBJECT_MUTEX,
				  SYNC_INITIALISED | SYNC_ROBUST, 1);
	ck_assert_uint_eq(used->info->first_signals, blocked);
	ck_assert_uint_eq(made->info->first_signals, ~0ull);
	ck_assert_uint_eq(made->info->attributes, SYNC_ROBUST);
}
END_TEST

START_TEST(a_life_keeps_what_it_began_with)
{
	struct sync_object *object =
		sync_find_or_begin(&table, PLACE, OBJECT_RWLOCK, SYNC_WRITERS_FIRST, 7);

	/* Who comes later does not change it. */
	ck_assert_ptr_eq(sync_find_or_begin(&table, PLACE, OBJECT_RWLOCK, SYNC_ROBUST, 8), object);
	ck_assert_uint_eq(object->info->attributes, SYNC_WRITERS_FIRST);
	ck_assert_uint_eq(object->info->first, 7);
	ck_assert_uint_eq(object->owner, 0);
	ck_assert_uint_eq(object->stamp, 0);
}
END_TEST

START_TEST(only_what_hands_over_has_an_extra_part)
{
	ck_assert_ptr_null(begin_object(PLACE, OBJECT_MUTEX)->info->extra);
	ck_assert_ptr_null(begin_object(PLACE + 64, OBJECT_SPIN)->info->extra);
	ck_assert_ptr_nonnull(begin_object(PLACE + 128, OBJECT_RWLOCK)->info->extra);
	ck_assert_ptr_nonnull(begin_object(PLACE + 192, OBJECT_SEMAPHORE)->info->extra);
	ck_assert_ptr_nonnull(begin_object(PLACE + 256, OBJECT_CONDITION)->info->extra);
	ck_assert_ptr_nonnull(begin_object(PLACE + 320, OBJECT_BARRIER)->info->extra);
	ck_assert_ptr_nonnull(begin_object(PLACE + 384, OBJECT_ONCE)->info->extra);
}
END_TEST

/* Begins @count neighbours @step apart and finds each of them again, with an id
 * of its own. */
static void begin_neighbours(uintptr_t first, uint32_t count, uint32_t step)
{
	static struct sync_object *objects[MANY];

	for (uint32_t i = 0; i < count; i++) {
		objects[i] = begin_mutex(first + (uintptr_t)i * step);
		ck_assert_uint_eq(objects[i]->info->id, i + 1);
	}
	for (uint32_t i = 0; i < count; i++) {
		uintptr_t address = first + (uintptr_t)i * step;

		ck_assert_ptr_eq(sync_find(&table, address), objects[i]);
		ck_assert_uint_eq(objects[i]->address, address);
		ck_assert_uint_eq(objects[i]->info->id, i + 1);
		ck_assert_ptr_eq(sync_info_by_id(&table, i + 1), objects[i]->info);
		if (step > 1)
			ck_assert_ptr_null(sync_find(&table, address + 1));
	}
}

START_TEST(neighbours_in_a_page_keep_apart)
{
	begin_neighbours(PLACE, (uint32_t)(PAGE / MUTEX_BYTES), MUTEX_BYTES);
}
END_TEST

START_TEST(a_page_may_be_full_of_spin_locks)
{
	begin_neighbours(PLACE, (uint32_t)(PAGE / SPIN_LOCK_BYTES), SPIN_LOCK_BYTES);
}
END_TEST

START_TEST(each_byte_of_a_page_may_be_an_object)
{
	begin_neighbours(PLACE, (uint32_t)PAGE, 1);
}
END_TEST

START_TEST(many_packed_objects_are_found)
{
	begin_neighbours(PLACE, MANY, MUTEX_BYTES);
}
END_TEST

START_TEST(many_pages_of_one_object_are_found)
{
	begin_neighbours(PLACE, MANY, (uint32_t)PAGE);
}
END_TEST

START_TEST(pages_that_share_low_bits_keep_apart)
{
	/* As the stacks of many threads lie. */
	begin_neighbours(PLACE, 4096, 8u << 20 >> 4);
}
END_TEST

/* --- Lives --------------------------------------------------------------- */

START_TEST(an_ended_life_leaves_nothing_behind)
{
	struct sync_object *object = begin_mutex(PLACE);

	object->owner = 3;
	object->stamp = 99;
	object->generation |= SYNC_HANDLER_LOCK | SYNC_ABANDONED;
	object->info->class = 4;
	sync_end(&table, object);
	ck_assert_ptr_null(object->info);
	ck_assert_uint_eq(object->generation & SYNC_GENERATION_FLAGS, 0);
	ck_assert_ptr_eq(begin_mutex(PLACE), object);
	ck_assert_uint_eq(object->owner, 0);
	ck_assert_uint_eq(object->stamp, 0);
	ck_assert_uint_eq(object->info->class, 0);
}
END_TEST

START_TEST(each_life_has_a_generation_of_its_own)
{
	struct sync_object *object = begin_mutex(PLACE);
	uint32_t before = object->generation;

	for (uint32_t i = 0; i < 1000; i++) {
		sync_end(&table, object);
		ck_assert_ptr_eq(begin_mutex(PLACE), object);
		ck_assert_uint_eq(object->generation, before + 1);
		ck_assert_uint_eq(object->info->generation, object->generation);
		before = object->generation;
	}
	ck_assert_uint_eq(table.life_count, 1001);
}
END_TEST

START_TEST(ending_twice_is_ending_once)
{
	struct sync_object *object = begin_mutex(PLACE);
	uint32_t generation;

	sync_end(&table, object);
	generation = object->generation;
	sync_end(&table, object);
	ck_assert_uint_eq(object->generation, generation);
}
END_TEST

START_TEST(a_life_of_another_kind_ends_the_first)
{
	struct sync_object *object = begin_mutex(PLACE);
	uint32_t generation = object->generation;

	object->owner = 3;
	ck_assert_ptr_eq(begin_object(PLACE, OBJECT_SEMAPHORE), object);
	ck_assert_uint_ne(object->generation, generation);
	ck_assert_uint_eq(object->owner, 0);
	ck_assert_ptr_nonnull(object->info->extra);
	ck_assert_uint_eq(table.life_count, 2);
}
END_TEST

START_TEST(a_second_life_finds_its_extra_part_empty)
{
	struct sync_object *object = begin_object(PLACE, OBJECT_CONDITION);

	object->info->extra->waiter_count = 5;
	object->info->extra->given[3] = 77;
	sync_end(&table, object);
	object = begin_object(PLACE + PAGE, OBJECT_SEMAPHORE);
	ck_assert_uint_eq(object->info->extra->waiter_count, 0);
	ck_assert_uint_eq(object->info->extra->given[3], 0);
}
END_TEST

/* --- Ranges -------------------------------------------------------------- */

struct visits {
	uintptr_t start, end;
	uint32_t count;
	uint8_t *seen; /* by the number of the neighbour, if not NULL */
	uint32_t step;
};

static void note_visit(void *context, struct sync_object *object)
{
	struct visits *visits = context;

	ck_assert_uint_ge(object->address, visits->start);
	ck_assert_uint_lt(object->address, visits->end);
	ck_assert_ptr_nonnull(object->info);
	visits->count++;
	if (visits->seen)
		visits->seen[(object->address - PLACE) / visits->step]++;
}

static uint32_t count_in(uintptr_t start, uintptr_t end)
{
	struct visits visits = {.start = start, .end = end};

	sync_each_in(&table, start, end, note_visit, &visits);
	return visits.count;
}

START_TEST(a_range_is_half_open)
{
	begin_mutex(PLACE);
	begin_mutex(PLACE + 40);
	begin_mutex(PLACE + 80);
	ck_assert_uint_eq(count_in(PLACE, PLACE + 80), 2);
	ck_assert_uint_eq(count_in(PLACE, PLACE + 81), 3);
	ck_assert_uint_eq(count_in(PLACE + 1, PLACE + 81), 2);
	ck_assert_uint_eq(count_in(PLACE + 40, PLACE + 41), 1);
	ck_assert_uint_eq(count_in(PLACE + 41, PLACE + 80), 0);
}
END_TEST

START_TEST(an_empty_range_has_nothing)
{
	begin_mutex(PLACE);
	ck_assert_uint_eq(count_in(PLACE, PLACE), 0);
	ck_assert_uint_eq(count_in(PLACE + 8, PLACE), 0);
	ck_assert_uint_eq(count_in(0, 0), 0);
}
END_TEST

START_TEST(all_of_memory_is_a_range)
{
	uint32_t count = 5000;

	for (uint32_t i = 0; i < count; i++)
		begin_mutex(PLACE + i * 3 * PAGE);
	ck_assert_uint_eq(count_in(0, UINTPTR_MAX), count);
	ck_assert_uint_eq(count_in(PLACE, UINTPTR_MAX), count);
	ck_assert_uint_eq(count_in(0, PLACE), 0);
	ck_assert_uint_eq(count_in(PLACE + 3 * PAGE, (uintptr_t)1 << 47), count - 1);
}
END_TEST

START_TEST(ended_lives_are_not_visited)
{
	begin_mutex(PLACE);
	sync_end(&table, begin_mutex(PLACE + 40));
	ck_assert_uint_eq(count_in(PLACE, PLACE + PAGE), 1);
}
END_TEST

static void count_place(void *context, struct sync_object *object)
{
	(void)object;
	++*(uint32_t *)context;
}

START_TEST(places_of_ended_lives_may_be_visited)
{
	uint32_t count = 0;

	begin_mutex(PLACE);
	sync_end(&table, begin_mutex(PLACE + 40));
	sync_each_place_in(&table, PLACE, PLACE + PAGE, count_place, &count);
	ck_assert_uint_eq(count, 2);
}
END_TEST

/* In each line of a page, at its first byte, its last one, or between. */
START_TEST(a_range_has_what_begins_in_its_lines)
{
	for (uintptr_t at = 0; at < PAGE; at += 64 + 21)
		begin_mutex(PLACE + at);
	for (uintptr_t start = 0; start < PAGE; start += 7)
		for (uintptr_t end = start + 1; end <= 2 * PAGE; end += 61) {
			uint32_t expected = 0;

			for (uintptr_t at = 0; at < PAGE; at += 64 + 21)
				expected += at >= start && at < end;
			ck_assert_uint_eq(count_in(PLACE + start, PLACE + end), expected);
		}
}
END_TEST

START_TEST(ranges_over_pages_visit_each_once)
{
	uint32_t count = 2000;
	uint8_t seen[2000] = {0};
	uintptr_t start = PLACE + 100 * MUTEX_BYTES;
	uintptr_t end = PLACE + 1900 * MUTEX_BYTES;
	struct visits visits = {.start = start, .end = end, .seen = seen, .step = MUTEX_BYTES};

	for (uint32_t i = 0; i < count; i++)
		begin_mutex(PLACE + i * MUTEX_BYTES);
	sync_each_in(&table, start, end, note_visit, &visits);
	for (uint32_t i = 0; i < count; i++)
		ck_assert_uint_eq(seen[i], i >= 100 && i < 1900);
}
END_TEST

static void end_visited(void *context, struct sync_object *object)
{
	(void)context;
	sync_end(&table, object);
}

START_TEST(a_visit_may_end_the_life)
{
	for (uint32_t i = 0; i < 1000; i++)
		begin_mutex(PLACE + i * MUTEX_BYTES);
	sync_each_in(&table, PLACE, PLACE + 500 * MUTEX_BYTES, end_visited, NULL);
	ck_assert_uint_eq(count_in(0, UINTPTR_MAX), 500);
	ck_assert_uint_eq(count_in(0, PLACE + 500 * MUTEX_BYTES), 0);
}
END_TEST

/* --- Without memory ------------------------------------------------------ */

START_TEST(without_memory_no_life_begins_and_the_others_go_on)
{
	struct sync_object *object = begin_mutex(PLACE);
	uint32_t count = 1;

	pages_left = 3;
	while (sync_find_or_begin(&table, PLACE + count * PAGE, OBJECT_CONDITION, 0, 1))
		ck_assert_uint_lt(++count, MANY);
	ck_assert_ptr_eq(sync_find(&table, PLACE), object);
	ck_assert_uint_eq(count_in(0, UINTPTR_MAX), count);
	/* Later there is memory again. */
	pages_left = UINT64_MAX;
	begin_object(PLACE + count * PAGE, OBJECT_CONDITION);
	ck_assert_uint_eq(count_in(0, UINTPTR_MAX), count + 1);
}
END_TEST

static void add_lives(TCase *tests)
{
	tcase_add_test(tests, an_ended_life_leaves_nothing_behind);
	tcase_add_test(tests, each_life_has_a_generation_of_its_own);
	tcase_add_test(tests, ending_twice_is_ending_once);
	tcase_add_test(tests, a_life_of_another_kind_ends_the_first);
	tcase_add_test(tests, a_second_life_finds_its_extra_part_empty);
}

static void add_ranges(TCase *tests)
{
	tcase_add_test(tests, a_range_is_half_open);
	tcase_add_test(tests, an_empty_range_has_nothing);
	tcase_add_test(tests, all_of_memory_is_a_range);
	tcase_add_test(tests, ended_lives_are_not_visited);
	tcase_add_test(tests, places_of_ended_lives_may_be_visited);
	tcase_add_test(tests, a_range_has_what_begins_in_its_lines);
	tcase_add_test(tests, ranges_over_pages_visit_each_once);
	tcase_add_test(tests, a_visit_may_end_the_life);
	tcase_add_test(tests, without_memory_no_life_begins_and_the_others_go_on);
}

int main(void)
{
	Suite *suite = suite_create("object");
	TCase *tests = tcase_create("object");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tests, 60);
	tcase_add_checked_fixture(tests, set_up, NULL);
	tcase_add_test(tests, what_was_begun_is_found_and_nothing_else);
	tcase_add_test(tests, a_life_keeps_what_it_began_with);
	tcase_add_test(tests, a_first_use_keeps_which_signals_were_blocked);
	tcase_add_test(tests, only_what_hands_over_has_an_extra_part);
	tcase_add_test(tests, neighbours_in_a_page_keep_apart);
	tcase_add_test(tests, a_page_may_be_full_of_spin_locks);
	tcase_add_test(tests, each_byte_of_a_page_may_be_an_object);
	tcase_add_test(tests, many_packed_objects_are_found);
	tcase_add_test(tests, many_pages_of_one_object_are_found);
	tcase_add_test(tests, pages_that_share_low_bits_keep_apart);
	add_lives(tests);
	add_ranges(tests);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
