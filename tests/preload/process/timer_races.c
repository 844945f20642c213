/*
 * Threads of a timer are the only ones beside main, and count without a lock.
 *
 * snarl-expect: status=66 kinds=lost-update,data-race?
 */
#include "../guest.h"

#include <semaphore.h>
#include <signal.h>
#include <time.h>

#define ROUNDS 20

static sem_t called;
static int call_count;

static void call_back(union sigval value)
{
	(void)value;
	call_count++;
	CHECK_IS(sem_post(&called), 0);
}

int main(void)
{
	struct sigevent event = {
		.sigev_notify = SIGEV_THREAD,
		.sigev_notify_function = call_back,
	};
	struct itimerspec often = {.it_interval = {0, 1000000}, .it_value = {0, 1000000}};
	timer_t timer;

	CHECK_IS(sem_init(&called, 0, 0), 0);
	CHECK_IS(timer_create(CLOCK_MONOTONIC, &event, &timer), 0);
	CHECK_IS(timer_settime(timer, 0, &often, NULL), 0);
	for (int i = 0; i < ROUNDS; i++)
		CHECK_IS(sem_wait(&called), 0);
	CHECK_IS(timer_delete(timer), 0);
	printf("called back\n");
	return 0;
}
