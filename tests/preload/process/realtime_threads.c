/*
 * A thread of real-time priority that interrupts ordinary ones, which count and lock, on
 * their only processor: a spin lock of ours that they hold is released only if it sleeps.
 * Natively it ends at once.
 */
#include "../guest.h"

#include <stdatomic.h>
#include <stdbool.h>

#define ROUNDS 500
#define OTHERS 2

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static atomic_long count;
static long guarded;
static atomic_bool is_over;

static void take_step(void)
{
	atomic_fetch_add_explicit(&count, 1, memory_order_relaxed);
	if (pthread_mutex_trylock(&mutex) == 0) {
		guarded++;
		pthread_mutex_unlock(&mutex);
	}
}

static void *step_until_over(void *unused)
{
	while (!atomic_load(&is_over))
		take_step();
	return unused;
}

static void *interrupt_others(void *unused)
{
	struct sched_param priority = {.sched_priority = 50};
	struct timespec pause = {0, 200000};

	CHECK_IS(pthread_setschedparam(pthread_self(), SCHED_FIFO, &priority), 0);
	for (int i = 0; i < ROUNDS; i++) {
		nanosleep(&pause, NULL);
		take_step();
	}
	return unused;
}

static bool may_be_realtime(void)
{
	struct sched_param ordinary = {0}, priority = {.sched_priority = 50};

	return sched_setscheduler(0, SCHED_FIFO, &priority) == 0 &&
	       sched_setscheduler(0, SCHED_OTHER, &ordinary) == 0;
}

int main(void)
{
	pthread_t others[OTHERS];
	cpu_set_t processors;

	CPU_ZERO(&processors);
	CPU_SET(sched_getcpu(), &processors);
	if (!may_be_realtime() || sched_setaffinity(0, sizeof(processors), &processors) != 0)
		return guest_skip("may not have real-time threads");
	for (int i = 0; i < OTHERS; i++)
		CHECK_IS(pthread_create(&others[i], NULL, step_until_over, NULL), 0);
	guest_run_in_thread(interrupt_others, NULL);
	atomic_store(&is_over, true);
	for (int i = 0; i < OTHERS; i++)
		CHECK_IS(pthread_join(others[i], NULL), 0);
	puts("passed");
	return EXIT_SUCCESS;
}
