/*
 * Threads that meet at a lock: usage: met unrelated | shared | queue | flag | apart.
 *
 * The first thread has ended when the second begins its part, which nothing but the
 * lock tells; or, if they stay apart, nothing at all.
 */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned served;	 /* under log_lock in 'shared' alone */
static unsigned *queued; /* under log_lock */
static atomic_uint is_ready;
static atomic_int first_id;
static const char *way;

static int goes(const char *wanted)
{
	return strcmp(way, wanted) == 0;
}

static void await_end_of_first(void)
{
	while (!first_id)
		sched_yield();
	while (tgkill(getpid(), first_id, 0) == 0)
		sched_yield();
}

static void *serve_first(void *unused)
{
	first_id = gettid();
	if (!goes("shared"))
		served++;
	if (goes("flag"))
		is_ready = 1;
	pthread_mutex_lock(&log_lock);
	if (goes("shared"))
		served++;
	if (goes("queue"))
		queued = &served;
	pthread_mutex_unlock(&log_lock);
	return unused;
}

static void *serve_second(void *unused)
{
	unsigned *mine = &served;

	await_end_of_first();
	if (goes("flag"))
		while (!is_ready)
			sched_yield();
	if (!goes("apart"))
		pthread_mutex_lock(&log_lock);
	if (goes("shared"))
		served++;
	if (goes("queue"))
		mine = queued;
	if (!goes("apart"))
		pthread_mutex_unlock(&log_lock);
	if (!goes("shared"))
		(*mine)++;
	return unused;
}

int main(int argc, char **argv)
{
	pthread_t threads[2];

	way = argc > 1 ? argv[1] : "unrelated";
	if (pthread_create(&threads[0], NULL, serve_first, NULL) ||
	    pthread_create(&threads[1], NULL, serve_second, NULL))
		return 1;
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	printf("%u served\n", served);
	return 0;
}
