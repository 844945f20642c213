/*
 * A child of fork takes a lock that another thread held at the fork: nobody
 * will ever release it there.  What the parent's threads did is not the child's:
 * it has no thread of theirs to join.
 *
 * guest-bare: yes
 * snarl-expect: status=0 kinds=fork-holding-lock
 */
#include "../guest.h"

#include <semaphore.h>
#include <signal.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static sem_t is_held, may_release;

static void *hold_lock(void *unused)
{
	CHECK_IS(pthread_mutex_lock(&mutex), 0);
	CHECK_IS(sem_post(&is_held), 0);
	while (sem_wait(&may_release))
		CHECK_IS(errno, EINTR);
	CHECK_IS(pthread_mutex_unlock(&mutex), 0);
	return unused;
}

static void *end_at_once(void *unused)
{
	return unused;
}

int main(void)
{
	pthread_t holder, ended;
	struct timespec deadline = guest_deadline(CLOCK_REALTIME, 200);
	pid_t child;
	int status;

	CHECK_IS(sem_init(&is_held, 0, 0), 0);
	CHECK_IS(sem_init(&may_release, 0, 0), 0);
	holder = guest_start(hold_lock, NULL);
	ended = guest_start(end_at_once, NULL);
	CHECK_IS(sem_wait(&is_held), 0);
	child = fork();
	CHECK(child >= 0);
	if (child == 0) {
		/* Bounded, so that the guest ends by itself. */
		CHECK_IS(pthread_mutex_timedlock(&mutex, &deadline), ETIMEDOUT);
		exit(3);
	}
	CHECK_IS(waitpid(child, &status, 0), child);
	CHECK_IS(WEXITSTATUS(status), 3);
	CHECK_IS(sem_post(&may_release), 0);
	guest_join(holder);
	guest_join(ended);
	return guest_passed();
}
