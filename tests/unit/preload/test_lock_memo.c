/*
 * The lock memo: which calls it knows, and what becomes of them when locks end, other threads take
 * them, memory is recorded.
 */
#include "detect/life/lock_lives.h"
#include "detect/sync/semaphore.h"
#include "detect/sync/thread.h"
#include "mutex_memo_lab.h"

/* Makes both calls known. */
static void make_known(unsigned number, const uintptr_t *frame)
{
	for (unsigned i = 0; i < 3; i++) {
		take(number, LOCK_MEMO_ACQUIRE, frame);
		give(number);
	}
	ck_assert(take(number, LOCK_MEMO_ACQUIRE, frame));
	ck_assert(give(number));
}

static bool is_known(unsigned number, const uintptr_t *frame)
{
	bool was_known = take(number, LOCK_MEMO_ACQUIRE, frame);

	give(number);
	return was_known;
}

START_TEST(a_call_is_known_the_third_time)
{
	ck_assert(!is_known(1, words));
	ck_assert(!is_known(1, words));
	ck_assert(is_known(1, words));
	ck_assert(!is_known(2, words));
	ck_assert_uint_eq(a->held.operation_count, 4);
}
END_TEST

START_TEST(what_others_did_is_acquired)
{
	struct event event;

	make_known(1, words);
	take_mutex(b, object_of(OBJECT_MUTEX, 1));
	event = happens(b);
	release_mutex(b, object_of(OBJECT_MUTEX, 1));
	ck_assert(!is_known(1, words));
	ck_assert_uint_eq(knows(a, &event), IN_FULL);
	make_known(1, words);
}
END_TEST

/* What others did is joined, and the rest need not be looked at again. */
START_TEST(a_known_call_is_taken_on_from_others)
{
	struct sync_object *object = object_of(OBJECT_MUTEX, 1);
	struct unwind_start start = start_of(words);
	uint64_t before = held_locks_chain(&a->held);
	struct event event;

	make_known(1, words);
	ck_assert(!lock_memo_take_on(&self, LOCK_MEMO_TRY, object->address, &start));
	take_mutex(b, object);
	ck_assert(!lock_memo_take_on(&self, LOCK_MEMO_ACQUIRE, object->address, &start));
	event = happens(b);
	release_mutex(b, object);
	ck_assert(lock_memo_take_on(&self, LOCK_MEMO_ACQUIRE, object->address, &start));
	check_hit(object, words, before);
	ck_assert_uint_eq(knows(a, &event), IN_FULL);
	give(1);
	words[7] = (uintptr_t)by_size_again;
	ck_assert(!lock_memo_take_on(&self, LOCK_MEMO_ACQUIRE, object->address, &start));
	words[7] = (uintptr_t)by_size_return;
	lock_ended(&guest_detector, object);
	ck_assert(!lock_memo_take_on(&self, LOCK_MEMO_ACQUIRE, object->address, &start));
}
END_TEST

/* Else words of stacks would fill the memo, and all be forgotten. */
START_TEST(what_is_known_is_not_learnt_again)
{
	uint32_t group_count;

	make_known(1, words);
	group_count = self.lock_memo->group_count;
	ck_assert_uint_ne(group_count, 0);
	for (unsigned i = 0; i < 3; i++) {
		take_mutex(b, object_of(OBJECT_MUTEX, 1));
		happens(b);
		release_mutex(b, object_of(OBJECT_MUTEX, 1));
		ck_assert(!is_known(1, words));
	}
	ck_assert_uint_eq(self.lock_memo->group_count, group_count);
	ck_assert(is_known(1, words));
	/* Another stack is. */
	words[7] = (uintptr_t)by_size_again;
	make_known(1, words);
	ck_assert_uint_gt(self.lock_memo->group_count, group_count);
}
END_TEST

START_TEST(what_was_recorded_is_given)
{
	struct event event;
	struct event after;

	make_known(1, words);
	ck_assert(take(1, LOCK_MEMO_ACQUIRE, words));
	event = happens(a);
	ck_assert(!give(1));
	after = happens(a);
	take_mutex(b, object_of(OBJECT_MUTEX, 1));
	ck_assert_uint_eq(knows(b, &event), IN_FULL);
	ck_assert_uint_eq(knows(b, &after), NOT_KNOWN);
	release_mutex(b, object_of(OBJECT_MUTEX, 1));
}
END_TEST

