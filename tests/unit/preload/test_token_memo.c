/*
 * The lock memo of semaphores that are used as locks: what it records is what a call in full
 * records, and what may make a difference is recorded in full.
 */
#include "detect/sync/mutex.h"
#include "detect/sync/semaphore.h"
#include "tests/unit/preload/memo_lab.h"

static struct sync_object *semaphore;

static void set_up(void)
{
	memo_set_up();
	semaphore = object_of(OBJECT_SEMAPHORE, 1);
	semaphore_initialised(&guest_detector, semaphore, 1);
}

/* Thread a takes the token.  True: its memo had the call. */
static bool take(void)
{
	struct unwind_start start = start_of(words);
	stack_id stack;

	if (lock_memo_take_token(&self, semaphore->address, words)) {
		ck_assert_ptr_eq(a->held.top[-1].object, semaphore);
		ck_assert_uint_eq(a->held.top[-1].stack, stack_at(words));
		ck_assert_uint_eq(semaphore->owner, a->id);
		return true;
	}
	stack = stack_at(words);
	semaphore_taken(&guest_detector, a, semaphore, stack);
	if (a->held.top[-1].object == semaphore)
		lock_memo_learn(&self, LOCK_MEMO_TRY, semaphore->address, &start);
	return false;
}

/* Posts it.  True: the memo had all. */
static bool post(void)
{
	if (lock_memo_post(&self, semaphore->address)) {
		ck_assert_uint_eq(semaphore->owner, 0);
		return true;
	}
	semaphore_posted(&guest_detector, a, semaphore, stack_at(words));
	return false;
}

static void make_known(void)
{
	for (unsigned i = 0; i < 3; i++) {
		take();
		post();
	}
	ck_assert(take());
	ck_assert(post());
}

START_TEST(a_call_is_known_the_third_time)
{
	ck_assert(!take());
	ck_assert(!post());
	ck_assert(!take());
	ck_assert(post());
	ck_assert(take());
	ck_assert(post());
	ck_assert_uint_eq(a->held.count, 0);
}
END_TEST

START_TEST(tokens_are_counted)
{
	make_known();
	ck_assert_int_eq(semaphore->info->extra->value, 1);
	ck_assert(take());
	ck_assert_int_eq(semaphore->info->extra->value, 0);
	ck_assert(post());
	ck_assert_int_eq(semaphore->info->extra->value, 1);
}
END_TEST

/* The token that was there comes first, then the one that was posted. */
START_TEST(what_is_no_lock_is_not_held)
{
	struct event event;

	make_known();
	event = happens(b);
	semaphore_posted(&guest_detector, b, semaphore, HERE);
	ck_assert(!take());
	ck_assert_uint_eq(a->held.count, 0);
	ck_assert_uint_eq(knows(a, &event), IN_HAND_OVER);
	ck_assert(!take());
	ck_assert_uint_eq(knows(a, &event), IN_FULL | IN_HAND_OVER);
}
END_TEST

/* Found out by a post that is to come, after which nothing else has changed. */
START_TEST(what_stops_being_a_lock_is_looked_up)
{
	make_known();
	semaphore->info->is_not_a_lock = true;
	ck_assert(!take());
	semaphore->info->is_not_a_lock = false;
	ck_assert(take());
	semaphore->info->is_not_a_lock = true;
	ck_assert(!post());
}
END_TEST

START_TEST(what_a_handler_posted_is_not_known)
{
	make_known();
	semaphore->info->extra->is_value_known = false;
	ck_assert(!take());
}
END_TEST

START_TEST(uses_are_recorded_where_memory_is)
{
	make_known();
	guest_detector.is_memory_observed = true;
	ck_assert(!lock_memo_take_token(&self, semaphore->address, words));
	guest_detector.is_memory_observed = false;
	ck_assert(take());
	guest_detector.is_memory_observed = true;
	ck_assert(!lock_memo_post(&self, semaphore->address));
	guest_detector.is_memory_observed = false;
	ck_assert(post());
}
END_TEST

/* It is asked which locks a semaphore was taken under. */
START_TEST(what_is_held_before_is_noted)
{
	struct sync_object *mutex = object_of(OBJECT_MUTEX, 2);
	const lock_id *under = semaphore->info->extra->taken_under;

	take_mutex(a, mutex);
	release_mutex(a, mutex);
	make_known();
	take_mutex(a, mutex);
	make_known();
	ck_assert_uint_eq(under[0], mutex->info->id);
	release_mutex(a, mutex);
	semaphore_taken(&guest_detector, a, semaphore, HERE);
	ck_assert_uint_eq(under[0], 0);
	ck_assert(post());
	take_mutex(a, mutex);
	ck_assert(take());
	ck_assert_uint_eq(under[0], mutex->info->id);
	ck_assert_uint_eq(under[1], 0);
	ck_assert(post());
	release_mutex(a, mutex);
	make_known();
	ck_assert_uint_eq(under[0], 0);
}
END_TEST

/* A waiter that keeps the other lock would wait for ever. */
START_TEST(what_is_held_at_a_post_is_noted)
{
	struct sync_object *mutex = object_of(OBJECT_MUTEX, 2);
	const struct waker_note *note = semaphore->info->extra->brought;

	take_mutex(a, mutex);
	for (unsigned i = 0; i < 3; i++) {
		take();
		ck_assert(post() == (i > 0));
		ck_assert_uint_eq(note->lock, mutex->info->id);
	}
	ck_assert(take());
	release_mutex(a, mutex);
	mutex = object_of(OBJECT_MUTEX, 3);
	ck_assert(post());
	take_mutex(a, mutex);
	take();
	ck_assert(!post());
	ck_assert_uint_eq(note[1].lock, mutex->info->id);
	release_mutex(a, mutex);
}
END_TEST

START_TEST(a_handler_under_the_guard_is_not_known)
{
	make_known();
	ck_assert(take());
	self.guard = 1;
	ck_assert(!lock_memo_post(&self, semaphore->address));
	self.guard = 0;
	ck_assert(post());
}
END_TEST

START_TEST(a_mutex_there_is_not_posted)
{
	struct sync_object *mutex = object_of(OBJECT_MUTEX, 2);

	take_mutex(a, mutex);
	ck_assert(!lock_memo_post(&self, mutex->address));
	release_mutex(a, mutex);
	ck_assert(!lock_memo_post(&self, mutex->address));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("token_memo");
	TCase *cases = tcase_create("token_memo");
	SRunner *runner = srunner_create(suite);
	int failed_count;

	tcase_add_checked_fixture(cases, set_up, tear_down_threads);
	tcase_add_test(cases, a_call_is_known_the_third_time);
	tcase_add_test(cases, tokens_are_counted);
	tcase_add_test(cases, what_is_no_lock_is_not_held);
	tcase_add_test(cases, what_stops_being_a_lock_is_looked_up);
	tcase_add_test(cases, what_a_handler_posted_is_not_known);
	tcase_add_test(cases, uses_are_recorded_where_memory_is);
	tcase_add_test(cases, what_is_held_before_is_noted);
	tcase_add_test(cases, what_is_held_at_a_post_is_noted);
	tcase_add_test(cases, a_handler_under_the_guard_is_not_known);
	tcase_add_test(cases, a_mutex_there_is_not_posted);
	suite_add_tcase(suite, cases);
	srunner_run_all(runner, CK_VERBOSE);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count != 0;
}
