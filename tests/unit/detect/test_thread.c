/*
 * Happens-before by create, join and locks, on each of the three clocks (clock.h);
 * the lives of threads, and what uses up epochs.
 */
#include <check.h>
#include <stdlib.h>

#include "detect/deadlock/gone.h"
#include "detect/sync/mutex.h"
#include "detect/sync/rwlock.h"
#include "detect/shadow/shadow.h"
#include "detect/base/slot.h"
#include "detect/sync/thread.h"
#include "knowledge.h"

#define MANY_READERS 40u /* more than a lock's SYNC_GIVEN */

static void lock(struct thread *thread, struct sync_object *mutex)
{
	mutex_wanted(&judge, thread, mutex, false, HERE);
	mutex_acquired(&judge, thread, mutex, HERE);
}

static void unlock(struct thread *thread, struct sync_object *mutex)
{
	ck_assert(mutex_releasing(&judge, thread, mutex));
}

static void lock_as(struct thread *thread, struct sync_object *rwlock, enum lock_mode mode)
{
	rwlock_wanted(&judge, thread, rwlock, mode, false, HERE);
	rwlock_acquired(&judge, thread, rwlock, mode, HERE);
}

static void unlock_any(struct thread *thread, struct sync_object *rwlock)
{
	ck_assert(rwlock_releasing(&judge, thread, rwlock));
}

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

/* --- Locks --------------------------------------------------------------- */

START_TEST(a_mutex_orders_in_full_only)
{
	struct sync_object *mutex = object_of(OBJECT_MUTEX, 1);
	struct event inside;
	struct event after;

	lock(a, mutex);
	inside = happens(a);
	unlock(a, mutex);
	after = happens(a);
	lock(b, mutex);
	ck_assert_uint_eq(knows(b, &inside), IN_FULL);
	ck_assert_uint_eq(knows(b, &after), NOT_KNOWN);
	ck_assert_uint_eq(knows(c, &inside), NOT_KNOWN);
	unlock(b, mutex);
}
END_TEST

START_TEST(a_spin_lock_orders_in_full_only)
{
	struct sync_object *spin = object_of(OBJECT_SPIN, 1);
	struct event inside;

	lock(a, spin);
	inside = happens(a);
	unlock(a, spin);
	lock(b, spin);
	ck_assert_uint_eq(knows(b, &inside), IN_FULL);
}
END_TEST

START_TEST(another_mutex_orders_nothing)
{
	struct sync_object *mutex = object_of(OBJECT_MUTEX, 1);
	struct sync_object *other = object_of(OBJECT_MUTEX, 2);
	struct event inside;

	lock(a, mutex);
	inside = happens(a);
	unlock(a, mutex);
	lock(b, other);
	ck_assert_uint_eq(knows(b, &inside), NOT_KNOWN);
}
END_TEST

START_TEST(a_mutex_does_not_order_backwards)
{
	struct sync_object *mutex = object_of(OBJECT_MUTEX, 1);
	struct event later;

	lock(a, mutex);
	unlock(a, mutex);
	lock(b, mutex);
	later = happens(b);
	unlock(b, mutex);
	ck_assert_uint_eq(knows(a, &later), NOT_KNOWN);
}
END_TEST

START_TEST(only_the_outer_release_of_a_recursive_mutex_gives)
{
	struct sync_object *mutex = object_of(OBJECT_MUTEX, 1);
	struct event inside;

	mutex->info->attributes |= SYNC_RECURSIVE;
	lock(a, mutex);
	lock(a, mutex);
	unlock(a, mutex);
	ck_assert(mutex_is_mine(a, mutex));
	inside = happens(a);
	unlock(a, mutex);
	ck_assert(!mutex_is_mine(a, mutex));
	lock(b, mutex);
	ck_assert_uint_eq(knows(b, &inside), IN_FULL);
}
END_TEST

START_TEST(knowledge_passes_through_a_third)
{
	struct sync_object *mutex = object_of(OBJECT_MUTEX, 1);
	struct sync_object *other = object_of(OBJECT_MUTEX, 2);
	struct event done = happens(a);

	lock(a, mutex);
	unlock(a, mutex);
	lock(b, mutex);
	unlock(b, mutex);
	lock(b, other);
	unlock(b, other);
	lock(c, other);
	ck_assert_uint_eq(knows(c, &done), IN_FULL);
}
END_TEST

