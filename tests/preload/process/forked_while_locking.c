/*
 * Forks of all kinds while other threads lock, spawn and make locks: no child
 * finds anything of the tool's held for ever.
 *
 * guest-bare: yes
 */
#include "../guest.h"

#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <sys/syscall.h>

#define LOCKS 16
#define CHILDREN 120
#define STACK_BYTES 65536

extern char **environ;

static pthread_mutex_t mutexes[LOCKS];
static atomic_int is_over;

/* In the order of the array, with a short-lived lock inside. */
static void lock_some(unsigned from)
{
	unsigned first = from % (LOCKS - 1);
	pthread_mutex_t mutex;

	CHECK_IS(pthread_mutex_lock(&mutexes[first]), 0);
	CHECK_IS(pthread_mutex_lock(&mutexes[first + 1]), 0);
	CHECK_IS(pthread_mutex_init(&mutex, NULL), 0);
	CHECK_IS(pthread_mutex_lock(&mutex), 0);
	CHECK_IS(pthread_mutex_unlock(&mutex), 0);
	CHECK_IS(pthread_mutex_destroy(&mutex), 0);
	CHECK_IS(pthread_mutex_unlock(&mutexes[first + 1]), 0);
	CHECK_IS(pthread_mutex_unlock(&mutexes[first]), 0);
}

static void *keep_locking(void *unused)
{
	for (unsigned i = 0; !atomic_load(&is_over); i++) {
		lock_some(i);
		if (i % 64 == 0)
			sched_yield();
	}
	return unused;
}

/* A child that shares our memory until it executes a program. */
static pid_t start_sharing(const char *name)
{
	pid_t child = vfork();

	if (child == 0) {
		execlp(name, name, (char *)NULL);
		_exit(9);
	}
	return child;
}

static void *keep_spawning(void *unused)
{
	char name[] = "true";
	char *arguments[] = {name, NULL};
	pid_t child;
	int status;

	for (int i = 0; i < 20; i++) {
		if (i % 2)
			CHECK_IS(posix_spawnp(&child, name, NULL, NULL, arguments, environ), 0);
		else
			child = start_sharing(name);
		CHECK_IS(waitpid(child, &status, 0), child);
		CHECK_IS(status, 0);
	}
	return unused;
}

/* Locks that nobody holds; those of the parent's threads may be held for ever. */
static int use_own_locks(void *unused)
{
	pthread_mutex_t mutex, inner;

	(void)unused;
	alarm(20);
	CHECK_IS(pthread_mutex_init(&mutex, NULL), 0);
	CHECK_IS(pthread_mutex_init(&inner, NULL), 0);
	CHECK_IS(pthread_mutex_lock(&mutex), 0);
	CHECK_IS(pthread_mutex_lock(&inner), 0);
	CHECK_IS(pthread_mutex_unlock(&inner), 0);
	CHECK_IS(pthread_mutex_unlock(&mutex), 0);
	_exit(5);
}

static pid_t start_child(int kind)
{
	static char stack[STACK_BYTES] __attribute__((aligned(16)));
	pid_t child;

	if (kind == 3)
		return clone(use_own_locks, stack + sizeof(stack), SIGCHLD, NULL);
	child = kind == 0 ? fork() : kind == 1 ? _Fork() : (pid_t)syscall(SYS_fork);
	if (child == 0)
		use_own_locks(NULL);
	return child;
}

int main(void)
{
	pthread_t threads[3];
	pid_t child;
	int i, status;

	for (i = 0; i < LOCKS; i++)
		CHECK_IS(pthread_mutex_init(&mutexes[i], NULL), 0);
	threads[0] = guest_start(keep_locking, NULL);
	threads[1] = guest_start(keep_locking, NULL);
	threads[2] = guest_start(keep_spawning, NULL);
	for (i = 0; i < CHILDREN; i++) {
		child = start_child(i % 4);
		CHECK(child > 0);
		CHECK_IS(waitpid(child, &status, 0), child);
		CHECK_IS(status, 5 << 8);
	}
	atomic_store(&is_over, 1);
	for (i = 0; i < 3; i++)
		guest_join(threads[i]);
	return guest_passed();
}
