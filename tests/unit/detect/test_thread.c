/*
 * Happens-before by create and join, on each of the three clocks (clock.h), and the lives
 * of threads.
 */
#include <check.h>
#include <stdlib.h>

#include "detect/deadlock/gone.h"
#include "detect/shadow/shadow.h"
#include "detect/base/slot.h"
#include "detect/sync/thread.h"
#include "knowledge.h"

/* --- Create and join ----------------------------------------------------- */

START_TEST(a_child_knows_what_its_parent_did_before)
{
	struct event before = happens(a);
	struct thread *child = start(a);
	struct event after = happens(a);

	ck_assert_uint_eq(knows(child, &before), IN_ALL);
	ck_assert_uint_eq(knows(child, &after), NOT_KNOWN);
	ck_assert_uint_eq(knows(b, &before), NOT_KNOWN);
}
END_TEST

START_TEST(who_joins_knows_what_the_other_did)
{
	struct event done = happens(a);

	ck_assert_uint_eq(knows(first, &done), NOT_KNOWN);
	join(first, a);
	ck_assert_uint_eq(knows(first, &done), IN_ALL);
	ck_assert_uint_eq(knows(b, &done), NOT_KNOWN);
}
END_TEST

START_TEST(a_parent_does_not_know_what_its_child_does)
{
	struct thread *child = start(a);
	struct event done = happens(child);

	ck_assert_uint_eq(knows(a, &done), NOT_KNOWN);
}
END_TEST

START_TEST(knowledge_passes_over_a_join_and_a_create)
{
	struct event done = happens(a);

	join(first, a);
	ck_assert_uint_eq(knows(start(first), &done), IN_ALL);
}
END_TEST

/* --- Lives --------------------------------------------------------------- */

/* A slot goes on above the epochs of its last thread, so a clock that covers the old
 * thread does not cover the new one. */
START_TEST(a_slot_used_again_is_another_thread)
{
	struct sync_object *mutex = object_of(OBJECT_MUTEX, 1);
	uint32_t slot = a->slot;
	struct event old = happens(a);
	struct event new;
	struct thread *next;

	take_mutex(a, mutex);
	release_mutex(a, mutex);
	join(first, a);
	next = start(first);
	ck_assert_uint_eq(next->slot, slot);
	new = happens(next);
	ck_assert_uint_eq(knows(first, &old), IN_ALL);
	ck_assert_uint_eq(knows(first, &new), NOT_KNOWN);
	/* Nor does who learns from what the old one left. */
	take_mutex(c, mutex);
	ck_assert_uint_eq(knows(c, &old), IN_FULL);
	ck_assert_uint_eq(knows(c, &new), NOT_KNOWN);
	release_mutex(c, mutex);
	/* What the new one gives is new to who has seen the old one's. */
	take_mutex(next, mutex);
	release_mutex(next, mutex);
	take_mutex(c, mutex);
	ck_assert_uint_eq(knows(c, &new), IN_FULL);
	release_mutex(c, mutex);
}
END_TEST

/* A thread that gets an old slot must not seem to know the old thread's events. */
START_TEST(a_slot_rests_until_its_past_is_known)
{
	struct sync_object *mutex = object_of(OBJECT_MUTEX, 1);
	uint32_t slot = a->slot;
	struct event old = happens(a);
	struct thread *next;

	join(first, a);
	next = start(b);
	ck_assert_uint_ne(next->slot, slot);
	ck_assert_uint_eq(knows(next, &old), NOT_KNOWN);
	take_mutex(first, mutex);
	release_mutex(first, mutex);
	take_mutex(b, mutex);
	next = start(b);
	ck_assert_uint_eq(next->slot, slot);
	release_mutex(b, mutex);
}
END_TEST