/* What was joined before is skipped by its stamp; what is new is not. */
START_TEST(each_new_content_is_acquired_however_often)
{
	struct sync_object *mutex = object_of(OBJECT_MUTEX, 1);
	struct sync_object *other = object_of(OBJECT_MUTEX, 2);

	for (unsigned i = 0; i < 1000; i++) {
		struct thread *from = i % 2 ? a : b;
		struct thread *to = i % 2 ? b : a;
		struct sync_object *by = i % 3 ? mutex : other;
		struct event inside;

		lock(from, by);
		inside = happens(from);
		unlock(from, by);
		ck_assert_uint_eq(knows(to, &inside), NOT_KNOWN);
		lock(to, by);
		ck_assert_uint_eq(knows(to, &inside), IN_FULL);
		unlock(to, by);
	}
}
END_TEST

START_TEST(loops_that_only_lock_burn_no_epochs)
{
	struct sync_object *mutex = object_of(OBJECT_MUTEX, 1);
	uint64_t epoch = happens(a).full;
	uint64_t stamp;

	a->clocks.has_recorded = false;
	stamp = a->clocks.stamp;
	for (unsigned i = 0; i < 1000; i++) {
		lock(a, mutex);
		unlock(a, mutex);
	}
	ck_assert_uint_eq(vclock_get(&a->clocks.full, a->slot), epoch);
	ck_assert_uint_eq(a->clocks.stamp, stamp);
	ck_assert_uint_eq(a->held.operation_count, 1000);
	/* And two that take turns know each other's content soon. */
	for (unsigned i = 0; i < 1000; i++) {
		lock(i % 2 ? a : b, mutex);
		unlock(i % 2 ? a : b, mutex);
	}
	ck_assert_uint_eq(vclock_get(&a->clocks.full, a->slot), epoch);
	ck_assert_uint_le(a->clocks.stamp, stamp + 2);
}
END_TEST

START_TEST(one_epoch_is_enough_for_what_was_recorded_in_one_section)
{
	struct sync_object *mutex = object_of(OBJECT_MUTEX, 1);
	struct event inside;

	lock(a, mutex);
	inside = happens(a);
	ck_assert_uint_eq(happens(a).full, inside.full);
	unlock(a, mutex);
	ck_assert_uint_eq(happens(a).full, inside.full + 1);
}
END_TEST

/* --- Read-write locks ---------------------------------------------------- */

START_TEST(a_writer_knows_what_readers_did)
{
	struct sync_object *rwlock = object_of(OBJECT_RWLOCK, 1);
	struct event read;

	lock_as(a, rwlock, LOCK_SHARED);
	read = happens(a);
	unlock_any(a, rwlock);
	lock_as(b, rwlock, LOCK_EXCLUSIVE);
	ck_assert_uint_eq(knows(b, &read), IN_FULL);
}
END_TEST

START_TEST(a_reader_knows_what_the_writer_did)
{
	struct sync_object *rwlock = object_of(OBJECT_RWLOCK, 1);
	struct event written;

	lock_as(a, rwlock, LOCK_EXCLUSIVE);
	written = happens(a);
	unlock_any(a, rwlock);
	lock_as(b, rwlock, LOCK_SHARED);
	lock_as(c, rwlock, LOCK_SHARED);
	unlock_any(c, rwlock);
	ck_assert_uint_eq(knows(b, &written), IN_FULL);
	ck_assert_uint_eq(knows(c, &written), IN_FULL);
}
END_TEST

START_TEST(readers_at_once_do_not_know_of_each_other)
{
	struct sync_object *rwlock = object_of(OBJECT_RWLOCK, 1);
	struct event one;
	struct event other;

	lock_as(a, rwlock, LOCK_SHARED);
	lock_as(b, rwlock, LOCK_SHARED);
	one = happens(a);
	other = happens(b);
	unlock_any(a, rwlock);
	unlock_any(b, rwlock);
	ck_assert_uint_eq(knows(b, &one), NOT_KNOWN);
	ck_assert_uint_eq(knows(a, &other), NOT_KNOWN);
}
END_TEST

START_TEST(readers_in_turn_do_not_know_of_each_other)
{
	struct sync_object *rwlock = object_of(OBJECT_RWLOCK, 1);
	struct event written;
	struct event read;

	lock_as(a, rwlock, LOCK_EXCLUSIVE);
	written = happens(a);
	unlock_any(a, rwlock);
	for (unsigned i = 0; i < 3; i++) {
		lock_as(b, rwlock, LOCK_SHARED);
		read = happens(b);
		unlock_any(b, rwlock);
		lock_as(c, rwlock, LOCK_SHARED);
		ck_assert_uint_eq(knows(c, &written), IN_FULL);
		ck_assert_uint_eq(knows(c, &read), NOT_KNOWN);
		unlock_any(c, rwlock);
	}
	lock_as(a, rwlock, LOCK_EXCLUSIVE);
	ck_assert_uint_eq(knows(a, &read), IN_FULL);
	unlock_any(a, rwlock);
	lock_as(c, rwlock, LOCK_SHARED);
	ck_assert_uint_eq(knows(c, &read), IN_FULL);
	unlock_any(c, rwlock);
}
END_TEST

