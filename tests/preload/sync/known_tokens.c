/*
 * Semaphores that are used as locks are known to the threads that take them time and again, as
 * other locks are: who holds one by sem_trywait and wants a mutex brings an order, and who holds
 * a mutex at a post may be waited for in vain.
 *
 * guest-run: order
 * guest-run: post
 * guest-environment: SNARL_OPTIONS=races=off
 * snarl-expect: status=66 kinds=lock-order-inversion
 */
#include <semaphore.h>
#include <stdbool.h>

#include "../guest.h"

#define REPETITIONS 10

static sem_t semaphore;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;

static void take_token(void)
{
	CHECK_IS(sem_trywait(&semaphore), 0);
}

static void take(pthread_mutex_t *lock)
{
	CHECK_IS(pthread_mutex_lock(lock), 0);
}

static void give(pthread_mutex_t *lock)
{
	CHECK_IS(pthread_mutex_unlock(lock), 0);
}

/* The other order, once the main thread has given up the gate, which orders nothing. */
static void *take_backwards(void *unused)
{
	take(&gate);
	give(&gate);
	take(&mutex);
	CHECK_IS(sem_wait(&semaphore), 0);
	CHECK_IS(sem_post(&semaphore), 0);
	give(&mutex);
	return unused;
}

int main(int argc, char **argv)
{
	pthread_t thread;
	bool posts_inside;

	CHECK_IS(argc, 2);
	posts_inside = strcmp(argv[1], "post") == 0;
	CHECK_IS(sem_init(&semaphore, 0, 1), 0);
	take(&gate);
	thread = guest_start(take_backwards, NULL);
	for (int i = 0; i <= REPETITIONS; i++) {
		take_token();
		if (i == REPETITIONS)
			take(&mutex);
		if (posts_inside)
			CHECK_IS(sem_post(&semaphore), 0);
		if (i == REPETITIONS)
			give(&mutex);
		if (!posts_inside)
			CHECK_IS(sem_post(&semaphore), 0);
	}
	give(&gate);
	guest_join(thread);
	return guest_passed();
}
