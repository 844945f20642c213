/* Loads of atomic locations: how long they may still be about to be made. */
#include <check.h>

#include "detect/race/atomics/atomic_location.h"
#include "detect/race/memory.h"
#include "racing.h"

static struct thread *a, *b;

static void run_locked(struct thread *thread)
{
	uint32_t flags = SITE_READ | SITE_WRITE | SITE_UPDATE | SITE_LOCKED;
	struct access access = {
		.address = MEMORY_AT,
		.size_bytes = 4,
		.site = racing_site(flags, 4),
		.flags = flags,
	};
	struct atomic_location *location = access_synchronise_begin(&judge, thread, &access);

	access_synchronise_end(&judge, thread, location, &access, LOCKED_STORED);
}

/* The check of a load of what is atomic, which is made after @looks slow accesses. */
static void check_load(uint32_t looks)
{
	accesses_at(b, racing_site(SITE_READ | SITE_PLAIN_MOVE | looks << SITE_LOOKS_SHIFT, 4), 0,
		    4);
}

/* What b may learn by the load. */
static void tell(void)
{
	writes(a, 64, 8);
	run_locked(a);
}

static void set_up(void)
{
	set_up_racing();
	a = racing_start(first);
	b = racing_start(first);
	run_locked(a);
}

START_TEST(a_load_is_made_after_its_check)
{
	check_load(1);
	tell();
	reads(b, 64, 8);
	ck_assert_uint_eq(finding_count, 0);
}
END_TEST

START_TEST(a_load_that_has_been_made_acquires_nothing_more)
{
	check_load(1);
	reads(b, 128, 8);
	tell();
	reads(b, 64, 8);
	ck_assert_uint_eq(finding_count, 1);
}
END_TEST

START_TEST(checks_may_stand_between_that_of_a_load_and_the_load)
{
	check_load(3);
	reads(b, 128, 8);
	reads(b, 136, 4);
	tell();
	reads(b, 64, 8);
	ck_assert_uint_eq(finding_count, 0);
}
END_TEST

START_TEST(a_check_between_counts_once_however_often_it_looks)
{
	check_load(2);
	reads(b, 128, 8);
	memory_settle(&judge, b);
	memory_settle(&judge, b);
	tell();
	reads(b, 64, 8);
	ck_assert_uint_eq(finding_count, 0);
}
END_TEST

START_TEST(of_two_loads_the_later_one_counts)
{
	check_load(3);
	check_load(1);
	reads(b, 128, 8);
	tell();
	reads(b, 64, 8);
	ck_assert_uint_eq(finding_count, 0);
}
END_TEST

/* In the place of the accesses of a signal handler. */
START_TEST(a_handler_makes_no_load_of_what_it_interrupts)
{
	check_load(1);
	atomic_look_anew(b);
	reads(b, 128, 8);
	reads(b, 136, 8);
	tell();
	reads(b, 64, 8);
	ck_assert_uint_eq(finding_count, 0);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("looks");

	tcase_add_checked_fixture(tests, set_up, NULL);
	tcase_add_test(tests, a_load_is_made_after_its_check);
	tcase_add_test(tests, a_load_that_has_been_made_acquires_nothing_more);
	tcase_add_test(tests, checks_may_stand_between_that_of_a_load_and_the_load);
	tcase_add_test(tests, a_check_between_counts_once_however_often_it_looks);
	tcase_add_test(tests, of_two_loads_the_later_one_counts);
	tcase_add_test(tests, a_handler_makes_no_load_of_what_it_interrupts);
	return racing_run(tests);
}
