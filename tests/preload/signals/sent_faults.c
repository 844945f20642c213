/*
 * Signals of the processor that a program sends come wherever the thread is, one by one and many
 * at once, and leave its mask as it was.
 *
 * guest-bare: yes
 * guest-timeout: 120
 */
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "../guest.h"

#define ROUNDS 150

static const int numbers[] = {SIGTRAP, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGSYS, SIGUSR1};

#define COUNT (sizeof(numbers) / sizeof(*numbers))

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static atomic_int handled;
static atomic_bool is_over;

static void note(int signal)
{
	(void)signal;
	atomic_fetch_add(&handled, 1);
}

static void *lock_often(void *unused)
{
	sigset_t blocked;

	while (!atomic_load(&is_over)) {
		CHECK_IS(pthread_mutex_lock(&mutex), 0);
		CHECK_IS(pthread_mutex_unlock(&mutex), 0);
		free(malloc(100));
	}
	CHECK_IS(pthread_sigmask(SIG_BLOCK, NULL, &blocked), 0);
	for (size_t i = 0; i < COUNT; i++)
		CHECK_IS(sigismember(&blocked, numbers[i]), 0);
	return unused;
}

static void await(int count)
{
	while (atomic_load(&handled) < count)
		guest_pause();
}

int main(void)
{
	struct sigaction action = {.sa_handler = note};
	pthread_t thread;
	int sent = 0;

	for (size_t i = 0; i < COUNT; i++)
		CHECK_IS(sigaction(numbers[i], &action, NULL), 0);
	CHECK_IS(pthread_create(&thread, NULL, lock_often, NULL), 0);
	for (int round = 0; round < ROUNDS; round++) {
		bool is_together = round % 2;

		for (size_t i = 0; i < COUNT; i++) {
			CHECK_IS(pthread_kill(thread, numbers[i]), 0);
			sent++;
			if (!is_together)
				await(sent);
		}
		await(sent);
	}
	atomic_store(&is_over, true);
	guest_join(thread);
	return guest_passed();
}
