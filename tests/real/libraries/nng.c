/*
 * nng within one process: pointers through a pipeline, freed by who receives them.
 *
 * needs: /usr/include/nng/nng.h
 * build: -lnng
 */
#include <nng/nng.h>
#include <nng/protocol/pipeline0/pull.h>
#include <nng/protocol/pipeline0/push.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>

#define ITEMS 300

struct item {
	long first, second;
};

static sem_t received;

static void *push_items(void *unused)
{
	nng_socket socket;

	nng_push0_open(&socket);
	nng_dial(socket, "inproc://items", NULL, 0);
	for (int i = 0; i < ITEMS; i++) {
		struct item *item = malloc(sizeof(*item));

		item->first = i;
		item->second = 1;
		nng_send(socket, &item, sizeof(item), 0);
	}
	sem_wait(&received);
	nng_close(socket);
	return unused;
}

int main(void)
{
	pthread_t threads[2];
	nng_socket socket;
	long sum = 0;

	sem_init(&received, 0, 0);
	nng_pull0_open(&socket);
	nng_listen(socket, "inproc://items", NULL, 0);
	for (int i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, push_items, NULL);
	for (int i = 0; i < 2 * ITEMS; i++) {
		struct item *item;
		size_t size = sizeof(item);

		nng_recv(socket, &item, &size, 0);
		sum += item->first + item->second;
		free(item);
	}
	for (int i = 0; i < 2; i++)
		sem_post(&received);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	nng_close(socket);
	printf("%ld\n", sum);
	return 0;
}
