/*
 * A signal that is pending when a thread is created comes before its first function, as
 * its mask lets it in: handler and function are one thread, and so is what they change.
 */
#include <signal.h>

#include "../guest.h"

#define ROUNDS 20

static long count;
static volatile sig_atomic_t is_here;
static _Thread_local volatile long own;

static void note(int signal)
{
	(void)signal;
	count++;
	own = own + 1;
	is_here = 1;
}

static void *add(void *unused)
{
	CHECK_IS(is_here, 1);
	CHECK_IS(own, 1);
	count++;
	own = own + 1;
	return unused;
}

static void start(const pthread_attr_t *attributes)
{
	pthread_t thread;

	is_here = 0;
	CHECK_IS(kill(getpid(), SIGUSR1), 0);
	CHECK_IS(pthread_create(&thread, attributes, add, NULL), 0);
	guest_join(thread);
}

int main(void)
{
	struct sigaction action = {.sa_handler = note};
	pthread_attr_t attributes;
	sigset_t signals;

	CHECK_IS(sigaction(SIGUSR1, &action, NULL), 0);
	CHECK_IS(pthread_attr_init(&attributes), 0);
	CHECK_IS(sigemptyset(&signals), 0);
	CHECK_IS(pthread_attr_setsigmask_np(&attributes, &signals), 0);
	CHECK_IS(sigaddset(&signals, SIGUSR1), 0);
	CHECK_IS(pthread_sigmask(SIG_BLOCK, &signals, NULL), 0);
	for (int i = 0; i < ROUNDS; i++)
		start(&attributes);
	printf("%ld\n", count);
	return guest_passed();
}