START_TEST(a_new_life_is_not_known)
{
	struct sync_object *object = object_of(OBJECT_MUTEX, 1);

	make_known(1, words);
	lock_ended(&guest_detector, object);
	ck_assert(!lock_memo_take(&self, LOCK_MEMO_ACQUIRE, object->address, words));
	ck_assert(!is_known(1, words));
	make_known(1, words);
}
END_TEST

START_TEST(other_locks_held_are_another_call)
{
	make_known(1, words);
	take(2, LOCK_MEMO_ACQUIRE, words);
	ck_assert(!is_known(1, words));
	make_known(1, words);
	give(2);
	take(3, LOCK_MEMO_ACQUIRE, words);
	ck_assert(!is_known(1, words));
	give(3);
}
END_TEST

/* A semaphore that was taken under the lock makes no edge to it; at another time it does. */
START_TEST(an_edge_that_was_left_out_is_not_known)
{
	struct sync_object *semaphore = object_of(OBJECT_SEMAPHORE, 5);

	semaphore_initialised(&guest_detector, semaphore, 1);
	take(1, LOCK_MEMO_ACQUIRE, words);
	semaphore_taken(&guest_detector, a, semaphore, HERE);
	give(1);
	for (unsigned i = 0; i < 4; i++)
		ck_assert(!is_known(1, words));
	semaphore_posted(&guest_detector, a, semaphore, HERE);
	semaphore_taken(&guest_detector, a, semaphore, HERE);
	ck_assert(!is_known(1, words));
	make_known(1, words);
	semaphore_posted(&guest_detector, a, semaphore, HERE);
}
END_TEST

START_TEST(a_held_lock_is_not_known)
{
	struct sync_object *object = object_of(OBJECT_MUTEX, 1);

	make_known(1, words);
	take(1, LOCK_MEMO_ACQUIRE, words);
	ck_assert(!lock_memo_take(&self, LOCK_MEMO_ACQUIRE, object->address, words));
	mutex_acquired(&guest_detector, a, object, HERE);
	ck_assert(!give(1));
	ck_assert_uint_eq(object->owner, a->id);
	ck_assert(!give(1));
	ck_assert_uint_eq(object->owner, 0);
	ck_assert(is_known(1, words));
}
END_TEST

START_TEST(only_the_last_hold_is_given_up)
{
	make_known(1, words);
	take(1, LOCK_MEMO_ACQUIRE, words);
	take(2, LOCK_MEMO_ACQUIRE, words);
	ck_assert(!give(1));
	ck_assert_ptr_eq(a->held.top[-1].object, object_of(OBJECT_MUTEX, 2));
	give(2);
	ck_assert_uint_eq(a->held.count, 0);
	ck_assert(is_known(1, words));
}
END_TEST

START_TEST(another_stack_is_another_call)
{
	make_known(1, words);
	words[15] = (uintptr_t)by_size_again;
	ck_assert(!is_known(1, words));
	words[15] = (uintptr_t)by_size_return;
	ck_assert(!is_known(1, &words[2]));
	words[1] = (uintptr_t)by_size_again;
	ck_assert(!is_known(1, words));
}
END_TEST

/* Words of its stack would fill the memo, and never be of use. */
START_TEST(what_lives_for_one_call_is_not_learnt)
{
	for (unsigned i = 0; i < 4; i++) {
		ck_assert(!is_known(1, words));
		lock_ended(&guest_detector, object_of(OBJECT_MUTEX, 1));
	}
	ck_assert_uint_eq(self.lock_memo->group_count, 0);
	make_known(1, words);
	ck_assert_uint_ne(self.lock_memo->group_count, 0);
}
END_TEST

/* Calls that meet in one place of the memo. */
START_TEST(places_are_not_calls)
{
	uintptr_t address = object_of(OBJECT_MUTEX, 1)->address;
	const struct lock_memo_entry *place = lock_memo_place(self.lock_memo, address, words[1]);
	unsigned number = 2;

	make_known(1, words);
	while (lock_memo_place(self.lock_memo, object_of(OBJECT_MUTEX, number)->address,
			       words[1]) != place)
		number++;
	ck_assert(!is_known(number, words));
	ck_assert(is_known(1, words));
	do
		words[1]++;
	while (lock_memo_place(self.lock_memo, address, words[1]) != place);
	ck_assert(!lock_memo_take(&self, LOCK_MEMO_ACQUIRE, address, words));
}
END_TEST

