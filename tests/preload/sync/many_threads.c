/*
 * 1 000 threads at once, then 10 000 over the life of the process, joined or
 * detached; each locks and is counted.
 *
 * guest-timeout: 120
 */
#include "../guest.h"

#define AT_ONCE 1000
#define OVER_LIFE 10000

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static pthread_t threads[AT_ONCE];
static int arrived_count, ended_count, may_go;

static void *meet_other(void *unused)
{
	CHECK_IS(pthread_mutex_lock(&mutex), 0);
	if (++arrived_count == AT_ONCE)
		CHECK_IS(pthread_cond_broadcast(&changed), 0);
	while (!may_go)
		CHECK_IS(pthread_cond_wait(&changed, &mutex), 0);
	CHECK_IS(pthread_mutex_unlock(&mutex), 0);
	return unused;
}

static void *come_and_go(void *is_detached)
{
	CHECK_IS(pthread_mutex_lock(&mutex), 0);
	ended_count++;
	if (is_detached)
		CHECK_IS(pthread_cond_signal(&changed), 0);
	CHECK_IS(pthread_mutex_unlock(&mutex), 0);
	return NULL;
}

static void start_at_once(const pthread_attr_t *small)
{
	int i;

	for (i = 0; i < AT_ONCE; i++)
		CHECK_IS(pthread_create(&threads[i], small, meet_other, NULL), 0);
	CHECK_IS(pthread_mutex_lock(&mutex), 0);
	while (arrived_count < AT_ONCE)
		CHECK_IS(pthread_cond_wait(&changed, &mutex), 0);
	may_go = 1;
	CHECK_IS(pthread_cond_broadcast(&changed), 0);
	CHECK_IS(pthread_mutex_unlock(&mutex), 0);
	for (i = 0; i < AT_ONCE; i++)
		guest_join(threads[i]);
}

static void start_over_life(void)
{
	int i;

	for (i = 0; i < OVER_LIFE; i++) {
		threads[0] = guest_start(come_and_go, i % 2 ? &may_go : NULL);
		if (i % 2)
			CHECK_IS(pthread_detach(threads[0]), 0);
		else
			guest_join(threads[0]);
	}
	CHECK_IS(pthread_mutex_lock(&mutex), 0);
	while (ended_count < OVER_LIFE)
		CHECK_IS(pthread_cond_wait(&changed, &mutex), 0);
	CHECK_IS(pthread_mutex_unlock(&mutex), 0);
}

int main(void)
{
	pthread_attr_t small;

	CHECK_IS(pthread_attr_init(&small), 0);
	CHECK_IS(pthread_attr_setstacksize(&small, 65536), 0);
	start_at_once(&small);
	CHECK_IS(pthread_attr_destroy(&small), 0);
	start_over_life();
	return guest_passed();
}
