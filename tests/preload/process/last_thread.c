/*
 * The last thread that could have woken the others ends instead of waiting.
 *
 * A child hangs so; natively its parent ends it.  First, threads whose
 * destructors wake others in their last round: nothing is found there.
 *
 * snarl-expect: status=66 kinds=hang
 */
#include "../guest.h"

#include <limits.h>
#include <semaphore.h>
#include <signal.h>

#define WAKE_COUNT 20
#define PATIENCE_MS 3000

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static pthread_key_t key;
static sem_t woken;
static int is_ready;

static void wake_in_last_round(void *round)
{
	if ((intptr_t)round < PTHREAD_DESTRUCTOR_ITERATIONS)
		pthread_setspecific(key, (void *)((intptr_t)round + 1));
	else
		sem_post(&woken);
}

static void *end_and_wake(void *unused)
{
	pthread_setspecific(key, (void *)1);
	return unused;
}

static void check_late_wakers(void)
{
	CHECK_IS(pthread_key_create(&key, wake_in_last_round), 0);
	CHECK_IS(sem_init(&woken, 0, 0), 0);
	for (int i = 0; i < WAKE_COUNT; i++) {
		pthread_t thread = guest_start(end_and_wake, NULL);

		CHECK_IS(sem_wait(&woken), 0);
		guest_join(thread);
	}
}

static void *wait_for_ever(void *unused)
{
	pthread_mutex_lock(&mutex);
	while (!is_ready)
		pthread_cond_wait(&condition, &mutex);
	pthread_mutex_unlock(&mutex);
	return unused;
}

/* Ends once the others sleep. */
static void *look_on(void *main_id)
{
	guest_await_sleep(*(pid_t *)main_id);
	return NULL;
}

static void hang_for_ever(void)
{
	pthread_t waiter = guest_start(wait_for_ever, NULL);
	pid_t id = getpid();

	guest_start(look_on, &id);
	guest_join(waiter);
	_exit(0);
}

int main(void)
{
	struct timespec deadline, pause = {0, 1000000};
	pid_t child, ended;
	int status;

	check_late_wakers();
	child = fork();
	if (child == 0)
		hang_for_ever();
	deadline = guest_deadline(CLOCK_MONOTONIC, PATIENCE_MS);
	while ((ended = waitpid(child, &status, WNOHANG)) == 0 &&
	       !guest_is_past(CLOCK_MONOTONIC, deadline))
		nanosleep(&pause, NULL);
	if (ended == 0) {
		kill(child, SIGKILL);
		CHECK_IS(waitpid(child, &status, 0), child);
	}
	CHECK(!WIFEXITED(status) || WEXITSTATUS(status) == 66);
	return guest_passed();
}
