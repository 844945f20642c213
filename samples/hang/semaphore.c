/*
 * A pool of connections, exhausted by those who hold one each (hang).
 *
 * What happens: a semaphore counts the two free connections.  Two requests
 * borrow one each; then each writes its audit record, and write_audit() borrows
 * a second one.  There is none, and nobody will give one back.
 *
 * Why: borrowing twice from a bounded pool is hold and wait, as with two
 * locks.  It hits when as many requests as connections are half way through.
 *
 * See it: snarl run ./semaphore
 * A hang: every thread waits for the semaphore, and only these threads post.
 *
 * Fix: borrow once and pass on what you have: clean_semaphore.c gives
 * write_audit() its caller's connection.
 */
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>

#define CONNECTION_COUNT 2

static sem_t free_connections;
static pthread_barrier_t all_have_one;

static void write_audit(void)
{
	sem_wait(&free_connections); /* HERE: second */
	puts("written");
	sem_post(&free_connections);
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
