/*
 * Tokens go round between main and three threads, all by one condition: a broadcast wakes
 * threads that have begun to wait just before it, which then want the mutex of who waits next.
 * Nobody ever hangs.
 */
#include <stdbool.h>

#include "../guest.h"

#define THREADS 3
#define ROUNDS 3000

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int ready = THREADS, done;

static void take(int *tokens)
{
	CHECK_IS(pthread_mutex_lock(&lock), 0);
	while (*tokens == 0)
		CHECK_IS(pthread_cond_wait(&changed, &lock), 0);
	(*tokens)--;
	CHECK_IS(pthread_mutex_unlock(&lock), 0);
}

static void put(int *tokens)
{
	CHECK_IS(pthread_mutex_lock(&lock), 0);
	(*tokens)++;
	CHECK_IS(pthread_mutex_unlock(&lock), 0);
	CHECK_IS(pthread_cond_broadcast(&changed), 0);
}

static void *work(void *unused)
{
	for (int i = 0; i < ROUNDS; i++) {
		take(&ready);
		put(&done);
	}
	return unused;
}

int main(void)
{
	pthread_t threads[THREADS];

	for (int i = 0; i < THREADS; i++)
		CHECK_IS(pthread_create(&threads[i], NULL, work, NULL), 0);
	for (int i = 0; i < THREADS * ROUNDS; i++) {
		take(&done);
		put(&ready);
	}
	for (int i = 0; i < THREADS; i++)
		CHECK_IS(pthread_join(threads[i], NULL), 0);
	puts("ok");
	return 0;
}
