/*
 * A fork handler that takes a lock before the fork and makes it anew in the
 * child, where it is free then: what the child locks later is not inside it.
 */
#include "../guest.h"

static pthread_mutex_t forked = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t other = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t both_run;

static void prepare_child(void)
{
	CHECK_IS(pthread_mutex_lock(&forked), 0);
}

static void continue_parent(void)
{
	CHECK_IS(pthread_mutex_unlock(&forked), 0);
}

static void continue_child(void)
{
	CHECK_IS(pthread_mutex_init(&forked, NULL), 0);
}

static void *take_both(void *unused)
{
	pthread_barrier_wait(&both_run);
	CHECK_IS(pthread_mutex_lock(&other), 0);
	CHECK_IS(pthread_mutex_lock(&forked), 0);
	CHECK_IS(pthread_mutex_unlock(&forked), 0);
	CHECK_IS(pthread_mutex_unlock(&other), 0);
	return unused;
}

static void be_child(void)
{
	pthread_t thread;

	CHECK_IS(pthread_barrier_init(&both_run, NULL, 2), 0);
	thread = guest_start(take_both, NULL);
	pthread_barrier_wait(&both_run);
	CHECK_IS(pthread_mutex_lock(&other), 0);
	CHECK_IS(pthread_mutex_unlock(&other), 0);
	guest_join(thread);
	exit(4);
}

int main(void)
{
	pid_t child;
	int status;

	CHECK_IS(pthread_atfork(prepare_child, continue_parent, continue_child), 0);
	child = fork();
	CHECK(child >= 0);
	if (child == 0)
		be_child();
	CHECK_IS(waitpid(child, &status, 0), child);
	CHECK_IS(WEXITSTATUS(status), 4);
	return guest_passed();
}
