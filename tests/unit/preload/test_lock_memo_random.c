/*
 * The lock memo against what a call is recorded as in full: a thread takes locks from random
 * stacks, with random others held, while locks end, other threads take them, memory is recorded.
 */
#include "detect/life/lock_lives.h"
#include "mutex_memo_lab.h"

#define LOCK_COUNT 4u

static uint64_t random_state;

static uint64_t random_below(uint64_t limit)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state % limit;
}

static uintptr_t random_word(void)
{
	switch (random_below(6)) {
	case 0:
		return (uintptr_t)by_rbp_return;
	case 1:
		return (uintptr_t)&words[random_below(STACK_WORDS)];
	case 2:
		return (uintptr_t)by_size_again;
	default:
		return (uintptr_t)by_size_return;
	}
}

static void set_up(void)
{
	memo_set_up();
	random_state = 88172645463325252u;
}

static void change_something(void)
{
	struct sync_object *object = object_of(OBJECT_MUTEX, (unsigned)random_below(LOCK_COUNT));

	switch (random_below(200)) {
	case 0:
		if (!held_locks_find(&a->held, object))
			lock_ended(&guest_detector, object);
		break;
	case 1:
		happens(a);
		break;
	case 2:
		if (object->owner)
			break;
		take_mutex(b, object);
		happens(b);
		release_mutex(b, object);
		break;
	case 3:
		detector_forget_calls(&guest_detector);
		break;
	case 4:
		guest_code_generation++;
		detector_forget_calls(&guest_detector);
		break;
	case 5:
	case 6:
		words[random_below(STACK_WORDS)] = random_word();
		break;
	}
}

START_TEST(hits_are_calls_in_full)
{
	unsigned taken_count = 0;
	unsigned hit_count = 0;
	unsigned nested_count = 0;
	unsigned given_count = 0;

	for (unsigned round = 0; round < 300000; round++) {
		unsigned number = (unsigned)random_below(LOCK_COUNT);
		struct sync_object *object = object_of(OBJECT_MUTEX, number);
		bool was_nested = a->held.count;

		change_something();
		object = object_of(OBJECT_MUTEX, number);
		if (object->owner == a->id) {
			given_count += give(number);
			continue;
		}
		taken_count++;
		/* In this order only, as cycles are findings. */
		if (was_nested && a->held.top[-1].object > object)
			continue;
		if (take(number, random_below(8) ? LOCK_MEMO_ACQUIRE : LOCK_MEMO_TRY,
			 &words[2 * random_below(2)])) {
			hit_count++;
			nested_count += was_nested;
		}
	}
	ck_assert_uint_gt(hit_count, 3000);
	ck_assert_uint_gt(nested_count, 500);
	ck_assert_uint_gt(given_count, 3000);
	ck_assert_uint_gt(taken_count, hit_count);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("lock_memo_random");
	TCase *cases = tcase_create("lock_memo_random");
	SRunner *runner = srunner_create(suite);
	int failed_count;

	tcase_add_checked_fixture(cases, set_up, tear_down_threads);
	tcase_set_timeout(cases, 60);
	tcase_add_test(cases, hits_are_calls_in_full);
	suite_add_tcase(suite, cases);
	srunner_run_all(runner, CK_VERBOSE);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count != 0;
}
