/*
 * What waiting costs while many others wait.  Prints microseconds per event.
 *
 * usage: wait_bench WORKLOAD THREADS EVENTS
 *
 *   broadcast  all wait at one condition, and are woken together; an event is a wake-up
 *   timed      each waits at one condition up to 100 microseconds; an event is a wait
 *   beside     all wait, while two others hand a turn over; an event is a hand-over
 *   barrier    all meet at a barrier; an event is a departure
 *   threads    threads are made and joined while the others wait; an event is a thread
 */
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NANOSECONDS 1000000000l

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static pthread_cond_t all_wait = PTHREAD_COND_INITIALIZER;
static pthread_cond_t turn_changed = PTHREAD_COND_INITIALIZER;
static pthread_barrier_t barrier;
static long round_number, waiting_count, thread_count, event_count, turn;
static bool is_over;

static double read_clock(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / NANOSECONDS;
}

/* With the mutex held. */
static void wait_for_round(void)
{
	long mine = round_number;

	if (++waiting_count == thread_count)
		pthread_cond_signal(&all_wait);
	while (round_number == mine)
		pthread_cond_wait(&changed, &mutex);
}

/* With the mutex held. */
static void await_all(void)
{
	while (waiting_count < thread_count)
		pthread_cond_wait(&all_wait, &mutex);
}

/* With the mutex held. */
static void begin_round(void)
{
	await_all();
	waiting_count = 0;
	round_number++;
	pthread_cond_broadcast(&changed);
}

static void *wait_often(void *unused)
{
	pthread_mutex_lock(&mutex);
	while (!is_over)
		wait_for_round();
	pthread_mutex_unlock(&mutex);
	return unused;
}

static void *wait_timed(void *unused)
{
	pthread_mutex_lock(&mutex);
	for (long i = 0; i < event_count / thread_count; i++) {
		struct timespec until;

		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += 100000;
		if (until.tv_nsec >= NANOSECONDS) {
			until.tv_sec++;
			until.tv_nsec -= NANOSECONDS;
		}
		while (pthread_cond_timedwait(&changed, &mutex, &until) != ETIMEDOUT)
			;
	}
	pthread_mutex_unlock(&mutex);
	return unused;
}

static void take_turns(long own)
{
	pthread_mutex_lock(&mutex);
	for (long i = 0; i < event_count / 2; i++) {
		while (turn != own)
			pthread_cond_wait(&turn_changed, &mutex);
		turn = !own;
		pthread_cond_signal(&turn_changed);
	}
	pthread_mutex_unlock(&mutex);
}

static void *take_other_turns(void *unused)
{
	take_turns(1);
	return unused;
}

static void *return_at_once(void *unused)
{
	return unused;
}

static void *meet_partner(void *unused)
{
	for (long i = 0; i < event_count / thread_count; i++)
		pthread_barrier_wait(&barrier);
	return unused;
}

static pthread_t start_thread(void *(*body)(void *))
{
	pthread_attr_t attributes;
	pthread_t thread;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, 65536);
	if (pthread_create(&thread, &attributes, body, NULL)) {
		fputs("wait_bench: no more threads\n", stderr);
		exit(1);
	}
	return thread;
}

static void measure_broadcasts(void)
{
	for (long i = 0; i < event_count / thread_count; i++) {
		pthread_mutex_lock(&mutex);
		begin_round();
		pthread_mutex_unlock(&mutex);
	}
}

static void measure_turns(void)
{
	pthread_t other = start_thread(take_other_turns);

	take_turns(0);
	pthread_join(other, NULL);
}

static void measure_threads(void)
{
	for (long i = 0; i < event_count; i++)
		pthread_join(start_thread(return_at_once), NULL);
}

static void end_all(void)
{
	pthread_mutex_lock(&mutex);
	await_all();
	is_over = true;
	begin_round();
	pthread_mutex_unlock(&mutex);
}

int main(int argument_count, char **arguments)
{
	const char *workload = argument_count == 4 ? arguments[1] : "";
	bool is_timed = !strcmp(workload, "timed");
	bool is_barrier = !strcmp(workload, "barrier");
	bool is_beside = !strcmp(workload, "beside");
	bool is_threads = !strcmp(workload, "threads");
	void *(*body)(void *) = is_timed ? wait_timed : is_barrier ? meet_partner : wait_often;
	pthread_t *threads;
	double began;

	if (!is_timed && !is_barrier && !is_beside && !is_threads &&
	    strcmp(workload, "broadcast")) {
		fputs("usage: wait_bench broadcast|timed|beside|barrier|threads THREADS EVENTS\n",
		      stderr);
		return 2;
	}
	thread_count = atol(arguments[2]);
	event_count = atol(arguments[3]);
	threads = calloc((size_t)thread_count, sizeof(*threads));
	pthread_barrier_init(&barrier, NULL, (unsigned)thread_count);
	began = read_clock();
	for (long i = 0; i < thread_count; i++)
		threads[i] = start_thread(body);
	if (body == wait_often) {
		pthread_mutex_lock(&mutex);
		await_all();
		pthread_mutex_unlock(&mutex);
		began = read_clock();
		if (is_beside)
			measure_turns();
		else if (is_threads)
			measure_threads();
		else
			measure_broadcasts();
		printf("%s %ld: %.2f us\n", workload, thread_count,
		       (read_clock() - began) * 1e6 / (double)event_count);
		end_all();
	}
	for (long i = 0; i < thread_count; i++)
		pthread_join(threads[i], NULL);
	if (body != wait_often)
		printf("%s %ld: %.2f us\n", workload, thread_count,
		       (read_clock() - began) * 1e6 / (double)event_count);
	return 0;
}
