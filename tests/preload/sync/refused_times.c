/*
 * Clocks that libc does not wait by, and nanoseconds out of range, where nothing would
 * have to wait: the results are libc's, as natively.
 */
#include "../guest.h"

#include <semaphore.h>
#include <stdbool.h>
#include <threads.h>

static const struct timespec times[] = {
	{2000000000, 0},
	{2000000000, -1},
	{2000000000, 1000000000},
};
static const clockid_t clocks[] = {CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_BOOTTIME, 77};

static void say_result(const char *call, size_t time, clockid_t clock, int result)
{
	printf("%s, time %zu, clock %d: %d\n", call, time, clock, result);
}

/* Was it taken?  Then gives it back. */
static void say_mutex(const char *call, size_t time, clockid_t clock, pthread_mutex_t *mutex,
		      int result)
{
	bool is_taken = pthread_mutex_trylock(mutex) == EBUSY;

	say_result(call, time, clock, result);
	CHECK_IS(is_taken, result == 0);
	CHECK_IS(pthread_mutex_unlock(mutex), 0);
}

static void say_rwlock(const char *call, size_t time, clockid_t clock, pthread_rwlock_t *lock,
		       int result)
{
	bool is_taken = pthread_rwlock_trywrlock(lock) == EBUSY;

	say_result(call, time, clock, result);
	CHECK_IS(is_taken, result == 0);
	CHECK_IS(pthread_rwlock_unlock(lock), 0);
}

static void say_semaphore(const char *call, size_t time, clockid_t clock, sem_t *semaphore,
			  int result)
{
	int value;

	say_result(call, time, clock, result == 0 ? 0 : errno);
	CHECK_IS(sem_getvalue(semaphore, &value), 0);
	CHECK_IS(value, result == 0 ? 0 : 1);
	if (result == 0)
		CHECK_IS(sem_post(semaphore), 0);
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static sem_t semaphore;

static void try_clock(size_t i, clockid_t clock)
{
	const struct timespec *time = &times[i];

	say_mutex("mutex", i, clock, &mutex, pthread_mutex_clocklock(&mutex, clock, time));
	say_rwlock("read", i, clock, &rwlock, pthread_rwlock_clockrdlock(&rwlock, clock, time));
	say_rwlock("write", i, clock, &rwlock, pthread_rwlock_clockwrlock(&rwlock, clock, time));
	say_semaphore("semaphore", i, clock, &semaphore, sem_clockwait(&semaphore, clock, time));
}

static void try_time(size_t i)
{
	const struct timespec *time = &times[i];

	say_mutex("mutex", i, -1, &mutex, pthread_mutex_timedlock(&mutex, time));
	say_mutex("C11 mutex", i, -1, &mutex, mtx_timedlock((mtx_t *)&mutex, time));
	say_rwlock("read", i, -1, &rwlock, pthread_rwlock_timedrdlock(&rwlock, time));
	say_rwlock("write", i, -1, &rwlock, pthread_rwlock_timedwrlock(&rwlock, time));
	say_semaphore("semaphore", i, -1, &semaphore, sem_timedwait(&semaphore, time));
}

int main(void)
{
	CHECK_IS(sem_init(&semaphore, 0, 1), 0);
	for (size_t i = 0; i < sizeof(times) / sizeof(*times); i++) {
		for (size_t c = 0; c < sizeof(clocks) / sizeof(*clocks); c++)
			try_clock(i, clocks[c]);
		try_time(i);
	}
	return EXIT_SUCCESS;
}
