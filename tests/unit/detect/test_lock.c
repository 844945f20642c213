/*
 * Happens-before by locks, on each of the three clocks (clock.h), and what uses up epochs.
 */
#include <check.h>

#include "detect/sync/mutex.h"
#include "detect/sync/rwlock.h"
#include "detect/sync/thread.h"
#include "knowledge.h"

#define MANY_READERS 40u  /* more than a lock's SYNC_GIVEN */
#define MANY_THREADS 600u /* more than what each remembers to have seen, and than a chunk has */

static void take_as(struct thread *thread, struct sync_object *rwlock, enum lock_mode mode)
{
	rwlock_wanted(&judge, thread, rwlock, mode, false, HERE);
	rwlock_acquired(&judge, thread, rwlock, mode, HERE);
}

static void release_any(struct thread *thread, struct sync_object *rwlock)
{
	ck_assert(rwlock_releasing(&judge, thread, rwlock));
}

START_TEST(a_mutex_orders_in_full_only)
{
	struct sync_object *mutex = object_of(OBJECT_MUTEX, 1);
	struct event inside;
	struct event after;

	take_mutex(a, mutex);
	inside = happens(a);
	release_mutex(a, mutex);
	after = happens(a);
	take_mutex(b, mutex);
	ck_assert_uint_eq(knows(b, &inside), IN_FULL);
	ck_assert_uint_eq(knows(b, &after), NOT_KNOWN);
	ck_assert_uint_eq(knows(c, &inside), NOT_KNOWN);
	release_mutex(b, mutex);
}
END_TEST

START_TEST(a_spin_lock_orders_in_full_only)
{
	struct sync_object *spin = object_of(OBJECT_SPIN, 1);
	struct event inside;

	take_mutex(a, spin);
	inside = happens(a);
	release_mutex(a, spin);
	take_mutex(b, spin);
	ck_assert_uint_eq(knows(b, &inside), IN_FULL);
}
END_TEST

START_TEST(another_mutex_orders_nothing)
{
	struct sync_object *mutex = object_of(OBJECT_MUTEX, 1);
	struct sync_object *other = object_of(OBJECT_MUTEX, 2);
	struct event inside;

	take_mutex(a, mutex);
	inside = happens(a);
	release_mutex(a, mutex);
	take_mutex(b, other);
	ck_assert_uint_eq(knows(b, &inside), NOT_KNOWN);
}
END_TEST

START_TEST(a_mutex_does_not_order_backwards)
{
	struct sync_object *mutex = object_of(OBJECT_MUTEX, 1);
	struct event later;

	take_mutex(a, mutex);
	release_mutex(a, mutex);
	take_mutex(b, mutex);
	later = happens(b);
	release_mutex(b, mutex);
	ck_assert_uint_eq(knows(a, &later), NOT_KNOWN);
}
END_TEST

START_TEST(only_the_outer_release_of_a_recursive_mutex_gives)
{
	struct sync_object *mutex = object_of(OBJECT_MUTEX, 1);
	struct event inside;

	mutex->info->attributes |= SYNC_RECURSIVE;
	take_mutex(a, mutex);
	take_mutex(a, mutex);
	release_mutex(a, mutex);
	ck_assert(mutex_is_mine(a, mutex));
	inside = happens(a);
	release_mutex(a, mutex);
	ck_assert(!mutex_is_mine(a, mutex));
	take_mutex(b, mutex);
	ck_assert_uint_eq(knows(b, &inside), IN_FULL);
}
END_TEST

START_TEST(knowledge_passes_through_a_third)
{
	struct sync_object *mutex = object_of(OBJECT_MUTEX, 1);
	struct sync_object *other = object_of(OBJECT_MUTEX, 2);
	struct event done = happens(a);

	take_mutex(a, mutex);
	release_mutex(a, mutex);
	take_mutex(b, mutex);
	release_mutex(b, mutex);
	take_mutex(b, other);
	release_mutex(b, other);
	take_mutex(c, other);
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

		take_mutex(from, by);
		inside = happens(from);
		release_mutex(from, by);
		ck_assert_uint_eq(knows(to, &inside), NOT_KNOWN);
		take_mutex(to, by);
		ck_assert_uint_eq(knows(to, &inside), IN_FULL);
		release_mutex(to, by);
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
		take_mutex(a, mutex);
		release_mutex(a, mutex);
	}
	ck_assert_uint_eq(vclock_get(&a->clocks.full, a->slot), epoch);
	ck_assert_uint_eq(a->clocks.stamp, stamp);
	ck_assert_uint_eq(a->held.operation_count, 1000);
	/* And two that take turns know each other's content soon. */
	for (unsigned i = 0; i < 1000; i++) {
		take_mutex(i % 2 ? a : b, mutex);
		release_mutex(i % 2 ? a : b, mutex);
	}
	ck_assert_uint_eq(vclock_get(&a->clocks.full, a->slot), epoch);
	ck_assert_uint_le(a->clocks.stamp, stamp + 2);
}
END_TEST

START_TEST(one_epoch_is_enough_for_what_was_recorded_in_one_section)
{
	struct sync_object *mutex = object_of(OBJECT_MUTEX, 1);
	struct event inside;

	take_mutex(a, mutex);
	inside = happens(a);
	ck_assert_uint_eq(happens(a).full, inside.full);
	release_mutex(a, mutex);
	ck_assert_uint_eq(happens(a).full, inside.full + 1);
}
END_TEST

