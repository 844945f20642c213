/*
 * Threads that end and are never joined (thread-leak, warning).
 *
 * What happens: a thread is started per request and forgotten.  All of them
 * end, none is joined or detached.
 *
 * Why it is wrong: a joinable thread keeps its stack and its slot until
 * somebody asks for its result.  A server that forgets 8 MiB of address space
 * per request stops one day with EAGAIN from pthread_create.
 *
 * See it: snarl run ./thread_leak
 * Where the threads were created, and how many were left.
 *
 * Fix: join, or detach what nobody will ask for: clean_thread_leak.c joins.
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
	for (int i = 0; i < REQUEST_COUNT; i++)
		wait_for_end(&requests[i]);
	printf("%d requests answered\n", REQUEST_COUNT);
	return 0;
}
