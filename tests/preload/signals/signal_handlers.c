/*
 * Handlers that lock, post and create, interrupting code that locks; nested,
 * on an alternate stack as small as is allowed, and raised synchronously.
 *
 * What handlers lock, nobody else locks with the signal open, so that all is
 * as it should be.
 */
#include "../guest.h"

#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>

static pthread_mutex_t outside = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t first_inside = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t second_inside = PTHREAD_MUTEX_INITIALIZER;
static sem_t handled;
static atomic_int first_count, second_count, is_over;
static char alternate_stack[16384] __attribute__((aligned(16)));

static int is_on_alternate_stack(void)
{
	char *here = __builtin_frame_address(0);

	return here >= alternate_stack && here < alternate_stack + sizeof(alternate_stack);
}

static void on_second(int number)
{
	(void)number;
	errno = 99;
	CHECK_IS(pthread_mutex_lock(&second_inside), 0);
	atomic_fetch_add(&second_count, 1);
	CHECK_IS(pthread_mutex_unlock(&second_inside), 0);
	CHECK_IS(errno, 99);
}

static void on_first(int number)
{
	int saved_errno = errno;

	(void)number;
	CHECK(is_on_alternate_stack());
	CHECK_IS(pthread_mutex_lock(&first_inside), 0);
	CHECK_IS(raise(SIGUSR2), 0);
	atomic_fetch_add(&first_count, 1);
	CHECK_IS(pthread_mutex_unlock(&first_inside), 0);
	CHECK_IS(sem_post(&handled), 0);
	errno = saved_errno;
}

static void *lock_all_the_time(void *unused)
{
	stack_t stack = {.ss_sp = alternate_stack, .ss_size = sizeof(alternate_stack)}, now;

	CHECK_IS(sigaltstack(&stack, NULL), 0);
	while (!atomic_load(&is_over)) {
		errno = 1234;
		CHECK_IS(pthread_mutex_lock(&outside), 0);
		CHECK_IS(pthread_mutex_unlock(&outside), 0);
		CHECK_IS(errno, 1234);
	}
	CHECK_IS(sigaltstack(NULL, &now), 0);
	CHECK(now.ss_sp == alternate_stack);
	CHECK_IS(now.ss_size, sizeof(alternate_stack));
	CHECK_IS(now.ss_flags, 0);
	stack.ss_flags = SS_DISABLE;
	CHECK_IS(sigaltstack(&stack, NULL), 0);
	return unused;
}

static void wait_until_handled(void)
{
	while (sem_wait(&handled))
		CHECK_IS(errno, EINTR);
}

int main(void)
{
	struct sigaction first = {.sa_handler = on_first, .sa_flags = SA_ONSTACK | SA_RESTART};
	struct sigaction second = {.sa_handler = on_second, .sa_flags = SA_ONSTACK | SA_RESTART};
	pthread_t thread;
	int i;

	CHECK_IS(sem_init(&handled, 0, 0), 0);
	CHECK_IS(sigaction(SIGUSR1, &first, NULL), 0);
	CHECK_IS(sigaction(SIGUSR2, &second, NULL), 0);
	thread = guest_start(lock_all_the_time, NULL);
	/* The thread has its stack once it has locked; a signal before waits. */
	while (pthread_mutex_trylock(&outside) == 0) {
		CHECK_IS(pthread_mutex_unlock(&outside), 0);
		sched_yield();
	}
	for (i = 0; i < 500; i++) {
		CHECK_IS(pthread_kill(thread, SIGUSR1), 0);
		wait_until_handled();
	}
	atomic_store(&is_over, 1);
	guest_join(thread);
	CHECK_IS(first_count, 500);
	CHECK_IS(second_count, 500);
	return guest_passed();
}
