/*
 * Accesses of modules that are watched for synchronisation only: recorded at once, and each in
 * an epoch that nobody has acquired amid.
 */
#include <check.h>

#include "detect/shadow/cells.h"
#include "flags.h"

#define SILENT (SITE_SILENT | SITE_PLAIN_MOVE)
#define GUARDED 192u

static void stores(struct thread *thread, uint32_t offset, uint32_t size_bytes)
{
	accesses_at(thread, racing_site(SITE_WRITE | SILENT, size_bytes), offset, size_bytes);
}

static void loads(struct thread *thread, uint32_t offset, uint32_t size_bytes)
{
	accesses_at(thread, racing_site(SITE_READ | SILENT, size_bytes), offset, size_bytes);
}

static uint64_t written(uint32_t offset)
{
	return *shadow_places(MEMORY_AT + offset).write;
}

static uint64_t was_read(uint32_t offset)
{
	return *shadow_places(MEMORY_AT + offset).read;
}

static void use_alone(void)
{
	stores(a, 0, 8);
	loads(a, 8, 4);
	stores(a, 8, 4);
	stores(a, 8, 1);
	loads(a, 0, 8);
}

START_TEST(what_one_thread_uses_is_recorded_quickly)
{
	uint64_t examined;

	use_alone();
	clock_end_epoch(memory_before_release(&judge, a));
	examined = a->accesses.examined_count;
	use_alone();
	ck_assert_uint_eq(a->accesses.examined_count, examined);
}
END_TEST

START_TEST(what_another_has_stored_before_is_read_quickly)
{
	uint64_t examined;

	stores(b, 0, 8);
	hands_over(b, a);
	examined = a->accesses.examined_count;
	loads(a, 0, 8);
	ck_assert_uint_eq(a->accesses.examined_count, examined);
}
END_TEST

static void use_new_site(uint32_t flags)
{
	site_id store, load;

	clock_end_epoch(memory_before_release(&judge, a));
	racing_sites_are_old(false);
	store = racing_site(SITE_WRITE | SITE_PLAIN_MOVE | flags, 8);
	load = racing_site(SITE_READ | SITE_PLAIN_MOVE | flags, 8);
	accesses_at(a, store, 0, 8);
	ck_assert(!a->clocks.has_recorded || !(flags & SITE_CONSTANT));
	accesses_at(a, store, 0, 8);
	accesses_at(a, load, 8, 8);
	accesses_at(a, load, 16, 8);
	racing_sites_are_old(true);
}

START_TEST(callers_are_of_no_use)
{
	uint64_t examined;

	racing_stack_count = 0;
	use_new_site(SITE_SILENT);
	ck_assert_uint_eq(racing_stack_count, 0);
	use_new_site(0);
	ck_assert_uint_gt(racing_stack_count, 0);
	a->accesses.sample = 0;
	examined = a->accesses.examined_count;
	use_alone();
	ck_assert_uint_eq(a->accesses.examined_count, examined);
	ck_assert_uint_gt(a->accesses.sample, 0);
}
END_TEST

START_TEST(a_first_store_may_be_a_flags)
{
	use_new_site(SITE_SILENT | SITE_CONSTANT);
}
END_TEST

START_TEST(parts_are_recorded_at_once)
{
	stores(a, 0, 4);
	loads(a, 8, 2);
	ck_assert_uint_eq(pending_count(a), 0);
	ck_assert_uint_eq(shadow_slot(written(0)), a->slot);
	ck_assert_uint_eq(shadow_bytes(written(0)), 0xf);
	ck_assert_uint_eq(shadow_slot(was_read(8)), a->slot);
	ck_assert_uint_eq(shadow_bytes(was_read(8)), 3);
}
END_TEST

