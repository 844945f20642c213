/*
 * What a detached thread had allocated for a library's thread-local variables is freed by
 * who creates the next one on its stack: nothing orders the two but the C library.
 */
#include "opened_library.h"

#include <semaphore.h>

#define COUNT 6

static void (*use)(void);
static sem_t started, go;
static pid_t ids[COUNT];

static void *use_late(void *number)
{
	ids[(long)number] = gettid();
	sem_post(&started);
	sem_wait(&go);
	use();
	return NULL;
}

static void *stay(void *unused)
{
	pause();
	return unused;
}

static void run_round(void)
{
	for (long i = 0; i < COUNT; i++)
		pthread_detach(guest_start(use_late, (void *)i));
	for (int i = 0; i < COUNT; i++)
		sem_wait(&started);
	for (int i = 0; i < COUNT; i++)
		sem_post(&go);
	for (int i = 0; i < COUNT; i++)
		while (tgkill(getpid(), ids[i], 0) == 0)
			sched_yield();
}

int main(void)
{
	void *library = open_library("libended_tls.so", RTLD_NOW);

	find_function(library, "ended_tls_use", &use);
	sem_init(&started, 0, 0);
	sem_init(&go, 0, 0);
	pthread_detach(guest_start(stay, NULL));
	for (int round = 0; round < 3; round++)
		run_round();
	return guest_passed();
}
