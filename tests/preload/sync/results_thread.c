/*
 * How creating, joining and detaching threads is refused or times out.
 *
 * snarl-expect: status=0 kinds=self-lock-refused?
 */
#include "../guest.h"

#include <limits.h>
#include <semaphore.h>
#include <signal.h>
#include <stdint.h>

static sem_t may_end;

static void *end_when_told(void *result)
{
	CHECK_IS(sem_wait(&may_end), 0);
	return result;
}

static void *do_nothing(void *argument)
{
	return argument;
}

static void check_creation(void)
{
	pthread_attr_t attributes;
	pthread_t thread;

	CHECK_IS(pthread_attr_init(&attributes), 0);
	CHECK_IS(pthread_attr_setstacksize(&attributes, 1), EINVAL);
	/* More stack than there are addresses. */
	CHECK_IS(pthread_attr_setstacksize(&attributes, (size_t)1 << 47), 0);
	CHECK_IS(pthread_create(&thread, &attributes, do_nothing, NULL), EAGAIN);
	CHECK_IS(pthread_attr_destroy(&attributes), 0);
}

static void check_joins(void)
{
	struct timespec past = {1, 0}, soon;
	pthread_t thread = guest_start(end_when_told, &may_end);
	void *result = NULL;

	CHECK_IS(pthread_join(pthread_self(), NULL), EDEADLK);
	CHECK_IS(pthread_tryjoin_np(thread, &result), EBUSY);
	CHECK_IS(pthread_timedjoin_np(thread, &result, &past), ETIMEDOUT);
	CHECK_IS(pthread_clockjoin_np(thread, &result, CLOCK_MONOTONIC, &past), ETIMEDOUT);
	soon = guest_deadline(CLOCK_MONOTONIC, 5);
	CHECK_IS(pthread_clockjoin_np(thread, &result, CLOCK_MONOTONIC, &soon), ETIMEDOUT);
	CHECK(guest_is_past(CLOCK_MONOTONIC, soon));
	CHECK(!result);
	CHECK_IS(sem_post(&may_end), 0);
	CHECK_IS(pthread_join(thread, &result), 0);
	CHECK(result == &may_end);
}

static void check_each_join_gets_the_result(void)
{
	struct timespec later = guest_deadline(CLOCK_REALTIME, 60000);
	struct timespec later_monotonic = guest_deadline(CLOCK_MONOTONIC, 60000);
	void *result = NULL;
	pthread_t thread;

	thread = guest_start(do_nothing, &may_end);
	CHECK_IS(pthread_timedjoin_np(thread, &result, &later), 0);
	CHECK(result == &may_end);
	thread = guest_start(do_nothing, &later);
	CHECK_IS(pthread_clockjoin_np(thread, &result, CLOCK_MONOTONIC, &later_monotonic), 0);
	CHECK(result == &later);
	thread = guest_start(do_nothing, &result);
	while (pthread_tryjoin_np(thread, &result) == EBUSY)
		sched_yield();
	CHECK(result == &result);
}

static void check_detached(void)
{
	pthread_t thread = guest_start(end_when_told, NULL);

	CHECK_IS(pthread_detach(thread), 0);
	CHECK_IS(pthread_detach(thread), EINVAL);
	CHECK_IS(pthread_join(thread, NULL), EINVAL);
	CHECK_IS(pthread_kill(thread, 0), 0);
	CHECK_IS(pthread_kill(thread, 12345), EINVAL);
	CHECK_IS(sem_post(&may_end), 0);
}

int main(void)
{
	CHECK_IS(sem_init(&may_end, 0, 0), 0);
	check_creation();
	check_joins();
	check_each_join_gets_the_result();
	check_detached();
	return guest_passed();
}
