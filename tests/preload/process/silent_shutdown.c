/*
 * Threads still run, hold locks and wait when the process ends, forks and
 * executes: nothing hangs, and there is no finding.
 */
#include "../guest.h"

#include <semaphore.h>

static pthread_mutex_t held = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t busy = PTHREAD_MUTEX_INITIALIZER;
static sem_t is_held, never;

static void *hold_for_ever(void *unused)
{
	CHECK_IS(pthread_mutex_lock(&held), 0);
	CHECK_IS(sem_post(&is_held), 0);
	while (sem_wait(&never))
		CHECK_IS(errno, EINTR);
	return unused;
}

static void *lock_for_ever(void *unused)
{
	for (;;) {
		CHECK_IS(pthread_mutex_lock(&busy), 0);
		CHECK_IS(pthread_mutex_unlock(&busy), 0);
	}
	return unused;
}

int main(int count, char **arguments)
{
	pid_t child;

	CHECK_IS(sem_init(&is_held, 0, 0), 0);
	CHECK_IS(sem_init(&never, 0, 0), 0);
	guest_start(hold_for_ever, NULL);
	guest_start(lock_for_ever, NULL);
	CHECK_IS(sem_wait(&is_held), 0);
	if (count > 1)
		return guest_passed();
	child = fork();
	if (!child)
		_exit(6);
	CHECK_IS(guest_wait_for(child), 6);
	execl("/proc/self/exe", arguments[0], "again", (char *)NULL);
	CHECK_NOT_REACHED("exec failed");
}
