/*
 * The fixed twin of signal_handler.c: the signal is blocked while the
 * lock is held, so the handler can only interrupt code without it.
 *
 * Right as long as every place that takes count_lock does the same; a handler
 * without locks (hazard/clean_signal_lock.c) needs no such promise.
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
	sigset_t signals, before;

	sigemptyset(&signals);
	sigaddset(&signals, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &signals, &before);
	pthread_mutex_lock(&count_lock); /* HERE: lock */
	/* The signal comes at the worst moment. */
	if (event_count++ == 0)
		kill(getpid(), SIGUSR1); /* HERE: interrupted */
	pthread_mutex_unlock(&count_lock);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
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
