/*
 * A program with a finding that is killed, or ends: what is left behind by a bare
 * preload is looked at by run_killed.
 *
 * killed [CHILDREN [SIGNAL]]    forks that many first, and dies of SIGNAL; of 0 not at all:
 *                               says its number, and waits
 *
 * snarl-expect: status=66 kinds=destroy-locked
 */
#include <signal.h>

#include "../guest.h"

static void destroy_locked(void)
{
	pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

	CHECK_IS(pthread_mutex_lock(&mutex), 0);
	CHECK_IS(pthread_mutex_destroy(&mutex), EBUSY);
	CHECK_IS(pthread_mutex_unlock(&mutex), 0);
}

int main(int count, char **arguments)
{
	int children = count > 1 ? atoi(arguments[1]) : 0;

	for (int i = 0; i < children; i++) {
		pid_t child = fork();

		if (child == 0)
			_exit(0);
		CHECK_IS(guest_wait_for(child), 0);
	}
	destroy_locked();
	if (count > 2 && atoi(arguments[2]) == 0) {
		dprintf(STDOUT_FILENO, "%d\n", getpid());
		for (;;)
			pause();
	}
	if (count > 2)
		raise(atoi(arguments[2]));
	return guest_passed();
}
