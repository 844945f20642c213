/*
 * Happens-before by conditions, semaphores, once and barriers, on each of the three
 * clocks (clock.h).
 */
#include <check.h>
#include <stdlib.h>

#include "detect/data/wait.h"
#include "detect/sync/barrier.h"
#include "detect/sync/condition.h"
#include "detect/sync/mutex.h"
#include "detect/sync/once.h"
#include "detect/sync/semaphore.h"
#include "knowledge.h"

static struct condition_wait begin_wait(struct thread *thread, struct sync_object *condition,
					struct sync_object *mutex, bool is_timed)
{
	struct condition_wait wait = {.condition = condition, .mutex = mutex, .stack = HERE};

	take_mutex(thread, mutex);
	ck_assert(!condition_wait_begin(&judge, thread, &wait, is_timed));
	return wait;
}

static void end_wait(struct thread *thread, const struct condition_wait *wait, bool is_woken)
{
	condition_wait_end(&judge, thread, wait, is_woken);
	release_mutex(thread, wait->mutex);
}

static void post_semaphore(struct thread *thread, struct sync_object *semaphore)
{
	semaphore_posted(&judge, thread, semaphore, HERE);
}

static void take_semaphore(struct thread *thread, struct sync_object *semaphore)
{
	semaphore_wanted(&judge, thread, semaphore, false, HERE);
	semaphore_taken(&judge, thread, semaphore, HERE);
}

/* --- Hand-over ----------------------------------------------------------- */

START_TEST(a_signal_orders_the_wait_that_it_ends)
{
	struct sync_object *condition = object_of(OBJECT_CONDITION, 1);
	struct condition_wait wait = begin_wait(b, condition, object_of(OBJECT_MUTEX, 2), false);
	struct event before = happens(a);
	struct event after;

	condition_signalled(&judge, a, condition, false, HERE);
	after = happens(a);
	end_wait(b, &wait, true);
	ck_assert_uint_eq(knows(b, &before), IN_FULL | IN_HAND_OVER);
	ck_assert_uint_eq(knows(b, &after), NOT_KNOWN);
}
END_TEST

START_TEST(a_broadcast_orders_all_waits)
{
	struct sync_object *condition = object_of(OBJECT_CONDITION, 1);
	struct sync_object *mutex = object_of(OBJECT_MUTEX, 2);
	struct condition_wait one = begin_wait(b, condition, mutex, false);
	struct condition_wait other = begin_wait(c, condition, mutex, false);
	struct event before = happens(a);

	condition_signalled(&judge, a, condition, true, HERE);
	end_wait(b, &one, true);
	end_wait(c, &other, true);
	ck_assert_uint_eq(knows(b, &before), IN_FULL | IN_HAND_OVER);
	ck_assert_uint_eq(knows(c, &before), IN_FULL | IN_HAND_OVER);
}
END_TEST

START_TEST(a_signal_to_nobody_orders_nothing)
{
	struct sync_object *condition = object_of(OBJECT_CONDITION, 1);
	struct event before = happens(a);
	struct condition_wait wait;

	condition_signalled(&judge, a, condition, true, HERE);
	wait = begin_wait(b, condition, object_of(OBJECT_MUTEX, 2), false);
	condition_signalled(&judge, c, condition, false, HERE);
	end_wait(b, &wait, true);
	ck_assert_uint_eq(knows(b, &before), NOT_KNOWN);
}
END_TEST

START_TEST(a_wait_that_timed_out_acquires_nothing)
{
	struct sync_object *condition = object_of(OBJECT_CONDITION, 1);
	struct condition_wait wait = begin_wait(b, condition, object_of(OBJECT_MUTEX, 2), true);
	struct event before = happens(a);

	condition_signalled(&judge, a, condition, false, HERE);
	end_wait(b, &wait, false);
	ck_assert_uint_eq(knows(b, &before), NOT_KNOWN);
}
END_TEST

START_TEST(a_wait_gives_its_mutex_up_in_order)
{
	struct sync_object *mutex = object_of(OBJECT_MUTEX, 2);
	struct event before = happens(b);
	struct condition_wait wait = begin_wait(b, object_of(OBJECT_CONDITION, 1), mutex, true);

	take_mutex(a, mutex);
	ck_assert_uint_eq(knows(a, &before), IN_FULL);
	before = happens(a);
	release_mutex(a, mutex);
	condition_wait_end(&judge, b, &wait, false);
	ck_assert(mutex_is_mine(b, mutex));
	ck_assert_uint_eq(knows(b, &before), IN_FULL);
	release_mutex(b, mutex);
}
END_TEST

START_TEST(a_post_orders_the_wait)
{
	struct sync_object *semaphore = object_of(OBJECT_SEMAPHORE, 1);
	struct event before = happens(a);
	struct event after;

	semaphore_initialised(&judge, semaphore, 0);
	post_semaphore(a, semaphore);
	after = happens(a);
	ck_assert_uint_eq(knows(b, &before), NOT_KNOWN);
	take_semaphore(b, semaphore);
	ck_assert_uint_eq(knows(b, &before), IN_FULL | IN_HAND_OVER);
	ck_assert_uint_eq(knows(b, &after), NOT_KNOWN);
	/* A post acquires nothing. */
	after = happens(b);
	post_semaphore(a, semaphore);
	ck_assert_uint_eq(knows(a, &after), NOT_KNOWN);
}
END_TEST

