/*
 * ZeroMQ within one process: pointers through a pipeline, a message that its receiver frees.
 *
 * needs: /usr/include/zmq.h
 * build: -lzmq
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <zmq.h>

#define ITEMS 500

struct item {
	long first, second;
};

static void *context;

static void *push_items(void *unused)
{
	void *socket = zmq_socket(context, ZMQ_PUSH);

	zmq_connect(socket, "inproc://items");
	for (int i = 0; i < ITEMS; i++) {
		struct item *item = malloc(sizeof(*item));

		item->first = i;
		item->second = 1;
		zmq_send(socket, &item, sizeof(item), 0);
	}
	zmq_close(socket);
	return unused;
}

static void free_buffer(void *buffer, void *unused)
{
	(void)unused;
	free(buffer);
}

static void *send_message(void *unused)
{
	void *socket = zmq_socket(context, ZMQ_PAIR);
	char *buffer = malloc(1000);
	zmq_msg_t message;

	zmq_connect(socket, "inproc://message");
	for (int i = 0; i < 1000; i++)
		buffer[i] = (char)i;
	zmq_msg_init_data(&message, buffer, 1000, free_buffer, NULL);
	zmq_msg_send(&message, socket, 0);
	zmq_close(socket);
	return unused;
}

static long take_items(void *socket)
{
	long sum = 0;

	for (int i = 0; i < 2 * ITEMS; i++) {
		struct item *item;

		zmq_recv(socket, &item, sizeof(item), 0);
		sum += item->first + item->second;
		free(item);
	}
	return sum;
}

static int take_message(void *socket)
{
	zmq_msg_t message;
	int last;

	zmq_msg_init(&message);
	zmq_msg_recv(&message, socket, 0);
	last = ((unsigned char *)zmq_msg_data(&message))[999];
	zmq_msg_close(&message);
	return last;
}

int main(void)
{
	pthread_t threads[3];
	void *items, *pair;
	long sum;

	context = zmq_ctx_new();
	items = zmq_socket(context, ZMQ_PULL);
	pair = zmq_socket(context, ZMQ_PAIR);
	zmq_bind(items, "inproc://items");
	zmq_bind(pair, "inproc://message");
	pthread_create(&threads[0], NULL, push_items, NULL);
	pthread_create(&threads[1], NULL, push_items, NULL);
	pthread_create(&threads[2], NULL, send_message, NULL);
	sum = take_items(items);
	printf("%ld %d\n", sum, take_message(pair));
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	zmq_close(items);
	zmq_close(pair);
	zmq_ctx_term(context);
	return 0;
}
