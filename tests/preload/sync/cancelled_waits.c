/*
 * Cancellation in each function that waits.
 *
 * After pthread_cond_wait the mutex is held again when the cleanup handler
 * runs; a cancelled join leaves the thread to be joined by another; a pending
 * cancellation takes no token of a semaphore, and a cancelled wait none of a
 * later post.
 */
#include "../guest.h"

#include <semaphore.h>
#include <stdatomic.h>

static pthread_mutex_t mutex = PTHREAD_ERRORCHECK_MUTEX_INITIALIZER_NP;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static sem_t semaphore, never;
static pthread_t target;
static atomic_int cleaned_count, waiter_id;
static int is_waiting;

struct wait {
	const char *name;
	void (*enter)(void);
};

static void unlock_in_cleanup(void *unused)
{
	(void)unused;
	atomic_fetch_add(&cleaned_count, 1);
	CHECK_IS(pthread_mutex_unlock(&mutex), 0);
}

static void count_in_cleanup(void *unused)
{
	(void)unused;
	atomic_fetch_add(&cleaned_count, 1);
}

static void enter_cond_wait(void)
{
	CHECK_IS(pthread_mutex_lock(&mutex), 0);
	is_waiting = 1;
	pthread_cleanup_push(unlock_in_cleanup, NULL);
	for (;;)
		CHECK_IS(pthread_cond_wait(&condition, &mutex), 0);
	pthread_cleanup_pop(0);
}

static void enter_cond_timedwait(void)
{
	struct timespec later = guest_deadline(CLOCK_REALTIME, 60000);

	CHECK_IS(pthread_mutex_lock(&mutex), 0);
	is_waiting = 1;
	pthread_cleanup_push(unlock_in_cleanup, NULL);
	for (;;)
		CHECK_IS(pthread_cond_timedwait(&condition, &mutex, &later), 0);
	pthread_cleanup_pop(0);
}

static void enter_cond_clockwait(void)
{
	struct timespec later = guest_deadline(CLOCK_MONOTONIC, 60000);

	CHECK_IS(pthread_mutex_lock(&mutex), 0);
	is_waiting = 1;
	pthread_cleanup_push(unlock_in_cleanup, NULL);
	for (;;)
		CHECK_IS(pthread_cond_clockwait(&condition, &mutex, CLOCK_MONOTONIC, &later), 0);
	pthread_cleanup_pop(0);
}

static void *wait_on_condition(void *wait)
{
	((struct wait *)wait)->enter();
	return NULL;
}

static void check_condition(struct wait *wait)
{
	pthread_t thread;
	int i;

	for (i = 0; i < 50; i++) {
		is_waiting = 0;
		thread = guest_start(wait_on_condition, wait);
		/* Half of them are cancelled in the wait, half on the way to it. */
		while (i % 2) {
			CHECK_IS(pthread_mutex_lock(&mutex), 0);
			if (is_waiting)
				break;
			CHECK_IS(pthread_mutex_unlock(&mutex), 0);
			sched_yield();
		}
		CHECK_IS(pthread_cancel(thread), 0);
		if (i % 2)
			CHECK_IS(pthread_mutex_unlock(&mutex), 0);
		CHECK(guest_join(thread) == PTHREAD_CANCELED);
	}
	printf("%s: cancelled\n", wait->name);
}

static void enter_sem_wait(void)
{
	sem_wait(&never);
}

static void enter_sem_timedwait(void)
{
	struct timespec later = guest_deadline(CLOCK_REALTIME, 60000);

	sem_timedwait(&never, &later);
}

static void enter_sem_clockwait(void)
{
	struct timespec later = guest_deadline(CLOCK_MONOTONIC, 60000);

	sem_clockwait(&never, CLOCK_MONOTONIC, &later);
}

static void enter_join(void)
{
	pthread_join(target, NULL);
}

static void enter_timedjoin(void)
{
	struct timespec later = guest_deadline(CLOCK_REALTIME, 60000);

	pthread_timedjoin_np(target, NULL, &later);
}

