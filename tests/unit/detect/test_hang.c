/*
 * Hangs that a signal handler may end: each is taken back when a wait ends, whoever has seen
 * it meanwhile.
 */
#include <check.h>

#include "detect/deadlock/hang.h"
#include "detect/deadlock/wait.h"
#include "detect/sync/semaphore.h"
#include "knowledge.h"

static unsigned emitted_count, repeated_count, retracted_count;
static struct thread *ends_meanwhile; /* its wait, while the finding is made; or NULL */

static void emit(struct detector *detector, const struct finding *finding)
{
	ck_assert_int_eq(finding->kind, FINDING_HANG);
	ck_assert(finding->is_provisional);
	emitted_count++;
	if (ends_meanwhile)
		wait_end(detector, ends_meanwhile);
}

static void repeat(struct detector *detector, uint32_t finding)
{
	(void)detector;
	(void)finding;
	repeated_count++;
}

static void retract(struct detector *detector, uint32_t finding)
{
	(void)detector;
	ck_assert_uint_eq(finding, judge.finding_count);
	retracted_count++;
}

static bool say_no(struct detector *detector)
{
	(void)detector;
	return false;
}

static struct detector_hooks hooks;

/* Both threads that are left wait for a semaphore of their own. */
static void wait_for_handlers(struct thread *meanwhile)
{
	struct sync_object *mine = object_of(OBJECT_SEMAPHORE, 1);
	struct sync_object *others = object_of(OBJECT_SEMAPHORE, 2);

	emitted_count = repeated_count = retracted_count = 0;
	ends_meanwhile = meanwhile;
	hooks = *judge.hooks;
	hooks.emit = emit;
	hooks.count = repeat;
	hooks.retract = retract;
	hooks.can_be_woken = say_no;
	judge.hooks = &hooks;
	join(first, b);
	join(first, c);
	semaphore_initialised(&judge, mine, 0);
	semaphore_initialised(&judge, others, 0);
	semaphore_wait_begin(&judge, first, mine, false, HERE);
	semaphore_wait_begin(&judge, a, others, false, HERE);
	ck_assert_uint_eq(emitted_count, 1);
}

START_TEST(a_hang_seen_by_two_is_taken_back)
{
	wait_for_handlers(NULL);
	hang_check(&judge, first);
	ck_assert_uint_eq(repeated_count, 1);
	ck_assert_uint_eq(retracted_count, 0);
	wait_end(&judge, a);
	ck_assert_uint_eq(retracted_count, 1);
	wait_end(&judge, first);
	ck_assert_uint_eq(retracted_count, 1);
}
END_TEST

START_TEST(a_wait_that_ends_before_the_finding_is_known_takes_it_back)
{
	wait_for_handlers(first);
	ck_assert_uint_eq(retracted_count, 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("hang");
	TCase *tests = tcase_create("hang");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tests, set_up_threads, tear_down_threads);
	tcase_add_test(tests, a_hang_seen_by_two_is_taken_back);
	tcase_add_test(tests, a_wait_that_ends_before_the_finding_is_known_takes_it_back);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
