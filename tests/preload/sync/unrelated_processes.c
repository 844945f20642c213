/*
 * Processes that share nothing but a counter, each with a thread that waits for a
 * private lock of its own process, all at once: none of them waits for another.
 *
 * guest-bare: yes
 */
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "../guest.h"

#define PROCESSES 8

/* Shared: a lock, so that locks of this run are looked at across processes, and how
 * many processes have a waiting thread. */
static struct shared {
	pthread_mutex_t lock;
	int waiting;
} * shared;

static pthread_mutex_t own_lock = PTHREAD_MUTEX_INITIALIZER;
static int is_held;
static pid_t waiter;

static void *hold_lock(void *unused)
{
	CHECK_IS(pthread_mutex_lock(&own_lock), 0);
	__atomic_store_n(&is_held, 1, __ATOMIC_RELEASE);
	guest_await_sleep(waiter);
	__atomic_add_fetch(&shared->waiting, 1, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(&shared->waiting, __ATOMIC_SEQ_CST) < PROCESSES)
		sched_yield();
	CHECK_IS(pthread_mutex_unlock(&own_lock), 0);
	return unused;
}

static void run_child(void)
{
	pthread_t holder;

	CHECK_IS(prctl(PR_SET_PDEATHSIG, SIGKILL), 0); /* others may wait for one that failed */
	waiter = (pid_t)syscall(SYS_gettid);
	CHECK_IS(pthread_mutex_lock(&shared->lock), 0);
	CHECK_IS(pthread_mutex_unlock(&shared->lock), 0);
	holder = guest_start(hold_lock, NULL);
	while (!__atomic_load_n(&is_held, __ATOMIC_ACQUIRE))
		sched_yield();
	CHECK_IS(pthread_mutex_lock(&own_lock), 0);
	CHECK_IS(pthread_mutex_unlock(&own_lock), 0);
	guest_join(holder);
	_exit(guest_passed());
}

int main(void)
{
	pthread_mutex_t filler = PTHREAD_MUTEX_INITIALIZER;
	pthread_mutexattr_t attributes;
	pid_t children[PROCESSES];

	/* The first locks: they have the numbers that threads have, too. */
	CHECK_IS(pthread_mutex_lock(&own_lock), 0);
	CHECK_IS(pthread_mutex_lock(&filler), 0);
	CHECK_IS(pthread_mutex_unlock(&filler), 0);
	CHECK_IS(pthread_mutex_unlock(&own_lock), 0);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	CHECK(shared != MAP_FAILED);
	CHECK_IS(pthread_mutexattr_init(&attributes), 0);
	CHECK_IS(pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED), 0);
	CHECK_IS(pthread_mutex_init(&shared->lock, &attributes), 0);
	for (int i = 0; i < PROCESSES; i++) {
		children[i] = fork();
		CHECK(children[i] >= 0);
		if (children[i] == 0)
			run_child();
	}
	for (int i = 0; i < PROCESSES; i++)
		CHECK_IS(guest_wait_for(children[i]), 0);
	return guest_passed();
}
