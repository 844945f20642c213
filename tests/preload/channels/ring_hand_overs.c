/*
 * What one thread submits to a ring of the kernel, and another takes as completed: it is
 * handed over, whether the other one waits for it in liburing or finds it there.
 *
 * snarl-expect: kinds=
 */
#include "ring.h"

static int given[2];

static void *take_both(void *unused)
{
	for (int i = 0; i < 2; i++)
		CHECK_IS(*(int *)ring_take(i > 0), i + 1);
	return unused;
}

int main(void)
{
	pthread_t thread;

	ring_begin();
	CHECK_IS(pthread_create(&thread, NULL, take_both, NULL), 0);
	for (int i = 0; i < 2; i++) {
		usleep(20000);
		given[i] = i + 1;
		ring_give(&given[i]);
	}
	CHECK_IS(pthread_join(thread, NULL), 0);
	return guest_passed();
}
