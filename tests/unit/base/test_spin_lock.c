#include <check.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdlib.h>

#include "base/spin_lock.h"

static struct spin_lock lock;
static sem_t is_taken;

START_TEST(what_is_taken_cannot_be_taken_until_it_is_given_back)
{
	ck_assert(spin_lock(&lock));
	ck_assert(!spin_lock(&lock));
	spin_unlock(&lock);
	ck_assert(spin_lock(&lock));
	spin_unlock(&lock);
}
END_TEST

#define TRIES 5 /* on a busy machine the holder may be late */

static void *take_at_once(void *has_taken)
{
	sem_wait(&is_taken);
	for (int i = 0; i < TRIES && !*(bool *)has_taken; i++)
		*(bool *)has_taken = spin_lock(&lock);
	return NULL;
}

static bool share_one_processor(void)
{
	cpu_set_t processors;

	CPU_ZERO(&processors);
	CPU_SET(sched_getcpu(), &processors);
	return sched_setaffinity(0, sizeof(processors), &processors) == 0;
}

/* The waiter interrupts the holder in its call of sem_post(). */
START_TEST(a_holder_of_lower_priority_comes_to_give_back)
{
	struct sched_param priority = {.sched_priority = 1};
	bool has_taken = false;
	pthread_t waiter;

	ck_assert_int_eq(sem_init(&is_taken, 0, 0), 0);
	ck_assert(share_one_processor());
	ck_assert(spin_lock(&lock));
	ck_assert_int_eq(pthread_create(&waiter, NULL, take_at_once, &has_taken), 0);
	/* Where that is not allowed, it waits all the same. */
	(void)pthread_setschedparam(waiter, SCHED_FIFO, &priority);
	sem_post(&is_taken);
	spin_unlock(&lock);
	ck_assert_int_eq(pthread_join(waiter, NULL), 0);
	ck_assert(has_taken);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("spin_lock");
	TCase *tests = tcase_create("spin_lock");
	SRunner *runner = srunner_create(suite);
	int failed_count;

	tcase_add_test(tests, what_is_taken_cannot_be_taken_until_it_is_given_back);
	tcase_add_test(tests, a_holder_of_lower_priority_comes_to_give_back);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
