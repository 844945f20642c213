#include <check.h>
#include <signal.h>
#include <stdlib.h>

#include "base/runtime_lock.h"

static struct runtime_lock lock;
static bool they_wait;

static bool say_whether(uintptr_t sp)
{
	(void)sp;
	return they_wait;
}

static bool is_blocked(int signal)
{
	sigset_t mask;

	ck_assert_int_eq(sigprocmask(SIG_BLOCK, NULL, &mask), 0);
	return sigismember(&mask, signal) == 1;
}

static void block_only(int signal)
{
	sigset_t mask;

	sigemptyset(&mask);
	sigaddset(&mask, signal);
	ck_assert_int_eq(sigprocmask(SIG_SETMASK, &mask, NULL), 0);
}

START_TEST(signals_are_blocked_while_it_is_held)
{
	block_only(SIGUSR1);
	runtime_lock(&lock);
	ck_assert(is_blocked(SIGUSR2));
	ck_assert_uint_eq(runtime_lock_signals(&lock), 1u << (SIGUSR1 - 1));
	runtime_unlock(&lock);
	ck_assert(!is_blocked(SIGUSR2));
	ck_assert(is_blocked(SIGUSR1));
}
END_TEST

START_TEST(signals_stay_as_they_are_where_handlers_wait)
{
	handlers_wait = say_whether;
	they_wait = true;
	block_only(SIGUSR1);
	runtime_lock(&lock);
	ck_assert(!is_blocked(SIGUSR2));
	ck_assert_uint_eq(runtime_lock_signals(&lock), 1u << (SIGUSR1 - 1));
	they_wait = false;
	runtime_unlock(&lock);
	ck_assert(!is_blocked(SIGUSR2));
	ck_assert(is_blocked(SIGUSR1));
}
END_TEST

START_TEST(signals_are_blocked_where_handlers_do_not_wait)
{
	handlers_wait = say_whether;
	they_wait = false;
	block_only(SIGUSR1);
	runtime_lock(&lock);
	ck_assert(is_blocked(SIGUSR2));
	runtime_unlock(&lock);
	ck_assert(!is_blocked(SIGUSR2));
}
END_TEST

START_TEST(one_inside_of_another_leaves_signals_to_that)
{
	static struct runtime_lock inner;

	block_only(SIGUSR1);
	runtime_lock(&lock);
	runtime_lock_inside(&inner);
	ck_assert(is_blocked(SIGUSR2));
	runtime_unlock(&inner);
	ck_assert(is_blocked(SIGUSR2));
	runtime_unlock(&lock);
	ck_assert(!is_blocked(SIGUSR2));
	ck_assert(is_blocked(SIGUSR1));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("runtime_lock");
	TCase *tests = tcase_create("runtime_lock");
	SRunner *runner = srunner_create(suite);
	int failed_count;

	tcase_add_test(tests, signals_are_blocked_while_it_is_held);
	tcase_add_test(tests, signals_stay_as_they_are_where_handlers_wait);
	tcase_add_test(tests, signals_are_blocked_where_handlers_do_not_wait);
	tcase_add_test(tests, one_inside_of_another_leaves_signals_to_that);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
