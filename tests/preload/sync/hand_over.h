/*
 * Hand-overs: two threads take two locks in opposite orders, one after the other.  The
 * second waits for what the first one sends by the way that the argument names.
 */
#ifndef HAND_OVER_H
#define HAND_OVER_H

#include "../guest.h"

struct way {
	const char *name;
	void (*begin)(void);
	void (*send)(void);
	void (*receive)(void);
};

static pthread_mutex_t first = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t second = PTHREAD_MUTEX_INITIALIZER;
static int in, out;
static int number = 1;
static char byte;

static void send_byte(void)
{
	CHECK_IS(write(out, "x", 1), 1);
}
static void receive_byte(void)
{
	CHECK_IS(read(in, &byte, 1), 1);
}

static void take_both(pthread_mutex_t *outer, pthread_mutex_t *inner)
{
	CHECK_IS(pthread_mutex_lock(outer), 0);
	CHECK_IS(pthread_mutex_lock(inner), 0);
	CHECK_IS(pthread_mutex_unlock(inner), 0);
	CHECK_IS(pthread_mutex_unlock(outer), 0);
}

static void *run_sender(void *argument)
{
	const struct way *way = argument;

	take_both(&first, &second);
	number += 2;
	way->send();
	return NULL;
}

static void *run_receiver(void *argument)
{
	const struct way *way = argument;

	way->receive();
	number *= 3;
	take_both(&second, &first);
	return NULL;
}

/* Goes the one of @ways with @name. */
static int hand_over(const struct way *ways, size_t way_count, const char *name)
{
	for (size_t i = 0; name && i < way_count; i++) {
		struct way *way = (struct way *)&ways[i];
		pthread_t receiver;

		if (strcmp(way->name, name) != 0)
			continue;
		way->begin();
		receiver = guest_start(run_receiver, way);
		guest_run_in_thread(run_sender, way);
		guest_join(receiver);
		CHECK_IS(number, 9);
		return guest_passed();
	}
	return guest_skip("no such way");
}

#endif
