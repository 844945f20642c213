/*
 * A mutex that a program of one thread takes at a place where it has taken it very often is
 * held like any other: the thread that it makes then takes it in the other order.
 *
 * snarl-expect: status=66 kinds=lock-order-inversion
 */
#include "../guest.h"

#define MANY 50000

static pthread_mutex_t first = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t second = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;

static __attribute__((noinline)) void take(pthread_mutex_t *mutex)
{
	CHECK_IS(pthread_mutex_lock(mutex), 0);
}

static __attribute__((noinline)) void give(pthread_mutex_t *mutex)
{
	CHECK_IS(pthread_mutex_unlock(mutex), 0);
}

/* Once the main thread has given up the gate, which orders nothing. */
static void *take_backwards(void *unused)
{
	take(&gate);
	give(&gate);
	take(&second);
	take(&first);
	give(&first);
	give(&second);
	return unused;
}

int main(void)
{
	pthread_t thread;

	for (int i = 0; i < MANY; i++) {
		take(&first);
		give(&first);
	}
	take(&first);
	take(&gate);
	thread = guest_start(take_backwards, NULL);
	take(&second);
	give(&second);
	give(&first);
	give(&gate);
	guest_join(thread);
	return guest_passed();
}
