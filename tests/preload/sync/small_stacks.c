/*
 * Threads with the smallest stack there may be, a third of it in use, do all
 * that threads do.  Whatever observes them has to find its memory elsewhere.
 */
#include "../guest.h"

#include <limits.h>
#include <semaphore.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static pthread_attr_t smallest;
static sem_t semaphore;
static int turn;

static void *end_at_once(void *argument)
{
	return argument;
}

static void use_all(void)
{
	pthread_t thread;
	void *result;

	CHECK_IS(pthread_mutex_lock(&mutex), 0);
	CHECK_IS(pthread_rwlock_rdlock(&rwlock), 0);
	CHECK_IS(pthread_rwlock_unlock(&rwlock), 0);
	turn++;
	CHECK_IS(pthread_cond_broadcast(&condition), 0);
	while (turn < 2)
		CHECK_IS(pthread_cond_wait(&condition, &mutex), 0);
	CHECK_IS(pthread_mutex_unlock(&mutex), 0);
	CHECK_IS(pthread_create(&thread, &smallest, end_at_once, &turn), 0);
	CHECK_IS(pthread_join(thread, &result), 0);
	CHECK(result == &turn);
	CHECK_IS(sem_post(&semaphore), 0);
}

static void *__attribute__((noinline)) use_with_little_left(void *unused)
{
	volatile char used[1800];
	int i;

	for (i = 0; i < (int)sizeof(used); i += 256)
		used[i] = (char)i;
	use_all();
	CHECK_IS(used[256], 0);
	return unused;
}

static void *__attribute__((noinline)) use_with_less_left(void *unused)
{
	volatile char used[1800];

	used[0] = 1;
	unused = use_with_little_left(unused);
	CHECK_IS(used[0], 1);
	return unused;
}

static void *start_deep(void *unused)
{
	volatile char used[1800];

	used[0] = 1;
	unused = use_with_less_left(unused);
	CHECK_IS(used[0], 1);
	return unused;
}

int main(void)
{
	pthread_t threads[2];
	int i, round;

	CHECK_IS(sem_init(&semaphore, 0, 0), 0);
	CHECK_IS(pthread_attr_init(&smallest), 0);
	CHECK_IS(pthread_attr_setstacksize(&smallest, PTHREAD_STACK_MIN), 0);
	CHECK_IS(PTHREAD_STACK_MIN, 16384);
	for (round = 0; round < 20; round++) {
		turn = 0;
		for (i = 0; i < 2; i++)
			CHECK_IS(pthread_create(&threads[i], &smallest, start_deep, NULL), 0);
		for (i = 0; i < 2; i++)
			CHECK_IS(sem_wait(&semaphore), 0);
		for (i = 0; i < 2; i++)
			guest_join(threads[i]);
	}
	return guest_passed();
}
