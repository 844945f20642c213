/*
 * Conditions, barriers and semaphores that are destroyed or initialised with waiters.
 *
 * glibc's calls that destroy a condition wait for those who leave it, so another thread
 * wakes them once the call has begun, as the condition's memory tells.
 *
 * snarl-expect: status=66 kinds=destroy-locked,init-in-use,data-race?
 */
#include <linux/futex.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/syscall.h>

#include "../guest.h"

#define IS_DESTROYED 4u /* in pthread_cond_t.__wrefs */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static bool is_waited_for;
static sem_t tokens;

static void *wait_for_condition(void *unused)
{
	CHECK_IS(pthread_mutex_lock(&lock), 0);
	is_waited_for = true;
	CHECK_IS(pthread_cond_wait(&condition, &lock), 0);
	CHECK_IS(pthread_mutex_unlock(&lock), 0);
	return unused;
}

static void *wake_when_destroyed(void *unused)
{
	while (!(__atomic_load_n(&condition.__data.__wrefs, __ATOMIC_ACQUIRE) & IS_DESTROYED))
		;
	CHECK_IS(pthread_cond_broadcast(&condition), 0);
	return unused;
}

static void *wait_for_token(void *unused)
{
	CHECK_IS(sem_wait(&tokens), 0);
	return unused;
}

static void destroy_condition(void)
{
	pthread_t waiter = guest_start(wait_for_condition, NULL);
	pthread_t waker = guest_start(wake_when_destroyed, NULL);
	bool waits = false;

	while (!waits) {
		CHECK_IS(pthread_mutex_lock(&lock), 0);
		waits = is_waited_for;
		CHECK_IS(pthread_mutex_unlock(&lock), 0);
	}
	CHECK_IS(pthread_cond_destroy(&condition), 0);
	guest_join(waiter);
	guest_join(waker);
}

/* The memory of a semaphore has the number of its waiters in the upper half. */
static void initialise_semaphore(void)
{
	pthread_t waiter;

	CHECK_IS(sem_init(&tokens, 0, 0), 0);
	waiter = guest_start(wait_for_token, NULL);
	while (!__atomic_load_n((uint32_t *)&tokens + 1, __ATOMIC_ACQUIRE))
		;
	CHECK_IS(sem_init(&tokens, 0, 0), 0);
	/* Its waiter is forgotten: it must be woken by hand. */
	CHECK_IS(sem_post(&tokens), 0);
	while (pthread_tryjoin_np(waiter, NULL) == EBUSY)
		CHECK(syscall(SYS_futex, &tokens, FUTEX_WAKE_PRIVATE, 1) >= 0);
}

int main(void)
{
	destroy_condition();
	initialise_semaphore();
	return guest_passed();
}
