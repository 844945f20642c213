/*
 * A signal that is pending when a thread is created comes before its first function, as
 * its mask lets it in: handler and function are one thread, and so is what they change.  It
 * comes after whoever has sent it.
 * More signals come as the function begins: none is kept away for ever.
 */
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "../guest.h"

#define ROUNDS 20
#define STORM_ROUNDS 150

static atomic_bool has_sent, is_over;
static long count, storm_count, sent, seen;
static volatile sig_atomic_t is_here;
static _Thread_local volatile long own;

static void note(int signal)
{
	(void)signal;
	count++;
	own = own + 1;
	seen = sent;
	is_here = 1;
}

static void *add(void *unused)
{
	CHECK_IS(is_here, 1);
	CHECK_IS(own, 1);
	count++;
	own = own + 1;
	return unused;
}

static void note_in_storm(int signal)
{
	(void)signal;
	storm_count++;
}

static void *look_at_mask(void *unused)
{
	sigset_t blocked;

	CHECK_IS(pthread_sigmask(SIG_BLOCK, NULL, &blocked), 0);
	CHECK_IS(sigismember(&blocked, SIGUSR1), 0);
	CHECK_IS(sigismember(&blocked, SIGUSR2), 0);
	return unused;
}

static void *storm(void *unused)
{
	while (!atomic_load(&is_over)) {
		CHECK_IS(kill(getpid(), SIGUSR2), 0);
		atomic_store(&has_sent, true);
		sched_yield();
	}
	return unused;
}

static void start(const pthread_attr_t *attributes, void *(*function)(void *))
{
	pthread_t thread;

	is_here = 0;
	CHECK_IS(kill(getpid(), SIGUSR1), 0);
	CHECK_IS(pthread_create(&thread, attributes, function, NULL), 0);
	guest_join(thread);
}

static void *send_signal(void *unused)
{
	sent = 1;
	CHECK_IS(kill(getpid(), SIGUSR1), 0);
	return unused;
}

/* The creator knows nothing of the sender but that the signal is pending. */
static void start_after_sender(const pthread_attr_t *attributes)
{
	pthread_t sender, thread;
	sigset_t pending;

	is_here = 0;
	CHECK_IS(pthread_create(&sender, NULL, send_signal, NULL), 0);
	do {
		sched_yield();
		CHECK_IS(sigpending(&pending), 0);
	} while (!sigismember(&pending, SIGUSR1));
	CHECK_IS(pthread_create(&thread, attributes, add, NULL), 0);
	guest_join(thread);
	guest_join(sender);
	CHECK_IS(seen, 1);
}

int main(void)
{
	struct sigaction action = {.sa_handler = note};
	pthread_attr_t attributes;
	pthread_t stormer;
	sigset_t signals;

	CHECK_IS(sigaction(SIGUSR1, &action, NULL), 0);
	action.sa_handler = note_in_storm;
	CHECK_IS(sigaction(SIGUSR2, &action, NULL), 0);
	CHECK_IS(pthread_attr_init(&attributes), 0);
	CHECK_IS(sigemptyset(&signals), 0);
	CHECK_IS(pthread_attr_setsigmask_np(&attributes, &signals), 0);
	CHECK_IS(sigaddset(&signals, SIGUSR1), 0);
	CHECK_IS(sigaddset(&signals, SIGUSR2), 0);
	CHECK_IS(pthread_sigmask(SIG_BLOCK, &signals, NULL), 0);
	for (int i = 0; i < ROUNDS; i++)
		start(&attributes, add);
	start_after_sender(&attributes);
	CHECK_IS(pthread_create(&stormer, NULL, storm, NULL), 0);
	while (!atomic_load(&has_sent))
		sched_yield();
	for (int i = 0; i < STORM_ROUNDS; i++)
		start(&attributes, look_at_mask);
	atomic_store(&is_over, true);
	guest_join(stormer);
	CHECK(storm_count > 0);
	printf("%ld\n", count);
	return guest_passed();
}
