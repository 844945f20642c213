/*
 * A condition that is waited for with another mutex once all waiters have left it: they are
 * woken, or their time is over, though they still want their mutex.  And a call that refuses
 * its time, which never waits.
 */
#include <stdbool.h>

#include "../guest.h"

#define WAITER 8u /* in pthread_cond_t.__wrefs */

static pthread_mutex_t first = PTHREAD_MUTEX_INITIALIZER, second = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static bool has_begun, is_woken; /* of who waits with the first one */

static bool is_waited_for(void)
{
	return __atomic_load_n(&condition.__data.__wrefs, __ATOMIC_ACQUIRE) >= WAITER;
}

static int wait_until(pthread_mutex_t *lock, struct timespec end)
{
	int result;

	CHECK_IS(pthread_mutex_lock(lock), 0);
	if (lock == &first)
		has_begun = true;
	result = pthread_cond_timedwait(&condition, lock, &end);
	CHECK_IS(pthread_mutex_unlock(lock), 0);
	return result;
}

static void *wait_shortly(void *lock)
{
	CHECK_IS(wait_until(lock, guest_deadline(CLOCK_REALTIME, 200)), ETIMEDOUT);
	return NULL;
}

static void *wait_to_be_woken(void *unused)
{
	CHECK_IS(pthread_mutex_lock(&first), 0);
	has_begun = true;
	while (!is_woken)
		CHECK_IS(pthread_cond_wait(&condition, &first), 0);
	CHECK_IS(pthread_mutex_unlock(&first), 0);
	return unused;
}

/* A thread that has begun to @wait with the first mutex, which the caller has then. */
static pthread_t start_waiter(void *(*wait)(void *))
{
	pthread_t waiter = guest_start(wait, &first);

	CHECK_IS(pthread_mutex_lock(&first), 0);
	while (!has_begun) {
		CHECK_IS(pthread_mutex_unlock(&first), 0);
		sched_yield();
		CHECK_IS(pthread_mutex_lock(&first), 0);
	}
	has_begun = false;
	return waiter;
}

int main(void)
{
	pthread_t waiter = start_waiter(wait_shortly);

	while (is_waited_for())
		sched_yield();
	wait_shortly(&second);
	CHECK_IS(pthread_mutex_unlock(&first), 0);
	guest_join(waiter);

	waiter = start_waiter(wait_to_be_woken);
	CHECK_IS(wait_until(&second, (struct timespec){.tv_nsec = -1}), EINVAL);
	is_woken = true;
	CHECK_IS(pthread_cond_signal(&condition), 0);
	wait_shortly(&second);
	CHECK_IS(pthread_mutex_unlock(&first), 0);
	guest_join(waiter);
	return guest_passed();
}
