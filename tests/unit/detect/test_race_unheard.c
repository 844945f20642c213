/* Places in the code whose stores to atomics nobody has come for: atomic_location.h. */
#include "detect/sync/thread.h"
#include "owner_lab.h"

#define WORD 40u /* used by thread a alone, for less long than what it owns */

static site_id unheard;

static void store_unheard(uint32_t offset)
{
	accesses_at(a, unheard, offset, 4);
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

static void store_between(void)
{
	writes(a, BEFORE, 8);
	store_unheard(WORD);
	writes(a, AFTER, 8);
}

/* Thread b, who comes next, knows what was before the last store. */
static void comes_next(bool is_after_known)
{
	load_at(b, WORD, 4);
	expect_known(true, is_after_known);
}

START_TEST(what_nobody_comes_for_is_put_off)
{
	uint64_t epoch;

	recycle(4 * ATOMIC_UNHEARD_PART);
	writes(a, BEFORE, 8);
	epoch = a->clocks.recorded_epoch;
	store_unheard(WORD);
	writes(a, AFTER, 8);
	ck_assert_uint_eq(a->clocks.recorded_epoch, epoch);
	comes_next(true);
	ck_assert_uint_eq(judge.counters[COUNTER_RELEASES_PUT_OFF], 1);
}
END_TEST

/* Who hands over seldom would hide a race each time. */
START_TEST(what_somebody_came_for_once_is_never_put_off_again)
{
	recycle(4 * ATOMIC_UNHEARD_PART);
	load_at(b, WORD, 4);
	ck_assert_uint_eq(site_unheard[unheard], SITE_HEARD);
	for (uint32_t i = 0; i < SITE_UNHEARD; i++) {
		exchange(a, WORD);
		store_unheard(WORD);
		store_unheard(WORD);
	}
	store_between();
	comes_next(false);
}
END_TEST

/* ... for what was not put off. */
START_TEST(what_somebody_comes_for_is_counted_anew)
{
	recycle(4 * ATOMIC_UNHEARD_PART);
	exchange(a, WORD);
	store_unheard(WORD);
	load_at(b, WORD, 4);
	ck_assert_uint_eq(site_unheard[unheard], 0);
	store_unheard(WORD);
	store_unheard(WORD);
	store_between();
	comes_next(false);
}
END_TEST

START_TEST(who_has_used_it_alone_for_a_short_time_puts_nothing_off)
{
	recycle(ATOMIC_UNHEARD_PART / 2);
	store_between();
	comes_next(false);
}
END_TEST

/* It may give back a lock. */
START_TEST(the_first_store_after_an_exchange_is_not_put_off)
{
	recycle(4 * ATOMIC_UNHEARD_PART);
	exchange(a, WORD);
	store_between();
	comes_next(false);
}
END_TEST

/* What is stored beside a lock since it was taken is no store to the lock. */
START_TEST(nor_is_that_with_another_one_beside_it_before)
{
	recycle(4 * ATOMIC_UNHEARD_PART);
	exchange(a, WORD + 4);
	exchange(a, WORD);
	store_unheard(WORD + 4);
	store_between();
	comes_next(false);
}
END_TEST

START_TEST(what_another_place_stores_is_not_put_off)
{
	recycle(4 * ATOMIC_UNHEARD_PART);
	writes(a, BEFORE, 8);
	store_at(a, WORD, 4);
	ck_assert_uint_eq(location_at(WORD)->owner, 0);
	writes(a, AFTER, 8);
	comes_next(false);
}
END_TEST

/* With that goes what was put off in the other half. */
START_TEST(such_a_store_makes_the_release_of_all_of_it)
{
	recycle(4 * ATOMIC_UNHEARD_PART);
	exchange(a, WORD + 4);
	store_unheard(WORD + 4);
	store_unheard(WORD + 4);
	writes(a, BEFORE, 8);
	store_unheard(WORD);
	store_at(a, WORD + 4, 4);
	writes(a, AFTER, 8);
	comes_next(false);
}
END_TEST

/* Also if it stores nothing, as a comparison that fails. */
START_TEST(a_locked_instruction_makes_the_release)
{
	struct access access = {.address = MEMORY_AT + WORD, .size_bytes = 4};

	recycle(4 * ATOMIC_UNHEARD_PART);
	writes(a, BEFORE, 8);
	store_unheard(WORD);
	access.site = racing_site(SITE_READ | SITE_WRITE | SITE_LOCKED, 4);
	access.flags = SITE_READ | SITE_WRITE | SITE_LOCKED;
	access_synchronise_end(&judge, a, access_synchronise_begin(&judge, a, &access), &access,
			       LOCKED_READ);
	writes(a, AFTER, 8);
	comes_next(false);
}
END_TEST

/* As of a load that it made as the owner and that is under way. */
START_TEST(who_gives_it_up_may_load_what_others_store)
{
	recycle(4 * ATOMIC_UNHEARD_PART);
	load_at(a, WORD, 4);
	store_at(a, WORD, 4);
	writes(b, 64, 8);
	store_at(b, WORD, 4);
	reads(a, 64, 8);
	ck_assert_uint_eq(finding_count, 0);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("unheard");

	tcase_add_checked_fixture(tests, owner_set_up, NULL);
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