START_TEST(an_access_is_in_no_epoch_that_others_have_acquired_amid)
{
	uint64_t before;

	stores(a, FLAG, 8);
	before = shadow_epoch(written(FLAG));
	loads(b, FLAG, 8);
	stores(a, 0, 8);
	ck_assert_uint_gt(shadow_epoch(written(0)), before);
	ck_assert_uint_eq(finding_count, 0);
}
END_TEST

/* Who has read it looks again in the same epoch, and must not find that recorded. */
static void store_over_look(uint32_t size_bytes)
{
	loads(b, 0, size_bytes);
	hands_over(b, a);
	stores(a, 0, size_bytes);
	ck_assert_uint_eq(was_read(0), 0);
}

START_TEST(a_store_takes_the_place_of_what_others_have_read)
{
	store_over_look(8);
}
END_TEST

START_TEST(a_store_takes_the_place_of_what_others_have_read_of_a_part)
{
	store_over_look(4);
}
END_TEST

START_TEST(a_store_takes_the_place_of_what_others_have_read_beside_the_own)
{
	loads(a, 4, 4);
	loads(b, 0, 4);
	ck_assert(cells_are(was_read(0)));
	hands_over(b, a);
	stores(a, 0, 4);
	ck_assert_uint_eq(shadow_slot(was_read(0)), a->slot);
	ck_assert_uint_eq(shadow_bytes(was_read(0)), 0xf0);
}
END_TEST

/* The engine is asked, which finds that there is nothing new.  The upper bits of a set's number
 * are 0, as the first thread's slot is. */
START_TEST(a_set_of_readers_is_not_the_first_threads_own)
{
	uint64_t examined;
	struct cells cells;

	stores(first, 0, 4);
	loads(first, 4, 4);
	reads(a, 0, 4);
	reads(b, 0, 4);
	ck_assert(cells_are(was_read(0)));
	cells = cells_of(was_read(0));
	for (uint32_t i = 0; i < cells.capacity; i++)
		ck_assert_uint_eq(shadow_slot(cells.words[i]), first->slot);
	examined = first->accesses.examined_count;
	stores(first, 0, 4);
	ck_assert_uint_gt(first->accesses.examined_count, examined);
}
END_TEST

START_TEST(parts_that_plain_moves_pass_on_order_what_was_before)
{
	writes(a, GUARDED, 8);
	stores(a, FLAG, 4);
	loads(b, FLAG, 4);
	writes(b, GUARDED, 8);
	stores(b, FLAG + 4, 4);
	loads(a, FLAG + 4, 4);
	writes(a, GUARDED, 8);
	ck_assert_uint_eq(finding_count, 0);
}
END_TEST

START_TEST(who_has_loaded_something_else_races)
{
	writes(a, GUARDED, 8);
	stores(a, FLAG, 4);
	loads(b, 0, 4);
	writes(b, GUARDED, 8);
	ck_assert_uint_eq(finding_count, 1);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("race_silent");

	tcase_add_checked_fixture(tests, set_up, NULL);
	tcase_add_test(tests, what_one_thread_uses_is_recorded_quickly);
	tcase_add_test(tests, what_another_has_stored_before_is_read_quickly);
	tcase_add_test(tests, callers_are_of_no_use);
	tcase_add_test(tests, a_first_store_may_be_a_flags);
	tcase_add_test(tests, parts_are_recorded_at_once);
	tcase_add_test(tests, an_access_is_in_no_epoch_that_others_have_acquired_amid);
	tcase_add_test(tests, a_store_takes_the_place_of_what_others_have_read);
	tcase_add_test(tests, a_store_takes_the_place_of_what_others_have_read_of_a_part);
	tcase_add_test(tests, a_store_takes_the_place_of_what_others_have_read_beside_the_own);
	tcase_add_test(tests, a_set_of_readers_is_not_the_first_threads_own);
	tcase_add_test(tests, parts_that_plain_moves_pass_on_order_what_was_before);
	tcase_add_test(tests, who_has_loaded_something_else_races);
	return racing_run(tests);
}
