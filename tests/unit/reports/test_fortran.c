#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "reports/symbols/fortran.h"

static bool is_plain(const char *text)
{
	return fortran_is_plain(text, strlen(text));
}

START_TEST(suffix_tells)
{
	ck_assert(fortran_is_source("a/solver.f90"));
	ck_assert(fortran_is_source("SOLVER.F"));
	ck_assert(!fortran_is_source("solver.c"));
	ck_assert(!fortran_is_source("f90/solver"));
}
END_TEST

START_TEST(assignments_are_plain)
{
	ck_assert(is_plain("!$omp parallel private(i)\nflag = i\n!$omp end parallel\n"));
	ck_assert(is_plain(""));
	ck_assert(is_plain("print *, '#'\n"));
}
END_TEST

START_TEST(names_of_atomics_are_not)
{
	ck_assert(!is_plain("!$omp atomic write\nflag = i\n"));
	ck_assert(!is_plain("!$OMP ATOMIC\ncount = count + 1\n"));
	ck_assert(!is_plain("call atomic_define(flag, 1)\n"));
	ck_assert(!is_plain("integer, volatile :: flag\n"));
	ck_assert(!is_plain("!$omp flush(flag)\n"));
	ck_assert(!is_plain("!$omp do reduction(+:total)\n"));
	ck_assert(!is_plain("include 'flags.inc'\n"));
	ck_assert(!is_plain("x = 1\n#define set call put\n"));
}
END_TEST

START_TEST(a_directive_is_for_the_next_line)
{
	const char *text = "flag = 1\n  !$OMP Atomic write\nflag = i\n"
			   "flag = j\n! atomic\nflag = 2\n";
	static const bool expected[] = {false, true, true, false, false, false, false};

	for (unsigned line = 1; line <= ARRAY_LENGTH(expected); line++)
		ck_assert_int_eq(fortran_is_atomic(text, strlen(text), line), expected[line - 1]);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("fortran");
	TCase *test_case = tcase_create("fortran");
	SRunner *runner;
	int failed;

	tcase_add_test(test_case, suffix_tells);
	tcase_add_test(test_case, assignments_are_plain);
	tcase_add_test(test_case, a_directive_is_for_the_next_line);
	tcase_add_test(test_case, names_of_atomics_are_not);
	suite_add_tcase(suite, test_case);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
