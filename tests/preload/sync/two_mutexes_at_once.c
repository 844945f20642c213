/*
 * Two threads begin at one time to wait at one condition, each with its own mutex, timed or
 * not.
 *
 * snarl-expect: status=66 kinds=wait-two-mutexes
 * guest-run: timed
 * guest-run: untimed
 */
#include <stdbool.h>

#include "../guest.h"

struct waiter {
	pthread_mutex_t lock;
	bool is_over;
	pthread_t thread;
};

static struct waiter waiters[] = {{.lock = PTHREAD_MUTEX_INITIALIZER},
				  {.lock = PTHREAD_MUTEX_INITIALIZER}};
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static pthread_barrier_t start;
static bool is_timed;

static void wait_once(pthread_mutex_t *lock)
{
	struct timespec end = guest_deadline(CLOCK_REALTIME, 60000);

	if (is_timed)
		CHECK_IS(pthread_cond_timedwait(&condition, lock, &end), 0);
	else
		CHECK_IS(pthread_cond_wait(&condition, lock), 0);
}

static void *wait_until_over(void *argument)
{
	struct waiter *waiter = argument;

	CHECK_IS(pthread_mutex_lock(&waiter->lock), 0);
	pthread_barrier_wait(&start);
	while (!waiter->is_over)
		wait_once(&waiter->lock);
	CHECK_IS(pthread_mutex_unlock(&waiter->lock), 0);
	return NULL;
}

int main(int argument_count, char **arguments)
{
	CHECK_IS(argument_count, 2);
	is_timed = strcmp(arguments[1], "timed") == 0;
	CHECK_IS(pthread_barrier_init(&start, NULL, 3), 0);
	for (unsigned i = 0; i < 2; i++)
		waiters[i].thread = guest_start(wait_until_over, &waiters[i]);
	pthread_barrier_wait(&start);
	/* Who has given its mutex up waits. */
	for (unsigned i = 0; i < 2; i++) {
		CHECK_IS(pthread_mutex_lock(&waiters[i].lock), 0);
		waiters[i].is_over = true;
		CHECK_IS(pthread_mutex_unlock(&waiters[i].lock), 0);
	}
	CHECK_IS(pthread_cond_broadcast(&condition), 0);
	for (unsigned i = 0; i < 2; i++)
		guest_join(waiters[i].thread);
	return guest_passed();
}