/* --- Read-write locks ---------------------------------------------------- */

START_TEST(a_writer_knows_what_readers_did)
{
	struct sync_object *rwlock = object_of(OBJECT_RWLOCK, 1);
	struct event read;

	take_as(a, rwlock, LOCK_SHARED);
	read = happens(a);
	release_any(a, rwlock);
	take_as(b, rwlock, LOCK_EXCLUSIVE);
	ck_assert_uint_eq(knows(b, &read), IN_FULL);
}
END_TEST

START_TEST(a_reader_knows_what_the_writer_did)
{
	struct sync_object *rwlock = object_of(OBJECT_RWLOCK, 1);
	struct event written;

	take_as(a, rwlock, LOCK_EXCLUSIVE);
	written = happens(a);
	release_any(a, rwlock);
	take_as(b, rwlock, LOCK_SHARED);
	take_as(c, rwlock, LOCK_SHARED);
	release_any(c, rwlock);
	ck_assert_uint_eq(knows(b, &written), IN_FULL);
	ck_assert_uint_eq(knows(c, &written), IN_FULL);
}
END_TEST

START_TEST(readers_at_once_do_not_know_of_each_other)
{
	struct sync_object *rwlock = object_of(OBJECT_RWLOCK, 1);
	struct event one;
	struct event other;

	take_as(a, rwlock, LOCK_SHARED);
	take_as(b, rwlock, LOCK_SHARED);
	one = happens(a);
	other = happens(b);
	release_any(a, rwlock);
	release_any(b, rwlock);
	ck_assert_uint_eq(knows(b, &one), NOT_KNOWN);
	ck_assert_uint_eq(knows(a, &other), NOT_KNOWN);
}
END_TEST

START_TEST(readers_in_turn_do_not_know_of_each_other)
{
	struct sync_object *rwlock = object_of(OBJECT_RWLOCK, 1);
	struct event written;
	struct event read;

	take_as(a, rwlock, LOCK_EXCLUSIVE);
	written = happens(a);
	release_any(a, rwlock);
	for (unsigned i = 0; i < 3; i++) {
		take_as(b, rwlock, LOCK_SHARED);
		read = happens(b);
		release_any(b, rwlock);
		take_as(c, rwlock, LOCK_SHARED);
		ck_assert_uint_eq(knows(c, &written), IN_FULL);
		ck_assert_uint_eq(knows(c, &read), NOT_KNOWN);
		release_any(c, rwlock);
	}
	take_as(a, rwlock, LOCK_EXCLUSIVE);
	ck_assert_uint_eq(knows(a, &read), IN_FULL);
	release_any(a, rwlock);
	take_as(c, rwlock, LOCK_SHARED);
	ck_assert_uint_eq(knows(c, &read), IN_FULL);
	release_any(c, rwlock);
}
END_TEST

START_TEST(a_writer_knows_all_of_many_readers)
{
	struct sync_object *rwlock = object_of(OBJECT_RWLOCK, 1);
	struct thread *readers[MANY_READERS];
	struct event read[MANY_READERS];

	for (unsigned i = 0; i < MANY_READERS; i++) {
		readers[i] = start(first);
		take_as(readers[i], rwlock, LOCK_SHARED);
	}
	for (unsigned round = 0; round < 3; round++) {
		for (unsigned i = 0; i < MANY_READERS; i++) {
			read[i] = happens(readers[i]);
			release_any(readers[i], rwlock);
		}
		take_as(b, rwlock, LOCK_EXCLUSIVE);
		for (unsigned i = 0; i < MANY_READERS; i++)
			ck_assert_uint_eq(knows(b, &read[i]), IN_FULL);
		release_any(b, rwlock);
		for (unsigned i = 0; i < MANY_READERS; i++)
			take_as(readers[i], rwlock, LOCK_SHARED);
	}
}
END_TEST

/* The later ones first: what has been seen of them says nothing of the others. */
START_TEST(each_of_many_threads_is_known_by_its_lock_alone)
{
	struct sync_object *mutexes[MANY_THREADS];
	struct event inside[MANY_THREADS], after[MANY_THREADS];

	for (unsigned i = 0; i < MANY_THREADS; i++) {
		struct thread *thread = start(first);

		mutexes[i] = object_of(OBJECT_MUTEX, i);
		take_mutex(thread, mutexes[i]);
		inside[i] = happens(thread);
		release_mutex(thread, mutexes[i]);
		after[i] = happens(thread);
	}
	for (unsigned i = MANY_THREADS; i-- > 0;) {
		ck_assert_uint_eq(knows(b, &inside[i]), NOT_KNOWN);
		take_mutex(b, mutexes[i]);
		ck_assert_uint_eq(knows(b, &inside[i]), IN_FULL);
		ck_assert_uint_eq(knows(b, &after[i]), NOT_KNOWN);
		release_mutex(b, mutexes[i]);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("lock");
	TCase *tests = tcase_create("lock");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tests, set_up_threads, tear_down_threads);
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
	tcase_add_test(tests, each_of_many_threads_is_known_by_its_lock_alone);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