START_TEST(what_waits_for_a_release_is_not_passed_over)
{
	struct sync_object *object = object_of(OBJECT_MUTEX, 1);

	make_known(1, words);
	take(1, LOCK_MEMO_ACQUIRE, words);
	a->accesses.has_pending = 1;
	ck_assert(!lock_memo_give(&self, object->address));
	a->accesses.has_pending = 0;
	a->accesses.acquire_count = 1;
	ck_assert(!lock_memo_give(&self, object->address));
	a->accesses.acquire_count = 0;
	a->accesses.stale_read_count = 1;
	ck_assert(!lock_memo_give(&self, object->address));
	a->accesses.stale_read_count = 0;
	ck_assert(give(1));
}
END_TEST

/* The C library's own return addresses are compared up to the first one. */
START_TEST(what_the_library_calls_once_is_not_compared)
{
	library_address = (uintptr_t)by_size_return;
	words[3] = words[5] = (uintptr_t)by_size_again;
	make_known(1, words);
	words[9] = 0;
	ck_assert(lock_memo_take(&self, LOCK_MEMO_ACQUIRE, object_of(OBJECT_MUTEX, 1)->address,
				 words));
	give(1);
	words[7] = (uintptr_t)by_size_again;
	ck_assert(!is_known(1, words));
}
END_TEST

START_TEST(all_can_be_forgotten)
{
	make_known(1, words);
	detector_forget_calls(&guest_detector);
	ck_assert(!is_known(1, words));
	make_known(1, words);
	thread_create(&guest_detector, a, HERE); /* its orders count anew */
	ck_assert(!is_known(1, words));
}
END_TEST

/* A lock on the stack, below which the thread has returned, is to end. */
START_TEST(left_stacks_are_noticed)
{
	make_known(1, &words[2]);
	a->held.lowest_on_stack = (uintptr_t)words;
	ck_assert(!lock_memo_take(&self, LOCK_MEMO_ACQUIRE,
				  object_of(OBJECT_MUTEX, 1)->address, &words[2]));
}
END_TEST

/* What it writes over was being written by what it has interrupted. */
START_TEST(a_handler_puts_back_what_it_found)
{
	struct held_lock *place = a->held.top;
	struct held_lock written = {
		.object = object_of(OBJECT_MUTEX, 1), .chain = 2, .stack = HERE};

	*place = written;
	mutex_acquired(&guest_detector, a, object_of(OBJECT_MUTEX, 2), HERE | STACK_ID_IN_HANDLER);
	mutex_acquired(&guest_detector, a, object_of(OBJECT_MUTEX, 3), HERE | STACK_ID_IN_HANDLER);
	ck_assert(!give(3));
	ck_assert(!give(2));
	ck_assert_ptr_eq(place, a->held.top);
	ck_assert_mem_eq(place, &written, sizeof(written));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("lock_memo");
	TCase *cases = tcase_create("lock_memo");
	SRunner *runner = srunner_create(suite);
	int failed_count;

	tcase_add_checked_fixture(cases, memo_set_up, tear_down_threads);
	tcase_add_test(cases, a_call_is_known_the_third_time);
	tcase_add_test(cases, what_others_did_is_acquired);
	tcase_add_test(cases, a_known_call_is_taken_on_from_others);
	tcase_add_test(cases, what_is_known_is_not_learnt_again);
	tcase_add_test(cases, what_was_recorded_is_given);
	tcase_add_test(cases, a_new_life_is_not_known);
	tcase_add_test(cases, other_locks_held_are_another_call);
	tcase_add_test(cases, an_edge_that_was_left_out_is_not_known);
	tcase_add_test(cases, a_held_lock_is_not_known);
	tcase_add_test(cases, only_the_last_hold_is_given_up);
	tcase_add_test(cases, another_stack_is_another_call);
	tcase_add_test(cases, what_lives_for_one_call_is_not_learnt);
	tcase_add_test(cases, places_are_not_calls);
	tcase_add_test(cases, what_waits_for_a_release_is_not_passed_over);
	tcase_add_test(cases, what_the_library_calls_once_is_not_compared);
	tcase_add_test(cases, all_can_be_forgotten);
	tcase_add_test(cases, left_stacks_are_noticed);
	tcase_add_test(cases, a_handler_puts_back_what_it_found);
	suite_add_tcase(suite, cases);
	srunner_run_all(runner, CK_VERBOSE);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count != 0;
}
