/*
 * Hangs that a signal handler may end: each is taken back when a wait ends, whoever has seen
 * it meanwhile.  And who has been woken, but has not come back yet, waits no more.
 */
#include <check.h>

#include "detect/deadlock/hang.h"
#include "detect/deadlock/misuse.h"
#include "detect/deadlock/wait.h"
#include "detect/sync/condition.h"
#include "detect/sync/semaphore.h"
#include "knowledge.h"

static unsigned emitted_count, repeated_count, retracted_count;
static struct finding emitted;
static struct thread *ends_meanwhile; /* its wait, while the finding is made; or NULL */

static void emit(struct detector *detector, const struct finding *finding)
{
	emitted = *finding;
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

/* Threads first and a are left, and hangs are looked for. */
static void leave_two(void)
{
	emitted_count = repeated_count = retracted_count = 0;
	ends_meanwhile = NULL;
	hooks = *judge.hooks;
	hooks.emit = emit;
	hooks.count = repeat;
	hooks.retract = retract;
	hooks.can_be_woken = say_no;
	judge.hooks = &hooks;
	join(first, b);
	join(first, c);
}

/* Both wait for a semaphore of their own. */
static void wait_for_handlers(struct thread *meanwhile)
{
	struct sync_object *mine = object_of(OBJECT_SEMAPHORE, 1);
	struct sync_object *others = object_of(OBJECT_SEMAPHORE, 2);

	leave_two();
	ends_meanwhile = meanwhile;
	semaphore_initialised(&judge, mine, 0);
	semaphore_initialised(&judge, others, 0);
	semaphore_wait_begin(&judge, first, mine, false, HERE);
	semaphore_wait_begin(&judge, a, others, false, HERE);
	ck_assert_uint_eq(emitted_count, 1);
	ck_assert_int_eq(emitted.kind, FINDING_HANG);
	ck_assert(emitted.is_provisional);
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

static void wait_on(struct thread *thread, struct sync_object *condition, struct sync_object *mutex)
{
	struct condition_wait wait = {.condition = condition, .mutex = mutex, .stack = HERE};

	take_mutex(thread, mutex);
	condition_wait_begin(&judge, thread, &wait, false);
}

/* Thread a has begun to wait on a condition, and is woken or not when first waits on another. */
static void wait_both(bool is_woken)
{
	struct sync_object *condition = object_of(OBJECT_CONDITION, 1);

	leave_two();
	wait_on(a, condition, object_of(OBJECT_MUTEX, 2));
	if (is_woken)
		condition_signalled(&judge, first, condition, false, HERE);
	wait_on(first, object_of(OBJECT_CONDITION, 3), object_of(OBJECT_MUTEX, 4));
}

START_TEST(who_has_been_woken_does_not_hang)
{
	wait_both(true);
	ck_assert_uint_eq(emitted_count, 0);
}
END_TEST

START_TEST(who_has_not_been_woken_hangs)
{
	wait_both(false);
	ck_assert_uint_eq(emitted_count, 1);
	ck_assert_int_eq(emitted.kind, FINDING_HANG);
}
END_TEST

START_TEST(a_condition_is_destroyed_with_its_waiters_until_they_are_woken)
{
	struct sync_object *condition = object_of(OBJECT_CONDITION, 1);

	leave_two();
	wait_on(a, condition, object_of(OBJECT_MUTEX, 2));
	misuse_destroyed(&judge, first, condition, HERE, REAL_UNKNOWN);
	ck_assert_uint_eq(emitted_count, 1);
	ck_assert_int_eq(emitted.kind, FINDING_DESTROY_LOCKED);
	condition_signalled(&judge, first, condition, false, HERE);
	misuse_destroyed(&judge, first, condition, HERE, REAL_UNKNOWN);
	ck_assert_uint_eq(emitted_count, 1);
	ck_assert_uint_eq(repeated_count, 0);
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
	tcase_add_test(tests, who_has_been_woken_does_not_hang);
	tcase_add_test(tests, who_has_not_been_woken_hangs);
	tcase_add_test(tests, a_condition_is_destroyed_with_its_waiters_until_they_are_woken);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
