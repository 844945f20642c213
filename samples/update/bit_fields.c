/*
 * Two bit fields of one byte, each with a thread of its own (lost-update).
 *
 * What happens: the receiver sets has_mail, the sender sets has_room.  Neither
 * ever touches the other's field, it seems.
 *
 * Why it is wrong: the machine cannot write a bit.  It reads the byte with all
 * eight, changes one, and writes the byte back: with the neighbour's bit as it
 * was at the reading.  If that has changed in between, the change is undone.
 *
 * See it: snarl run ./bit_fields
 * Two updates of one byte, though the source names two members.
 *
 * Fix: members of their own bytes, as in clean_bit_fields.c; bit fields are for
 * flags with one owner or one lock.
 */
#include <pthread.h>
#include <stdio.h>

struct connection {
	unsigned has_mail : 1;
	unsigned has_room : 1;
};

static struct connection connection;

static void *receive(void *unused)
{
	(void)unused;
	connection.has_mail = 1; /* HERE: mail */
	return NULL;
}

static void *send(void *unused)
{
	(void)unused;
	connection.has_room = 1; /* HERE: room */
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
