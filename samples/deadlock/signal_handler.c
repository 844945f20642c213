/*
 * A signal handler that wants the lock it interrupted (signal-unsafe-lock,
 * error, and deadlock).
 *
 * What happens: the signal arrives in the middle of count_event(), whose
 * thread holds count_lock.  The handler calls count_event() too and waits for
 * the code below it on its own stack.
 *
 * Why: a handler is not another thread.  What it interrupted goes on only
 * after it has returned, so waiting for it is waiting for oneself.
 *
 * See it: snarl run ./signal_handler
 * One stack with both: the handler's lock on top, the interrupted holder below.
 *
 * Fix: no lock in a handler (hazard/clean_signal_lock.c); or, where that cannot be,
 * keep the signal blocked while the lock is held: clean_signal_handler.c.
 */
#define _GNU_SOURCE 1
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

static pthread_mutex_t count_lock = PTHREAD_MUTEX_INITIALIZER;
static int event_count;

static void count_event(void)
{
	pthread_mutex_lock(&count_lock); /* HERE: lock */
	/* The signal comes at the worst moment. */
	if (event_count++ == 0)
		kill(getpid(), SIGUSR1); /* HERE: interrupted */
	pthread_mutex_unlock(&count_lock);
}

static void handle_signal(int number)
{
	(void)number;
	count_event(); /* HERE: from_handler */
}

int main(void)
{
	struct sigaction action = { .sa_handler = handle_signal };

	sigaction(SIGUSR1, &action, NULL);
	count_event(); /* HERE: from_main */
	printf("%d events\n", event_count);
	return 0;
}
