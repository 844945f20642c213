/*
 * Every way in which a mutex call fails tells the program so.
 *
 * guest-bare: yes
 * snarl-expect: status=0 kinds=self-lock-refused,wait-holding-lock?
 */
#include "../guest.h"

#include <semaphore.h>

static pthread_mutex_t plain = PTHREAD_MUTEX_INITIALIZER;
static sem_t is_held, may_release;

static pthread_mutex_t mutex_of_type(int type)
{
	pthread_mutexattr_t attributes;
	pthread_mutex_t mutex;

	CHECK_IS(pthread_mutexattr_init(&attributes), 0);
	CHECK_IS(pthread_mutexattr_settype(&attributes, type), 0);
	CHECK_IS(pthread_mutex_init(&mutex, &attributes), 0);
	CHECK_IS(pthread_mutexattr_destroy(&attributes), 0);
	return mutex;
}

static void *hold_plain(void *unused)
{
	CHECK_IS(pthread_mutex_lock(&plain), 0);
	CHECK_IS(sem_post(&is_held), 0);
	while (sem_wait(&may_release))
		CHECK_IS(errno, EINTR);
	CHECK_IS(pthread_mutex_unlock(&plain), 0);
	return unused;
}

static void check_held_by_another(void)
{
	struct timespec past = {1, 0}, soon, wrong = {1, 1000000000};
	pthread_t holder = guest_start(hold_plain, NULL);

	CHECK_IS(sem_wait(&is_held), 0);
	CHECK_IS(pthread_mutex_trylock(&plain), EBUSY);
	CHECK_IS(pthread_mutex_timedlock(&plain, &past), ETIMEDOUT);
	CHECK_IS(pthread_mutex_timedlock(&plain, &wrong), EINVAL);
	CHECK_IS(pthread_mutex_clocklock(&plain, CLOCK_MONOTONIC, &past), ETIMEDOUT);
	CHECK_IS(pthread_mutex_clocklock(&plain, CLOCK_PROCESS_CPUTIME_ID, &past), EINVAL);
	soon = guest_deadline(CLOCK_REALTIME, 5);
	CHECK_IS(pthread_mutex_timedlock(&plain, &soon), ETIMEDOUT);
	CHECK(guest_is_past(CLOCK_REALTIME, soon));
	soon = guest_deadline(CLOCK_MONOTONIC, 5);
	CHECK_IS(pthread_mutex_clocklock(&plain, CLOCK_MONOTONIC, &soon), ETIMEDOUT);
	CHECK(guest_is_past(CLOCK_MONOTONIC, soon));
	CHECK_IS(sem_post(&may_release), 0);
	guest_join(holder);

	/* A deadline is not looked at if the mutex is free. */
	CHECK_IS(pthread_mutex_timedlock(&plain, &wrong), 0);
	CHECK_IS(pthread_mutex_unlock(&plain), 0);
}

static void check_error_checking(void)
{
	pthread_mutex_t mutex = mutex_of_type(PTHREAD_MUTEX_ERRORCHECK);
	struct timespec later = guest_deadline(CLOCK_REALTIME, 60000);

	CHECK_IS(pthread_mutex_lock(&mutex), 0);
	CHECK_IS(pthread_mutex_lock(&mutex), EDEADLK);
	CHECK_IS(pthread_mutex_trylock(&mutex), EBUSY);
	CHECK_IS(pthread_mutex_timedlock(&mutex, &later), EDEADLK);
	CHECK_IS(pthread_mutex_unlock(&mutex), 0);
	CHECK_IS(pthread_mutex_destroy(&mutex), 0);
}

static void check_recursive(void)
{
	pthread_mutex_t mutex = mutex_of_type(PTHREAD_MUTEX_RECURSIVE);
	int depth;

	for (depth = 0; depth < 1000; depth++)
		CHECK_IS(depth % 2 ? pthread_mutex_lock(&mutex) : pthread_mutex_trylock(&mutex), 0);
	for (depth = 0; depth < 1000; depth++)
		CHECK_IS(pthread_mutex_unlock(&mutex), 0);
	CHECK_IS(pthread_mutex_destroy(&mutex), 0);
}

static void check_attributes(void)
{
	pthread_mutexattr_t attributes;

	CHECK_IS(pthread_mutexattr_init(&attributes), 0);
	CHECK_IS(pthread_mutexattr_settype(&attributes, 77), EINVAL);
	CHECK_IS(pthread_mutexattr_setpshared(&attributes, 77), EINVAL);
	CHECK_IS(pthread_mutexattr_setrobust(&attributes, 77), EINVAL);
	CHECK_IS(pthread_mutexattr_setprotocol(&attributes, 77), EINVAL);
	CHECK_IS(pthread_mutexattr_destroy(&attributes), 0);
	CHECK_IS(pthread_mutex_consistent(&plain), EINVAL);
}

int main(void)
{
	pthread_mutex_t adaptive = mutex_of_type(PTHREAD_MUTEX_ADAPTIVE_NP);

	CHECK_IS(sem_init(&is_held, 0, 0), 0);
	CHECK_IS(sem_init(&may_release, 0, 0), 0);
	check_held_by_another();
	check_error_checking();
	check_recursive();
	check_attributes();
	CHECK_IS(pthread_mutex_lock(&adaptive), 0);
	CHECK_IS(pthread_mutex_trylock(&adaptive), EBUSY);
	CHECK_IS(pthread_mutex_unlock(&adaptive), 0);
	CHECK_IS(pthread_mutex_destroy(&adaptive), 0);
	return guest_passed();
}
