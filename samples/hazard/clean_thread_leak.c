/*
 * The fixed twin of thread_leak.c: every thread is joined, which frees
 * its stack and its slot.
 */
#define _GNU_SOURCE 1
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#define REQUEST_COUNT 3

struct request {
	pthread_t thread;
	pid_t thread_id;
	sem_t is_answered;
};

static void *answer(void *argument)
{
	struct request *request = argument;

	request->thread_id = gettid();
	sem_post(&request->is_answered);
	return NULL;
}

/* The kernel no longer knows the number of a thread that has ended. */
static void wait_for_end(struct request *request)
{
	sem_wait(&request->is_answered);
	while (tgkill(getpid(), request->thread_id, 0) == 0 || errno != ESRCH)
		sched_yield();
}

int main(void)
{
	static struct request requests[REQUEST_COUNT];

	for (int i = 0; i < REQUEST_COUNT; i++) {
		sem_init(&requests[i].is_answered, 0, 0);
		pthread_create(&requests[i].thread, NULL, answer, &requests[i]); /* HERE: create */
	}
	for (int i = 0; i < REQUEST_COUNT; i++) {
		wait_for_end(&requests[i]);
		pthread_join(requests[i].thread, NULL);
	}
	printf("%d requests answered\n", REQUEST_COUNT);
	return 0;
}
