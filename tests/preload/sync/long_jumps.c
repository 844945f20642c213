/*
 * siglongjmp out of a handler that interrupted a wait or a lock, out of a
 * fault, and longjmp over frames that lock.  What wraps the calls is jumped
 * over as well and has to be whole afterwards.
 *
 * guest-forgetful: yes
 */
#include "../guest.h"

#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>

static pthread_mutex_t held_by_main = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t own = PTHREAD_MUTEX_INITIALIZER;
static sem_t never;
static int pipe_ends[2];
static sigjmp_buf before_wait;
static jmp_buf before_nest;
static volatile int wait_number;
static atomic_int waiter_id, is_ready;

static void leave_function(int number)
{
	(void)number;
	siglongjmp(before_wait, 1);
}

static void wait_in(int how)
{
	char byte;

	switch (how) {
	case 0:
		sem_wait(&never);
		break;
	case 1:
		pthread_mutex_lock(&held_by_main);
		break;
	default:
		CHECK(read(pipe_ends[0], &byte, 1) < 0);
	}
	CHECK_NOT_REACHED("the wait ended");
}

/* Main signals it while it waits; each wait is left by a jump. */
static void *jump_out_of_waits(void *unused)
{
	sigset_t signals;

	CHECK_IS(sigemptyset(&signals), 0);
	CHECK_IS(sigaddset(&signals, SIGUSR1), 0);
	atomic_store(&waiter_id, gettid());
	for (wait_number = 0; wait_number < 30; wait_number++) {
		if (!sigsetjmp(before_wait, 1)) {
			CHECK_IS(pthread_sigmask(SIG_UNBLOCK, &signals, NULL), 0);
			atomic_store(&is_ready, 1);
			wait_in(wait_number % 3);
		}
		CHECK_IS(pthread_mutex_lock(&own), 0);
		CHECK_IS(pthread_mutex_unlock(&own), 0);
	}
	return unused;
}

static void check_waits(void)
{
	struct sigaction action = {.sa_handler = leave_function, .sa_flags = SA_RESTART};
	pthread_t thread;
	sigset_t signals;
	int i;

	CHECK_IS(sigaction(SIGUSR1, &action, NULL), 0);
	CHECK_IS(sigemptyset(&signals), 0);
	CHECK_IS(sigaddset(&signals, SIGUSR1), 0);
	CHECK_IS(pthread_sigmask(SIG_BLOCK, &signals, NULL), 0);
	CHECK_IS(pthread_mutex_lock(&held_by_main), 0);
	thread = guest_start(jump_out_of_waits, NULL);
	for (i = 0; i < 30; i++) {
		while (!atomic_exchange(&is_ready, 0))
			sched_yield();
		guest_await_sleep(atomic_load(&waiter_id));
		CHECK_IS(pthread_kill(thread, SIGUSR1), 0);
	}
	guest_join(thread);
	CHECK_IS(pthread_mutex_unlock(&held_by_main), 0);
	CHECK_IS(pthread_mutex_trylock(&held_by_main), 0);
	CHECK_IS(pthread_mutex_unlock(&held_by_main), 0);
}

static void check_faults(void)
{
	struct sigaction action = {.sa_handler = leave_function}, before;
	char *forbidden = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	volatile int fault_count = 0;

	CHECK(forbidden != MAP_FAILED);
	CHECK_IS(sigaction(SIGSEGV, &action, &before), 0);
	while (fault_count < 100) {
		CHECK_IS(pthread_mutex_lock(&own), 0);
		if (!sigsetjmp(before_wait, 1))
			*(volatile char *)forbidden = 1;
		fault_count++;
		CHECK_IS(pthread_mutex_unlock(&own), 0);
	}
	CHECK_IS(sigaction(SIGSEGV, &before, NULL), 0);
	CHECK_IS(munmap(forbidden, 4096), 0);
}

static void jump_to_nest(void)
{
	longjmp(before_nest, 1);
}

/* Not known to the compiler as a function that does not return. */
static void (*volatile jump_back)(void) = jump_to_nest;

static void __attribute__((noinline)) lock_nested(pthread_mutex_t *mutexes, int count)
{
	if (!count) {
		jump_back();
		return;
	}
	CHECK_IS(pthread_mutex_lock(mutexes), 0);
	lock_nested(mutexes + 1, count - 1);
	CHECK_IS(pthread_mutex_unlock(mutexes), 0);
}

static void check_nested_locks(void)
{
	static pthread_mutex_t mutexes[20];
	volatile int round;
	int i;

	for (i = 0; i < 20; i++)
		CHECK_IS(pthread_mutex_init(&mutexes[i], NULL), 0);
	for (round = 0; round < 20; round++) {
		if (!setjmp(before_nest))
			lock_nested(mutexes, 20);
		for (i = 0; i < 20; i++)
			CHECK_IS(pthread_mutex_unlock(&mutexes[i]), 0);
	}
}

int main(void)
{
	CHECK_IS(sem_init(&never, 0, 0), 0);
	CHECK_IS(pipe(pipe_ends), 0);
	check_waits();
	check_faults();
	check_nested_locks();
	return guest_passed();
}
