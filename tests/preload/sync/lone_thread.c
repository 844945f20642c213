/*
 * A program of one thread that locks very often, then creates another: what
 * was saved while it was alone must not be missed later.
 *
 * snarl-expect: kinds=self-lock-refused,unlock-unlocked
 */
#include "../guest.h"

#define MANY 50000

static pthread_mutex_t checked, first = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t second = PTHREAD_MUTEX_INITIALIZER;

static void lock_both(void)
{
	CHECK_IS(pthread_mutex_lock(&first), 0);
	CHECK_IS(pthread_mutex_lock(&second), 0);
	CHECK_IS(pthread_mutex_unlock(&second), 0);
	CHECK_IS(pthread_mutex_unlock(&first), 0);
}

static void *lock_too(void *unused)
{
	lock_both();
	return unused;
}

int main(void)
{
	pthread_mutexattr_t attributes;
	int i;

	CHECK_IS(pthread_mutexattr_init(&attributes), 0);
	CHECK_IS(pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ERRORCHECK), 0);
	CHECK_IS(pthread_mutex_init(&checked, &attributes), 0);
	for (i = 0; i < MANY; i++)
		lock_both();
	CHECK_IS(pthread_mutex_lock(&checked), 0);
	CHECK_IS(pthread_mutex_lock(&checked), EDEADLK);
	CHECK_IS(pthread_mutex_trylock(&checked), EBUSY);
	guest_join(guest_start(lock_too, NULL));
	lock_both();
	CHECK_IS(pthread_mutex_unlock(&checked), 0);
	CHECK_IS(pthread_mutex_unlock(&checked), EPERM);
	return guest_passed();
}
