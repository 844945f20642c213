/* Who alone stores to an atomic location, and what those learn who come there after that. */
#include <check.h>

#include "detect/shadow/atomic_table.h"
#include "detect/sync/thread.h"
#include "racing.h"

static struct thread *a, *b, *c;

static void run(struct thread *thread, uint32_t offset, uint32_t flags)
{
	struct access access = {
		.address = MEMORY_AT + offset,
		.size_bytes = 4,
		.site = racing_site(flags, 4),
		.flags = flags,
	};
	struct atomic_location *location = access_synchronise_begin(&judge, thread, &access);

	access_synchronise_end(&judge, thread, location, &access, LOCKED_STORED);
}

static void run_locked(struct thread *thread, uint32_t offset)
{
	run(thread, offset, SITE_READ | SITE_WRITE | SITE_UPDATE | SITE_LOCKED);
}

static void load(struct thread *thread)
{
	accesses_at(thread, racing_site(SITE_READ | SITE_PLAIN_MOVE, 4), 0, 4);
}

static void store(struct thread *thread)
{
	accesses_at(thread, racing_site(SITE_WRITE | SITE_PLAIN_MOVE, 4), 0, 4);
}

static const struct atomic_location *location_at(uint32_t offset)
{
	return atomic_table_get(&judge, *shadow_of(MEMORY_AT + offset).write);
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
	set_up_racing();
	a = racing_start(first);
	b = racing_start(first);
	c = racing_start(first);
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
		run(a, 0, SITE_READ | SITE_WRITE | SITE_LOCKED);
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
	accesses_at(a, racing_site(SITE_READ | SITE_PLAIN_MOVE, 4), 32, 4);
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
	load(a);
	writes(b, 64, 8);
	store(b);
	reads(a, 64, 8);
	ck_assert_uint_eq(finding_count, 0);
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
	accesses_at(a, racing_site(SITE_READ | SITE_PLAIN_MOVE, 4), 64, 4);
	writes(b, 128, 8);
	store(b);
	reads(a, 128, 8);
	ck_assert_uint_eq(finding_count, 0);
}
END_TEST

