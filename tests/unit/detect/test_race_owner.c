/* Who alone stores to an atomic location, and what those learn who come there after that. */
#include "detect/sync/thread.h"
#include "owner_lab.h"

static void run_locked(struct thread *thread, uint32_t offset)
{
	run(thread, offset, SITE_READ | SITE_WRITE | SITE_UPDATE | SITE_LOCKED);
}

static void load(struct thread *thread)
{
	load_at(thread, 0, 4);
}

static void store(struct thread *thread)
{
	store_at(thread, 0, 4);
}

static const struct atomic_location *location(void)
{
	return location_at(0);
}

static void store_alone(struct thread *thread, uint32_t count)
{
	while (count--)
		store(thread);
}

/* Thread a owns the location at 0. */
static void set_up(void)
{
	owner_set_up();
	run_locked(a, 0);
	store_alone(a, ATOMIC_STORES_ALONE + 1);
	ck_assert_uint_eq(shadow_slot(location()->owner), a->slot);
}

START_TEST(an_owner_goes_on_in_its_epoch)
{
	uint64_t epoch;

	writes(a, 64, 8);
	epoch = a->clocks.recorded_epoch;
	store(a);
	writes(a, 72, 8);
	ck_assert_uint_eq(a->clocks.recorded_epoch, epoch);
}
END_TEST

START_TEST(an_owner_may_use_locked_instructions)
{
	uint64_t epoch;

	for (uint32_t i = 0; i < ATOMIC_STORES_ALONE; i++)
		run_locked(a, 32);
	writes(a, 64, 8);
	epoch = a->clocks.recorded_epoch;
	run_locked(a, 32);
	writes(a, 72, 8);
	ck_assert_uint_eq(a->clocks.recorded_epoch, epoch);
	run_locked(b, 32);
	reads(b, 64, 8);
	ck_assert_uint_eq(finding_count, 0);
	run_locked(a, 32);
	writes(a, 80, 8);
	reads(b, 80, 8);
	ck_assert_uint_eq(finding_count, 1);
}
END_TEST

/* The first store of an epoch is as quick as the next: the release that it puts off is of what it
 * comes after. */
static void store_in_new_epoch(bool is_again)
{
	site_id id = racing_site(SITE_WRITE | SITE_PLAIN_MOVE, 4);
	uint64_t examined;

	site_attention[id] = SITE_QUIET;
	a->accesses.sample = 2;
	quick_access(a, id, 0, 4);
	run_locked(a, 32);
	writes(a, 64, 8);
	examined = a->accesses.examined_count;
	if (is_again)
		quick_access(a, id, 0, 4);
	ck_assert_uint_eq(a->accesses.examined_count, examined);
	load(b);
	reads(b, 64, 8);
}

START_TEST(an_owner_stores_quickly_in_each_epoch)
{
	store_in_new_epoch(true);
	ck_assert_uint_eq(finding_count, 0);
}
END_TEST

START_TEST(what_it_has_not_stored_in_an_epoch_is_not_released)
{
	store_in_new_epoch(false);
	ck_assert_uint_eq(finding_count, 1);
}
END_TEST

/* Else what comes after the last release were taken to come before. */
START_TEST(what_may_be_a_lock_has_no_owner)
{
	for (uint32_t i = 0; i < ATOMIC_STORES_ALONE; i++) {
		exchange(a, 0);
		store(a);
	}
	writes(a, 64, 8);
	run_locked(b, 0);
	reads(b, 64, 8);
	ck_assert_uint_eq(finding_count, 1);
}
END_TEST

/* A plain update that others make loses what an owner has added, however late that was. */
START_TEST(what_an_owner_adds_may_be_lost)
{
	site_id update = racing_site(SITE_READ | SITE_WRITE | SITE_UPDATE, 4);

	for (uint32_t i = 0; i < ATOMIC_STORES_ALONE; i++)
		run_locked(a, 32);
	run_locked(a, 40);
	run_locked(b, 40);
	writes(a, 64, 8);
	run_locked(a, 32);
	accesses_at(b, update, 32, 4);
	ck_assert_uint_eq(finding_count, 1);
}
END_TEST

START_TEST(who_loads_knows_what_came_before_the_store)
{
	writes(a, 64, 8);
	store(a);
	load(b);
	reads(b, 64, 8);
	ck_assert_uint_eq(finding_count, 0);
	ck_assert_uint_eq(location()->owner, 0);
	ck_assert_uint_eq(judge.counters[COUNTER_RELEASES_PUT_OFF], 1);
}
END_TEST

START_TEST(who_changes_it_by_a_locked_instruction_knows_that_too)
{
	writes(a, 64, 8);
	store(a);
	run_locked(b, 0);
	reads(b, 64, 8);
	ck_assert_uint_eq(finding_count, 0);
}
END_TEST

START_TEST(so_does_who_comes_after_the_first)
{
	writes(a, 64, 8);
	store(a);
	load(b);
	load(c);
	reads(c, 64, 8);
	ck_assert_uint_eq(finding_count, 0);
}
END_TEST

