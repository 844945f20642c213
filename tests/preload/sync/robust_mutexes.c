/*
 * Robust mutexes whose owner ends: a thread, a process that exits, one that
 * is killed.  The next owner is told and recovers, by every kind of call.
 *
 * snarl-expect: status=66 kinds=abandoned-robust
 */
#include "../guest.h"

#include <signal.h>
#include <sys/mman.h>

static pthread_mutex_t *mutex;

static void initialise_locks(void)
{
	pthread_mutexattr_t attributes;

	CHECK_IS(pthread_mutexattr_init(&attributes), 0);
	CHECK_IS(pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST), 0);
	CHECK_IS(pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED), 0);
	CHECK_IS(pthread_mutex_init(mutex, &attributes), 0);
	CHECK_IS(pthread_mutexattr_destroy(&attributes), 0);
}

static void *end_holding(void *unused)
{
	CHECK_IS(pthread_mutex_lock(mutex), 0);
	return unused;
}

static void die_holding(int by_signal)
{
	pid_t child = fork();

	if (!child) {
		CHECK_IS(pthread_mutex_lock(mutex), 0);
		if (by_signal)
			kill(getpid(), SIGKILL);
		_exit(3);
	}
	CHECK_IS(guest_wait_for(child), by_signal ? 128 + SIGKILL : 3);
}

static int take_lock(int how)
{
	struct timespec later = guest_deadline(CLOCK_REALTIME, 60000);

	if (how == 0)
		return pthread_mutex_lock(mutex);
	if (how == 1)
		return pthread_mutex_trylock(mutex);
	return pthread_mutex_timedlock(mutex, &later);
}

static void recover_lock(int how)
{
	CHECK_IS(take_lock(how), EOWNERDEAD);
	CHECK_IS(pthread_mutex_consistent(mutex), 0);
	CHECK_IS(pthread_mutex_unlock(mutex), 0);
	CHECK_IS(take_lock(how), 0);
	CHECK_IS(pthread_mutex_consistent(mutex), EINVAL);
	CHECK_IS(pthread_mutex_unlock(mutex), 0);
}

int main(void)
{
	int how;

	mutex = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(mutex != MAP_FAILED);
	initialise_locks();
	for (how = 0; how < 3; how++) {
		guest_run_in_thread(end_holding, NULL);
		recover_lock(how);
		die_holding(0);
		recover_lock(how);
		die_holding(1);
		recover_lock(how);
	}

	/* Without recovery it can never be had again. */
	die_holding(1);
	CHECK_IS(pthread_mutex_lock(mutex), EOWNERDEAD);
	CHECK_IS(pthread_mutex_unlock(mutex), 0);
	CHECK_IS(pthread_mutex_lock(mutex), ENOTRECOVERABLE);
	CHECK_IS(pthread_mutex_lock(mutex), ENOTRECOVERABLE);
	CHECK_IS(pthread_mutex_trylock(mutex), ENOTRECOVERABLE);
	CHECK_IS(pthread_mutex_destroy(mutex), 0);
	return guest_passed();
}