START_TEST(what_it_has_not_loaded_orders_nothing)
{
	writes(b, 64, 8);
	store(b);
	reads(a, 64, 8);
	ck_assert_uint_eq(finding_count, 1);
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

/* --- Places in the code that store what nobody comes for ---------------------------- */

#define WORD 40u /* used by thread a alone, for less long than what it owns */

static site_id unheard;

static void store_unheard(uint32_t offset)
{
	accesses_at(a, unheard, offset, 4);
}

static void exchange(struct thread *thread, uint32_t offset)
{
	run(thread, offset, SITE_READ | SITE_WRITE | SITE_LOCKED);
}

static void load_word(struct thread *thread)
{
	accesses_at(thread, racing_site(SITE_READ | SITE_PLAIN_MOVE, 4), WORD, 4);
}

/* Thread a uses the word again and again, as memory that it takes from a pool of its own. */
static void recycle(uint32_t uses)
{
	unheard = racing_site(SITE_WRITE | SITE_PLAIN_MOVE, 4);
	site_unheard[unheard] = SITE_UNHEARD;
	for (uint32_t i = 0; i < uses / 4; i++) {
		exchange(a, WORD);
		for (uint32_t j = 0; j < 3; j++)
			store_unheard(WORD);
	}
}

/* Where thread a writes before and after it stores: does b, who comes next, know of these? */
static void expect_known(bool is_before_known, bool is_after_known)
{
	load_word(b);
	reads(b, 64, 8);
	ck_assert_uint_eq(finding_count, is_before_known ? 0 : 1);
	reads(b, 72, 8);
	ck_assert_uint_eq(finding_count, !is_before_known + !is_after_known);
}

START_TEST(what_nobody_comes_for_is_put_off)
{
	uint64_t epoch;

	recycle(4 * ATOMIC_UNHEARD_PART);
	writes(a, 64, 8);
	epoch = a->clocks.recorded_epoch;
	store_unheard(WORD);
	writes(a, 72, 8);
	ck_assert_uint_eq(a->clocks.recorded_epoch, epoch);
	expect_known(true, true);
	ck_assert_uint_eq(judge.counters[COUNTER_RELEASES_PUT_OFF], 1);
}
END_TEST

/* Who hands over seldom would hide a race each time. */
START_TEST(what_somebody_came_for_once_is_never_put_off_again)
{
	recycle(4 * ATOMIC_UNHEARD_PART);
	load_word(b);
	ck_assert_uint_eq(site_unheard[unheard], SITE_HEARD);
	for (uint32_t i = 0; i < SITE_UNHEARD; i++) {
		exchange(a, WORD);
		store_unheard(WORD);
		store_unheard(WORD);
	}
	writes(a, 64, 8);
	store_unheard(WORD);
	writes(a, 72, 8);
	expect_known(true, false);
}
END_TEST

/* ... for what was not put off. */
START_TEST(what_somebody_comes_for_is_counted_anew)
{
	recycle(4 * ATOMIC_UNHEARD_PART);
	exchange(a, WORD);
	store_unheard(WORD);
	load_word(b);
	ck_assert_uint_eq(site_unheard[unheard], 0);
	store_unheard(WORD);
	store_unheard(WORD);
	writes(a, 64, 8);
	store_unheard(WORD);
	writes(a, 72, 8);
	expect_known(true, false);
}
END_TEST

START_TEST(who_has_used_it_alone_for_a_short_time_puts_nothing_off)
{
	recycle(ATOMIC_UNHEARD_PART / 2);
	writes(a, 64, 8);
	store_unheard(WORD);
	writes(a, 72, 8);
	expect_known(true, false);
}
END_TEST

/* It may give back a lock. */
START_TEST(the_first_store_after_an_exchange_is_not_put_off)
{
	recycle(4 * ATOMIC_UNHEARD_PART);
	exchange(a, WORD);
	writes(a, 64, 8);
	store_unheard(WORD);
	writes(a, 72, 8);
	expect_known(true, false);
}
END_TEST

/* What is stored beside a lock since it was taken is no store to the lock. */
START_TEST(nor_is_that_with_another_one_beside_it_before)
{
	recycle(4 * ATOMIC_UNHEARD_PART);
	exchange(a, WORD + 4);
	exchange(a, WORD);
	store_unheard(WORD + 4);
	writes(a, 64, 8);
	store_unheard(WORD);
	writes(a, 72, 8);
	expect_known(true, false);
}
END_TEST

START_TEST(what_another_place_stores_is_not_put_off)
{
	recycle(4 * ATOMIC_UNHEARD_PART);
	writes(a, 64, 8);
	accesses_at(a, racing_site(SITE_WRITE | SITE_PLAIN_MOVE, 4), WORD, 4);
	ck_assert_uint_eq(location_at(WORD)->owner, 0);
	writes(a, 72, 8);
	expect_known(true, false);
}
END_TEST

/* With that goes what was put off in the other half. */
START_TEST(such_a_store_makes_the_release_of_all_of_it)
{
	recycle(4 * ATOMIC_UNHEARD_PART);
	exchange(a, WORD + 4);
	store_unheard(WORD + 4);
	store_unheard(WORD + 4);
	writes(a, 64, 8);
	store_unheard(WORD);
	accesses_at(a, racing_site(SITE_WRITE | SITE_PLAIN_MOVE, 4), WORD + 4, 4);
	writes(a, 72, 8);
	expect_known(true, false);
}
END_TEST

/* Also if it stores nothing, as a comparison that fails. */
START_TEST(a_locked_instruction_makes_the_release)
{
	struct access access = {.address = MEMORY_AT + WORD, .size_bytes = 4};

	recycle(4 * ATOMIC_UNHEARD_PART);
	writes(a, 64, 8);
	store_unheard(WORD);
	access.site = racing_site(SITE_READ | SITE_WRITE | SITE_LOCKED, 4);
	access.flags = SITE_READ | SITE_WRITE | SITE_LOCKED;
	access_synchronise_end(&judge, a, access_synchronise_begin(&judge, a, &access), &access,
			       LOCKED_READ);
	writes(a, 72, 8);
	expect_known(true, false);
}
END_TEST

/* As of a load that it made as the owner and that is under way. */
START_TEST(who_gives_it_up_may_load_what_others_store)
{
	recycle(4 * ATOMIC_UNHEARD_PART);
	load_word(a);
	accesses_at(a, racing_site(SITE_WRITE | SITE_PLAIN_MOVE, 4), WORD, 4);
	writes(b, 64, 8);
	accesses_at(b, racing_site(SITE_WRITE | SITE_PLAIN_MOVE, 4), WORD, 4);
	reads(a, 64, 8);
	ck_assert_uint_eq(finding_count, 0);
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
	tcase_add_test(tests, what_nobody_comes_for_is_put_off);
	tcase_add_test(tests, what_somebody_came_for_once_is_never_put_off_again);
	tcase_add_test(tests, what_somebody_comes_for_is_counted_anew);
	tcase_add_test(tests, who_has_used_it_alone_for_a_short_time_puts_nothing_off);
	tcase_add_test(tests, the_first_store_after_an_exchange_is_not_put_off);
	tcase_add_test(tests, nor_is_that_with_another_one_beside_it_before);
	tcase_add_test(tests, what_another_place_stores_is_not_put_off);
	tcase_add_test(tests, such_a_store_makes_the_release_of_all_of_it);
	tcase_add_test(tests, a_locked_instruction_makes_the_release);
	tcase_add_test(tests, who_gives_it_up_may_load_what_others_store);
	return racing_run(tests);
}
