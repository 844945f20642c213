/*
 * The fixed twin of bit_fields.c: each flag has a byte of its own, and
 * bytes are written without reading their neighbours.
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>

struct connection {
	bool has_mail;
	bool has_room;
};

static struct connection connection;

static void *receive(void *unused)
{
	(void)unused;
	connection.has_mail = true; /* HERE: mail */
	return NULL;
}

static void *send(void *unused)
{
	(void)unused;
	connection.has_room = true; /* HERE: room */
	return NULL;
}

int main(void)
{
	pthread_t receiver, sender;

	pthread_create(&receiver, NULL, receive, NULL);
	pthread_create(&sender, NULL, send, NULL);
	pthread_join(receiver, NULL);
	pthread_join(sender, NULL);
	printf("mail %d, room %d\n", connection.has_mail, connection.has_room);
	return 0;
}
