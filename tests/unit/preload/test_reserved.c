#include <check.h>
#include <stdlib.h>

#include "preload/heap/reserved.h"

#define AREA 0x7e0000000000ul
#define AREA_BYTES (1ul << 40)
#define PAGE 4096ul

/* What of [start, start + size_bytes) is checked when it ends. */
static void expect_checked(uintptr_t start, size_t size_bytes, uintptr_t first, size_t bytes)
{
	reserved_ends(&start, &size_bytes);
	ck_assert_uint_eq(size_bytes, bytes);
	if (bytes)
		ck_assert_uint_eq(start, first);
}

START_TEST(what_was_never_opened_needs_no_check)
{
	reserved_begins(AREA, AREA_BYTES);
	reserved_opened(AREA - PAGE, PAGE);
	reserved_opened(AREA + AREA_BYTES, PAGE);
	expect_checked(AREA, AREA_BYTES, AREA, 0);
}
END_TEST

START_TEST(what_was_opened_is_checked)
{
	reserved_begins(AREA, AREA_BYTES);
	reserved_opened(AREA + 9 * PAGE, PAGE);
	reserved_opened(AREA + 5 * PAGE, PAGE);
	expect_checked(AREA, AREA_BYTES, AREA + 5 * PAGE, 5 * PAGE);
}
END_TEST

START_TEST(an_area_that_has_ended_is_forgotten)
{
	reserved_begins(AREA, AREA_BYTES);
	expect_checked(AREA, AREA_BYTES, AREA, 0);
	expect_checked(AREA, AREA_BYTES, AREA, AREA_BYTES);
}
END_TEST

START_TEST(an_area_that_lost_a_part_is_checked_wholly)
{
	reserved_begins(AREA, AREA_BYTES);
	expect_checked(AREA + PAGE, PAGE, AREA + PAGE, PAGE);
	expect_checked(AREA, AREA_BYTES, AREA, AREA_BYTES);
}
END_TEST

START_TEST(small_areas_and_too_many_are_checked_wholly)
{
	uintptr_t start = AREA;

	reserved_begins(AREA, PAGE);
	expect_checked(AREA, PAGE, AREA, PAGE);
	for (; start < AREA + 40 * AREA_BYTES; start += AREA_BYTES)
		reserved_begins(start, AREA_BYTES);
	start -= AREA_BYTES;
	expect_checked(start, AREA_BYTES, start, AREA_BYTES);
	expect_checked(AREA, AREA_BYTES, AREA, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("reserved");
	TCase *tests = tcase_create("areas");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tests);
	tcase_add_test(tests, what_was_never_opened_needs_no_check);
	tcase_add_test(tests, what_was_opened_is_checked);
	tcase_add_test(tests, an_area_that_has_ended_is_forgotten);
	tcase_add_test(tests, an_area_that_lost_a_part_is_checked_wholly);
	tcase_add_test(tests, small_areas_and_too_many_are_checked_wholly);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