START_TEST(a_thread_whose_epochs_are_used_up_goes_on_in_another_slot)
{
	struct sync_object *mutex = object_of(OBJECT_MUTEX, 1);
	uint32_t slot = a->slot;
	struct event before;
	struct event after;

	ck_assert(vclock_set(&a->clocks.full, &a->memory->arena, slot, SHADOW_EPOCH_MAX - 1));
	before = happens(a);
	ck_assert_uint_eq(before.full, SHADOW_EPOCH_MAX);
	take_mutex(a, mutex);
	release_mutex(a, mutex);
	after = happens(a);
	ck_assert_uint_ne(a->slot, slot);
	ck_assert_uint_eq(slot_thread_id(&judge, slot, before.full), a->id);
	ck_assert_uint_eq(slot_thread_id(&judge, after.slot, after.full), a->id);
	take_mutex(b, mutex);
	ck_assert_uint_eq(knows(b, &before) & IN_FULL, IN_FULL);
	ck_assert_uint_eq(knows(b, &after) & IN_FULL, 0);
	release_mutex(b, mutex);
	take_mutex(a, mutex);
	release_mutex(a, mutex);
	take_mutex(b, mutex);
	ck_assert_uint_eq(knows(b, &after) & IN_FULL, IN_FULL);
	release_mutex(b, mutex);
	join(first, a);
	ck_assert_uint_ne(start(first)->slot, slot);
}
END_TEST

/* What a thread did can be told of for a while after its end. */
START_TEST(an_ended_thread_is_remembered_by_its_epochs)
{
	struct event done = happens(a);
	thread_id id = a->id;
	struct thread *next;

	join(first, a);
	next = start(first);
	ck_assert_uint_eq(happens(next).slot, done.slot);
	join(first, next);
	ck_assert_uint_eq(slot_thread_id(&judge, done.slot, done.full), id);
	ck_assert_ptr_nonnull(detector_thread(&judge, id));
	for (unsigned i = 0; i < 2 * ENDED_KEPT; i++) {
		next = start(first);
		(void)happens(next);
		join(first, next);
	}
	ck_assert_uint_eq(slot_thread_id(&judge, done.slot, done.full), 0);
	ck_assert_ptr_null(detector_thread(&judge, id));
}
END_TEST

START_TEST(thousands_of_threads_in_turn_need_few_slots)
{
	uint32_t slots = judge.next_slot;

	for (unsigned i = 0; i < 20000; i++) {
		struct thread *next = start(first);
		struct event done = happens(next);

		join(first, next);
		ck_assert_uint_eq(knows(first, &done), IN_ALL);
	}
	ck_assert_uint_le(judge.next_slot, slots + 1);
	ck_assert_uint_eq(judge.alive_count, 4);
}
END_TEST

START_TEST(a_creation_that_failed_leaves_nothing)
{
	uint32_t alive = judge.alive_count;
	struct thread *child = thread_create(&judge, first, HERE);
	thread_id id = child->id;
	uint32_t slot = child->slot;

	thread_create_failed(&judge, child);
	ck_assert_uint_eq(judge.alive_count, alive);
	ck_assert_ptr_null(detector_thread(&judge, id));
	ck_assert_uint_eq(start(first)->slot, slot);
}
END_TEST

START_TEST(the_living_are_counted)
{
	ck_assert_uint_eq(judge.alive_count, 4);
	join(first, a);
	ck_assert_uint_eq(judge.alive_count, 3);
	/* Joined before it was seen to end. */
	thread_joined(&judge, first, b, HERE);
	ck_assert_uint_eq(judge.alive_count, 2);
	thread_detached(&judge, c);
	thread_ending(&judge, c);
	gone_end(&judge, c);
	ck_assert_uint_eq(judge.alive_count, 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("thread");
	TCase *tests = tcase_create("thread");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tests, set_up_threads, tear_down_threads);
	tcase_add_test(tests, a_child_knows_what_its_parent_did_before);
	tcase_add_test(tests, who_joins_knows_what_the_other_did);
	tcase_add_test(tests, a_parent_does_not_know_what_its_child_does);
	tcase_add_test(tests, knowledge_passes_over_a_join_and_a_create);
	tcase_add_test(tests, a_slot_used_again_is_another_thread);
	tcase_add_test(tests, a_slot_rests_until_its_past_is_known);
	tcase_add_test(tests, a_thread_whose_epochs_are_used_up_goes_on_in_another_slot);
	tcase_add_test(tests, an_ended_thread_is_remembered_by_its_epochs);
	tcase_add_test(tests, thousands_of_threads_in_turn_need_few_slots);
	tcase_add_test(tests, a_creation_that_failed_leaves_nothing);
	tcase_add_test(tests, the_living_are_counted);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