START_TEST(a_semaphore_that_is_a_lock_orders_as_one)
{
	struct sync_object *semaphore = object_of(OBJECT_SEMAPHORE, 1);
	struct event inside;

	semaphore_initialised(&judge, semaphore, 1);
	take_semaphore(a, semaphore);
	inside = happens(a);
	post_semaphore(a, semaphore);
	take_semaphore(b, semaphore);
	ck_assert_uint_eq(knows(b, &inside), IN_FULL);
	/* Another posts what b took: none, so it hands over from now on. */
	inside = happens(c);
	post_semaphore(c, semaphore);
	take_semaphore(a, semaphore);
	ck_assert_uint_eq(knows(a, &inside), IN_FULL | IN_HAND_OVER);
}
END_TEST

START_TEST(the_body_of_a_once_orders_all_who_pass)
{
	struct sync_object *once = object_of(OBJECT_ONCE, 1);
	struct event inside;
	struct event after;

	once_begun(&judge, a, once, HERE);
	inside = happens(a);
	once_finished(&judge, a, once);
	after = happens(a);
	once_passed(&judge, b, once);
	once_passed(&judge, c, once);
	ck_assert_uint_eq(knows(b, &inside), IN_FULL | IN_HAND_OVER);
	ck_assert_uint_eq(knows(c, &inside), IN_FULL | IN_HAND_OVER);
	ck_assert_uint_eq(knows(b, &after), NOT_KNOWN);
	ck_assert_uint_eq(a->held.count, 0);
}
END_TEST

START_TEST(a_body_that_was_left_orders_the_next_body)
{
	struct sync_object *once = object_of(OBJECT_ONCE, 1);
	struct event inside;
	struct event after;

	once_begun(&judge, a, once, HERE);
	inside = happens(a);
	once_finished(&judge, a, once);
	after = happens(a);
	once_begun(&judge, b, once, HERE);
	ck_assert_uint_eq(knows(b, &inside), IN_FULL | IN_HAND_OVER);
	ck_assert_uint_eq(knows(b, &after), NOT_KNOWN);
}
END_TEST

/* --- Barriers ------------------------------------------------------------ */

static void meet_at_barrier(struct sync_object *barrier, struct thread *one, struct thread *other)
{
	barrier_arrived(&judge, one, barrier, HERE);
	barrier_arrived(&judge, other, barrier, HERE);
	barrier_departed(&judge, other, barrier);
	barrier_departed(&judge, one, barrier);
}

START_TEST(a_barrier_orders_on_all_clocks)
{
	struct sync_object *barrier = object_of(OBJECT_BARRIER, 1);

	barrier_initialised(barrier, 2);
	for (unsigned round = 0; round < 3; round++) {
		struct event one = happens(a);
		struct event other = happens(b);
		struct event after;

		meet_at_barrier(barrier, a, b);
		ck_assert_uint_eq(knows(b, &one), IN_ALL);
		ck_assert_uint_eq(knows(a, &other), IN_ALL);
		ck_assert_uint_eq(knows(c, &one), NOT_KNOWN);
		after = happens(a);
		ck_assert_uint_eq(knows(b, &after), NOT_KNOWN);
	}
}
END_TEST

START_TEST(rounds_of_a_barrier_are_apart)
{
	struct sync_object *barrier = object_of(OBJECT_BARRIER, 1);
	struct thread *d = start(first);
	struct event later = happens(c);
	struct event before = happens(a);

	barrier_initialised(barrier, 2);
	/* The next round begins before all have left this one. */
	barrier_arrived(&judge, a, barrier, HERE);
	barrier_arrived(&judge, b, barrier, HERE);
	barrier_departed(&judge, b, barrier);
	barrier_arrived(&judge, c, barrier, HERE);
	barrier_departed(&judge, a, barrier);
	ck_assert_uint_eq(knows(a, &later), NOT_KNOWN);
	barrier_arrived(&judge, d, barrier, HERE);
	barrier_departed(&judge, d, barrier);
	ck_assert_uint_eq(knows(d, &later), IN_ALL);
	ck_assert_uint_eq(knows(d, &before), NOT_KNOWN);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("handover");
	TCase *tests = tcase_create("handover");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tests, set_up_threads, tear_down_threads);
	tcase_add_test(tests, a_signal_orders_the_wait_that_it_ends);
	tcase_add_test(tests, a_broadcast_orders_all_waits);
	tcase_add_test(tests, a_signal_to_nobody_orders_nothing);
	tcase_add_test(tests, a_wait_that_timed_out_acquires_nothing);
	tcase_add_test(tests, a_wait_gives_its_mutex_up_in_order);
	tcase_add_test(tests, a_post_orders_the_wait);
	tcase_add_test(tests, a_semaphore_that_is_a_lock_orders_as_one);
	tcase_add_test(tests, the_body_of_a_once_orders_all_who_pass);
	tcase_add_test(tests, a_body_that_was_left_orders_the_next_body);
	tcase_add_test(tests, a_barrier_orders_on_all_clocks);
	tcase_add_test(tests, rounds_of_a_barrier_are_apart);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
