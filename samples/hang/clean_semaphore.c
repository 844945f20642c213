/*
 * The fixed twin of semaphore.c: a request borrows one connection, and
 * write_audit() uses the one that its caller has.
 */
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>

#define CONNECTION_COUNT 2

static sem_t free_connections;
static pthread_barrier_t all_have_one;

/* Expects the caller to have borrowed a connection. */
static void write_audit(void)
{
	puts("written");
}

static void *serve_request(void *unused)
{
	(void)unused;
	sem_wait(&free_connections);
	pthread_barrier_wait(&all_have_one);
	write_audit(); /* HERE: audits */
	sem_post(&free_connections);
	return NULL;
}

int main(void)
{
	pthread_t requests[CONNECTION_COUNT];

	sem_init(&free_connections, 0, CONNECTION_COUNT);
	pthread_barrier_init(&all_have_one, NULL, CONNECTION_COUNT);
	for (int i = 0; i < CONNECTION_COUNT; i++)
		pthread_create(&requests[i], NULL, serve_request, NULL);
	for (int i = 0; i < CONNECTION_COUNT; i++)
		pthread_join(requests[i], NULL);
	pthread_barrier_destroy(&all_have_one);
	sem_destroy(&free_connections);
	return 0;
}
