/* Call sites: one for each place and sort of access, however many there are. */
#include <check.h>
#include <stdlib.h>

#include "base/arena.h"
#include "preload/code/call_site.h"
#include "preload/guest/guest.h"
#include "preload/guest/modules.h"

#define CODE ((uintptr_t)0x400000)
#define CALL_BYTES 5u
#define MANY 20000u
#define MOST 98304u /* three quarters of the largest table */

struct detector guest_detector;
uint32_t guest_code_generation = 1;

static struct module modules[2];

/* Each generation of the code has another module there. */
struct module *modules_find(uintptr_t address, uint32_t generation)
{
	(void)address;
	return &modules[generation % 2];
}

static void set_up(void)
{
	site_table_init(&guest_detector.sites, pages_from_kernel);
}

static uintptr_t place(uint32_t number)
{
	return CODE + number * CALL_BYTES;
}

static site_id site_at(uint32_t number)
{
	return call_site(place(number), number % 2 ? SITE_WRITE : SITE_READ);
}

START_TEST(each_place_has_its_site_and_keeps_it)
{
	static site_id sites[MANY];

	for (uint32_t i = 0; i < MANY; i++)
		sites[i] = site_at(i);
	for (uint32_t i = 0; i < MANY; i++) {
		const struct site *site = site_get(&guest_detector.sites, sites[i]);

		ck_assert_ptr_nonnull(site);
		ck_assert_uint_eq(site->address, place(i) - 1);
		ck_assert_uint_eq(site_at(i), sites[i]);
	}
	ck_assert_uint_eq(guest_detector.sites.count, MANY);
}
END_TEST

START_TEST(place_in_other_code_has_another_site)
{
	site_id before = site_at(1);

	guest_code_generation++;
	ck_assert_uint_ne(site_at(1), before);
	ck_assert_uint_eq(site_at(1), site_at(1));
}
END_TEST

START_TEST(table_has_an_end)
{
	for (uint32_t i = 0; i < MOST; i++)
		ck_assert_uint_ne(site_at(i), 0);
	ck_assert_uint_eq(site_at(MOST), 0);
	ck_assert_uint_ne(site_at(MOST - 1), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("call sites");
	TCase *tests = tcase_create("sites");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tests, set_up, NULL);
	tcase_add_test(tests, each_place_has_its_site_and_keeps_it);
	tcase_add_test(tests, place_in_other_code_has_another_site);
	tcase_add_test(tests, table_has_an_end);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
