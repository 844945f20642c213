/*
 * Children of fork: of a threaded process, in a handler, of fork handlers
 * that lock, of children, by _Fork and by the bare system call; each locks,
 * waits, creates and joins threads of its own.
 *
 * The fork in a handler takes what fork handlers take elsewhere: a warning.
 *
 * guest-bare: yes
 * snarl-expect: kinds=signal-unsafe-lock?
 */
#include "../guest.h"

#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/syscall.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t fork_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static pthread_t helper;
static int prepared_count, parent_count, child_count, turn;
static atomic_int is_over;
static atomic_int forked_in_handler;

static void prepare_child(void)
{
	CHECK_IS(pthread_mutex_lock(&fork_lock), 0);
	prepared_count++;
}

static void continue_parent(void)
{
	parent_count++;
	CHECK_IS(pthread_mutex_unlock(&fork_lock), 0);
}

static void continue_child(void)
{
	child_count++;
	CHECK_IS(pthread_mutex_unlock(&fork_lock), 0);
}

static void *take_turn(void *unused)
{
	CHECK_IS(pthread_mutex_lock(&mutex), 0);
	turn++;
	CHECK_IS(pthread_cond_broadcast(&condition), 0);
	CHECK_IS(pthread_mutex_unlock(&mutex), 0);
	return unused;
}

/* What every child does, whichever way it came. */
static void use_threads(void)
{
	pthread_t threads[4];
	int i, before;

	CHECK_IS(pthread_mutex_lock(&mutex), 0);
	before = turn;
	for (i = 0; i < 4; i++)
		threads[i] = guest_start(take_turn, NULL);
	while (turn < before + 4)
		CHECK_IS(pthread_cond_wait(&condition, &mutex), 0);
	CHECK_IS(pthread_mutex_unlock(&mutex), 0);
	for (i = 0; i < 4; i++)
		guest_join(threads[i]);
}

/* Locks what no child uses while main forks. */
static void *lock_all_the_time(void *unused)
{
	pthread_mutex_t own = PTHREAD_MUTEX_INITIALIZER;

	while (!atomic_load(&is_over)) {
		CHECK_IS(pthread_mutex_lock(&own), 0);
		CHECK_IS(pthread_mutex_unlock(&own), 0);
		sched_yield();
	}
	return unused;
}

static void check_fork(pid_t (*fork_by)(void), int depth, int status)
{
	pid_t child = fork_by();

	CHECK(child >= 0);
	if (!child) {
		use_threads();
		if (depth)
			check_fork(fork_by, depth - 1, status + 1);
		_exit(status);
	}
	CHECK_IS(guest_wait_for(child), status);
}

static void fork_in_handler(int number)
{
	(void)number;
	check_fork(fork, 0, 9);
	atomic_store(&forked_in_handler, 1);
}

static pid_t fork_by_system_call(void)
{
	return (pid_t)syscall(SYS_fork);
}

/* Threads of glibc need its own fork: such a child only locks. */
static void check_bare_fork(void)
{
	pid_t child = fork_by_system_call();

	if (!child) {
		CHECK_IS(pthread_mutex_lock(&mutex), 0);
		CHECK_IS(pthread_mutex_unlock(&mutex), 0);
		_exit(12);
	}
	CHECK_IS(guest_wait_for(child), 12);
}

int main(void)
{
	int i;

	CHECK_IS(pthread_atfork(prepare_child, continue_parent, continue_child), 0);
	check_fork(fork, 3, 1);
	helper = guest_start(lock_all_the_time, NULL);
	for (i = 0; i < 20; i++)
		check_fork(fork, 0, 5);
	check_fork(fork, 3, 1);
	CHECK_IS(prepared_count, 22);
	CHECK_IS(parent_count, 22);
	CHECK_IS(child_count, 0);

	check_fork(_Fork, 1, 7);
	CHECK_IS(prepared_count, 22);
	check_bare_fork();

	CHECK(signal(SIGUSR1, fork_in_handler) != SIG_ERR);
	CHECK_IS(raise(SIGUSR1), 0);
	CHECK_IS(atomic_load(&forked_in_handler), 1);
	atomic_store(&is_over, 1);
	guest_join(helper);
	use_threads();
	return guest_passed();
}