START_TEST(a_writer_knows_all_of_many_readers)
{
	struct sync_object *rwlock = object_of(OBJECT_RWLOCK, 1);
	struct thread *readers[MANY_READERS];
	struct event read[MANY_READERS];

	for (unsigned i = 0; i < MANY_READERS; i++) {
		readers[i] = start(first);
		lock_as(readers[i], rwlock, LOCK_SHARED);
	}
	for (unsigned round = 0; round < 3; round++) {
		for (unsigned i = 0; i < MANY_READERS; i++) {
			read[i] = happens(readers[i]);
			unlock_any(readers[i], rwlock);
		}
		lock_as(b, rwlock, LOCK_EXCLUSIVE);
		for (unsigned i = 0; i < MANY_READERS; i++)
			ck_assert_uint_eq(knows(b, &read[i]), IN_FULL);
		unlock_any(b, rwlock);
		for (unsigned i = 0; i < MANY_READERS; i++)
			lock_as(readers[i], rwlock, LOCK_SHARED);
	}
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

	lock(a, mutex);
	unlock(a, mutex);
	join(first, a);
	next = start(first);
	ck_assert_uint_eq(next->slot, slot);
	new = happens(next);
	ck_assert_uint_eq(knows(first, &old), IN_ALL);
	ck_assert_uint_eq(knows(first, &new), NOT_KNOWN);
	/* Nor does who learns from what the old one left. */
	lock(c, mutex);
	ck_assert_uint_eq(knows(c, &old), IN_FULL);
	ck_assert_uint_eq(knows(c, &new), NOT_KNOWN);
	unlock(c, mutex);
	/* What the new one gives is new to who has seen the old one's. */
	lock(next, mutex);
	unlock(next, mutex);
	lock(c, mutex);
	ck_assert_uint_eq(knows(c, &new), IN_FULL);
	unlock(c, mutex);
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
	lock(first, mutex);
	unlock(first, mutex);
	lock(b, mutex);
	next = start(b);
	ck_assert_uint_eq(next->slot, slot);
	unlock(b, mutex);
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
	lock(a, mutex);
	unlock(a, mutex);
	after = happens(a);
	ck_assert_uint_ne(a->slot, slot);
	ck_assert_uint_eq(slot_thread_id(&judge, slot, before.full), a->id);
	ck_assert_uint_eq(slot_thread_id(&judge, after.slot, after.full), a->id);
	lock(b, mutex);
	ck_assert_uint_eq(knows(b, &before) & IN_FULL, IN_FULL);
	ck_assert_uint_eq(knows(b, &after) & IN_FULL, 0);
	unlock(b, mutex);
	lock(a, mutex);
	unlock(a, mutex);
	lock(b, mutex);
	ck_assert_uint_eq(knows(b, &after) & IN_FULL, IN_FULL);
	unlock(b, mutex);
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

static void add_locks(TCase *tests)
{
	tcase_add_test(tests, a_mutex_orders_in_full_only);
	tcase_add_test(tests, a_spin_lock_orders_in_full_only);
	tcase_add_test(tests, another_mutex_orders_nothing);
	tcase_add_test(tests, a_mutex_does_not_order_backwards);
	tcase_add_test(tests, only_the_outer_release_of_a_recursive_mutex_gives);
	tcase_add_test(tests, knowledge_passes_through_a_third);
	tcase_add_test(tests, each_new_content_is_acquired_however_often);
	tcase_add_test(tests, loops_that_only_lock_burn_no_epochs);
	tcase_add_test(tests, one_epoch_is_enough_for_what_was_recorded_in_one_section);
	tcase_add_test(tests, a_writer_knows_what_readers_did);
	tcase_add_test(tests, a_reader_knows_what_the_writer_did);
	tcase_add_test(tests, readers_at_once_do_not_know_of_each_other);
	tcase_add_test(tests, readers_in_turn_do_not_know_of_each_other);
	tcase_add_test(tests, a_writer_knows_all_of_many_readers);
}

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
	add_locks(tests);
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
