/*
 * What is written when it has been submitted to a ring is not handed over by that.
 *
 * snarl-expect: status=66 kinds=data-race
 */
#include "ring.h"

static struct { int early; char others[64]; double late[4]; } given;

static void *take(void *unused)
{
	ring_take(false);
	CHECK_IS(given.early, 1);
	return given.late[0] + given.late[3] > 5 ? unused : NULL;
}

int main(void)
{
	pthread_t thread;

	ring_begin();
	CHECK_IS(pthread_create(&thread, NULL, take, NULL), 0);
	usleep(20000);
	given.early = 1;
	ring_give(&given);
	given.late[0] = given.late[3] = 2;
	CHECK_IS(pthread_join(thread, NULL), 0);
	return guest_passed();
}
