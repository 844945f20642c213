/*
 * A mutex that is destroyed although it was destroyed before.  ended_lives.c has the other
 * side: one that was made anew in between.
 *
 * snarl-expect: status=66 kinds=lock-destroyed
 */
#include "../guest.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void *use(void *unused)
{
	CHECK_IS(pthread_mutex_lock(&lock), 0);
	CHECK_IS(pthread_mutex_unlock(&lock), 0);
	return unused;
}

int main(void)
{
	guest_join(guest_start(use, NULL));
	CHECK_IS(pthread_mutex_destroy(&lock), 0);
	CHECK_IS(pthread_mutex_destroy(&lock), 0);
	return guest_passed();
}
