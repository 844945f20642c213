/*
 * How waits on conditions, semaphores and barriers end or are refused.
 *
 * EINTR: a handler without SA_RESTART ends sem_wait, never pthread_cond_wait.
 */
#include "../guest.h"

#include <limits.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static sem_t semaphore;
static pthread_barrier_t barrier;
static atomic_int waiter_id, handled_count, is_stopped, serial_count;

static void on_signal(int number)
{
	(void)number;
	atomic_fetch_add(&handled_count, 1);
}

static void check_conditions(void)
{
	struct timespec past = {1, 0}, wrong = {1, 1000000000}, soon;

	CHECK_IS(pthread_mutex_lock(&mutex), 0);
	CHECK_IS(pthread_cond_timedwait(&condition, &mutex, &past), ETIMEDOUT);
	CHECK_IS(pthread_cond_timedwait(&condition, &mutex, &wrong), EINVAL);
	CHECK_IS(pthread_cond_clockwait(&condition, &mutex, CLOCK_MONOTONIC, &past), ETIMEDOUT);
	CHECK_IS(pthread_cond_clockwait(&condition, &mutex, CLOCK_THREAD_CPUTIME_ID, &past),
		 EINVAL);
	soon = guest_deadline(CLOCK_REALTIME, 5);
	while (!pthread_cond_timedwait(&condition, &mutex, &soon))
		;
	CHECK(guest_is_past(CLOCK_REALTIME, soon));
	soon = guest_deadline(CLOCK_MONOTONIC, 5);
	while (!pthread_cond_clockwait(&condition, &mutex, CLOCK_MONOTONIC, &soon))
		;
	CHECK(guest_is_past(CLOCK_MONOTONIC, soon));
	CHECK_IS(pthread_mutex_unlock(&mutex), 0);
}

static void check_semaphores(void)
{
	struct timespec past = {1, 0}, wrong = {1, -1}, soon;
	int value;
	sem_t full;

	CHECK_FAILS(sem_init(&full, 0, (unsigned)SEM_VALUE_MAX + 1u), EINVAL);
	CHECK_IS(sem_init(&full, 0, SEM_VALUE_MAX), 0);
	CHECK_FAILS(sem_post(&full), EOVERFLOW);
	CHECK_IS(sem_getvalue(&full, &value), 0);
	CHECK_IS(value, SEM_VALUE_MAX);
	CHECK_IS(sem_destroy(&full), 0);

	CHECK_IS(sem_init(&semaphore, 0, 0), 0);
	CHECK_FAILS(sem_trywait(&semaphore), EAGAIN);
	CHECK_FAILS(sem_timedwait(&semaphore, &past), ETIMEDOUT);
	CHECK_FAILS(sem_timedwait(&semaphore, &wrong), EINVAL);
	CHECK_FAILS(sem_clockwait(&semaphore, CLOCK_MONOTONIC, &past), ETIMEDOUT);
	CHECK_FAILS(sem_clockwait(&semaphore, CLOCK_THREAD_CPUTIME_ID, &past), EINVAL);
	soon = guest_deadline(CLOCK_MONOTONIC, 5);
	CHECK_FAILS(sem_clockwait(&semaphore, CLOCK_MONOTONIC, &soon), ETIMEDOUT);
	CHECK(guest_is_past(CLOCK_MONOTONIC, soon));
	soon = guest_deadline(CLOCK_REALTIME, 5);
	CHECK_FAILS(sem_timedwait(&semaphore, &soon), ETIMEDOUT);
	CHECK(guest_is_past(CLOCK_REALTIME, soon));
}

static void *wait_until_interrupted(void *unused)
{
	atomic_store(&waiter_id, gettid());
	CHECK_FAILS(sem_wait(&semaphore), EINTR);
	atomic_store(&is_stopped, 1);
	return unused;
}

/* Signals until one of them arrives while the semaphore is waited for. */
static void check_interruption(void)
{
	struct sigaction action = {.sa_handler = on_signal};
	pthread_t waiter;

	CHECK_IS(sigaction(SIGUSR1, &action, NULL), 0);
	waiter = guest_start(wait_until_interrupted, NULL);
	while (!atomic_load(&waiter_id))
		sched_yield();
	while (!atomic_load(&is_stopped)) {
		CHECK_IS(pthread_kill(waiter, SIGUSR1), 0);
		sched_yield();
	}
	guest_join(waiter);
	CHECK(atomic_load(&handled_count) > 0);
}

static void *arrive_at(void *unused)
{
	int round, result;

	for (round = 0; round < 50; round++) {
		result = pthread_barrier_wait(&barrier);
		CHECK(result == 0 || result == PTHREAD_BARRIER_SERIAL_THREAD);
		if (result)
			atomic_fetch_add(&serial_count, 1);
	}
	return unused;
}

static void check_barriers(void)
{
	pthread_t threads[3];
	int i;

	CHECK_IS(pthread_barrier_init(&barrier, NULL, 0), EINVAL);
	CHECK_IS(pthread_barrier_init(&barrier, NULL, 3), 0);
	for (i = 0; i < 3; i++)
		threads[i] = guest_start(arrive_at, NULL);
	for (i = 0; i < 3; i++)
		guest_join(threads[i]);
	CHECK_IS(atomic_load(&serial_count), 50);
	CHECK_IS(pthread_barrier_destroy(&barrier), 0);
}

int main(void)
{
	check_conditions();
	check_semaphores();
	check_interruption();
	check_barriers();
	return guest_passed();
}