START_TEST(what_the_owner_has_acquired_is_known_too)
{
	writes(c, 64, 8);
	run_locked(c, 32);
	load_at(a, 32, 4);
	store(a);
	load(b);
	reads(b, 64, 8);
	ck_assert_uint_eq(finding_count, 0);
}
END_TEST

START_TEST(who_does_not_come_there_knows_nothing)
{
	writes(a, 64, 8);
	store(a);
	reads(b, 64, 8);
	ck_assert_uint_eq(finding_count, 1);
}
END_TEST

START_TEST(what_comes_after_the_next_store_is_not_known)
{
	store(a);
	load(b);
	store(a);
	writes(a, 64, 8);
	reads(b, 64, 8);
	ck_assert_uint_eq(finding_count, 1);
}
END_TEST

START_TEST(what_comes_in_a_later_epoch_is_not_known)
{
	store(a);
	run_locked(a, 32);
	writes(a, 64, 8);
	load(b);
	reads(b, 64, 8);
	ck_assert_uint_eq(finding_count, 1);
}
END_TEST

/* Thread c knows what a has written since its last store. */
static void tell_third(bool is_answered)
{
	store(a);
	run_locked(a, 32);
	writes(a, 64, 8);
	run_locked(a, 32);
	run_locked(c, 32);
	writes(c, 72, 8);
	run_locked(c, 32);
	if (is_answered)
		run_locked(a, 32);
	load(b);
	reads(b, 64, 8);
}

START_TEST(what_those_knew_that_the_owner_has_acquired_from_is_known)
{
	tell_third(true);
	ck_assert_uint_eq(finding_count, 0);
}
END_TEST

START_TEST(what_others_know_of_the_owner_is_not)
{
	tell_third(false);
	ck_assert_uint_eq(finding_count, 1);
}
END_TEST

/* The owner's load may be made after that store, though its check came before. */
START_TEST(what_others_store_the_owner_may_have_loaded)
{
	expect_loaded(0, 4, true);
}
END_TEST

/* The checks of loads from two owned locations may both come before the first load. */
START_TEST(each_of_its_last_loads_may_be_of_what_others_store)
{
	for (uint32_t i = 0; i < 7; i++)
		run_locked(a, 8 * (i + 1));
	for (uint32_t i = 0; i < ATOMIC_STORES_ALONE; i++)
		run_locked(a, 64);
	ck_assert_uint_eq(location()->number % OWNED_LOADS,
			  atomic_table_get(&judge, *shadow_of(MEMORY_AT + 64).write)->number %
				  OWNED_LOADS);
	load(a);
	load_at(a, 64, 4);
	writes(b, 128, 8);
	store(b);
	reads(a, 128, 8);
	ck_assert_uint_eq(finding_count, 0);
}
END_TEST

START_TEST(what_it_has_not_loaded_orders_nothing)
{
	expect_loaded(0, 4, false);
}
END_TEST

START_TEST(where_others_load_nobody_becomes_the_owner)
{
	load(b);
	store_alone(a, 2 * ATOMIC_STORES_ALONE - 1);
	load(b);
	store_alone(a, 2 * ATOMIC_STORES_ALONE - 1);
	ck_assert_uint_eq(location()->owner, 0);
	store(a);
	ck_assert_uint_ne(location()->owner, 0);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("owner");

	tcase_add_checked_fixture(tests, set_up, NULL);
	tcase_add_test(tests, an_owner_goes_on_in_its_epoch);
	tcase_add_test(tests, an_owner_may_use_locked_instructions);
	tcase_add_test(tests, an_owner_stores_quickly_in_each_epoch);
	tcase_add_test(tests, what_it_has_not_stored_in_an_epoch_is_not_released);
	tcase_add_test(tests, what_may_be_a_lock_has_no_owner);
	tcase_add_test(tests, what_an_owner_adds_may_be_lost);
	tcase_add_test(tests, who_loads_knows_what_came_before_the_store);
	tcase_add_test(tests, who_changes_it_by_a_locked_instruction_knows_that_too);
	tcase_add_test(tests, so_does_who_comes_after_the_first);
	tcase_add_test(tests, what_the_owner_has_acquired_is_known_too);
	tcase_add_test(tests, who_does_not_come_there_knows_nothing);
	tcase_add_test(tests, what_comes_after_the_next_store_is_not_known);
	tcase_add_test(tests, what_comes_in_a_later_epoch_is_not_known);
	tcase_add_test(tests, what_those_knew_that_the_owner_has_acquired_from_is_known);
	tcase_add_test(tests, what_others_know_of_the_owner_is_not);
	tcase_add_test(tests, what_others_store_the_owner_may_have_loaded);
	tcase_add_test(tests, each_of_its_last_loads_may_be_of_what_others_store);
	tcase_add_test(tests, what_it_has_not_loaded_orders_nothing);
	tcase_add_test(tests, where_others_load_nobody_becomes_the_owner);
	return racing_run(tests);
}