static void enter_clockjoin(void)
{
	struct timespec later = guest_deadline(CLOCK_MONOTONIC, 60000);

	pthread_clockjoin_np(target, NULL, CLOCK_MONOTONIC, &later);
}

static void enter_pause(void)
{
	pause();
}

static void *wait_for_ever(void *wait)
{
	pthread_cleanup_push(count_in_cleanup, NULL);
	atomic_store(&waiter_id, gettid());
	((struct wait *)wait)->enter();
	CHECK_NOT_REACHED("the wait ended");
	pthread_cleanup_pop(0);
	return NULL;
}

static void check_wait(struct wait *wait)
{
	pthread_t thread;
	int i;

	for (i = 0; i < 20; i++) {
		atomic_store(&waiter_id, 0);
		atomic_store(&cleaned_count, 0);
		thread = guest_start(wait_for_ever, wait);
		while (!atomic_load(&waiter_id))
			sched_yield();
		if (i % 2)
			guest_await_sleep(atomic_load(&waiter_id));
		CHECK_IS(pthread_cancel(thread), 0);
		CHECK(guest_join(thread) == PTHREAD_CANCELED);
		CHECK_IS(atomic_load(&cleaned_count), 1);
	}
	printf("%s: cancelled\n", wait->name);
}

static void *take_token_with_cancel_pending(void *unused)
{
	CHECK_IS(pthread_cancel(pthread_self()), 0);
	sem_wait(&semaphore);
	CHECK_NOT_REACHED("a pending cancellation was not acted upon");
	return unused;
}

static void *take_token_uncancellable(void *unused)
{
	int state;

	CHECK_IS(pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state), 0);
	CHECK_IS(pthread_cancel(pthread_self()), 0);
	CHECK_IS(sem_wait(&semaphore), 0);
	CHECK_IS(sem_trywait(&semaphore), 0);
	CHECK_IS(pthread_setcancelstate(state, NULL), 0);
	pthread_testcancel();
	return unused;
}

static void check_tokens(void)
{
	int value;

	CHECK_IS(sem_post(&semaphore), 0);
	CHECK_IS(sem_post(&semaphore), 0);
	CHECK(guest_run_in_thread(take_token_with_cancel_pending, NULL) == PTHREAD_CANCELED);
	CHECK_IS(sem_getvalue(&semaphore, &value), 0);
	CHECK_IS(value, 2);
	CHECK(guest_run_in_thread(take_token_uncancellable, NULL) == PTHREAD_CANCELED);
	CHECK_IS(sem_getvalue(&semaphore, &value), 0);
	CHECK_IS(value, 0);
}

static void *end_when_posted(void *unused)
{
	CHECK_IS(sem_wait(&semaphore), 0);
	return unused;
}

int main(void)
{
	struct wait conditions[] = {
		{"pthread_cond_wait", enter_cond_wait},
		{"pthread_cond_timedwait", enter_cond_timedwait},
		{"pthread_cond_clockwait", enter_cond_clockwait},
	};
	struct wait others[] = {
		{"sem_wait", enter_sem_wait},
		{"sem_timedwait", enter_sem_timedwait},
		{"sem_clockwait", enter_sem_clockwait},
		{"pthread_join", enter_join},
		{"pthread_timedjoin_np", enter_timedjoin},
		{"pthread_clockjoin_np", enter_clockjoin},
		{"pause", enter_pause},
	};
	size_t i;

	CHECK_IS(sem_init(&semaphore, 0, 0), 0);
	CHECK_IS(sem_init(&never, 0, 0), 0);
	for (i = 0; i < sizeof(conditions) / sizeof(*conditions); i++)
		check_condition(&conditions[i]);
	check_tokens();
	target = guest_start(end_when_posted, NULL);
	for (i = 0; i < sizeof(others) / sizeof(*others); i++)
		check_wait(&others[i]);
	CHECK_IS(sem_post(&semaphore), 0);
	guest_join(target);
	return guest_passed();
}
