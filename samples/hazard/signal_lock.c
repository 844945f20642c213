/*
 * A signal handler that takes a lock (signal-unsafe-lock, warning).
 *
 * What happens: the handler counts under count_lock, which the rest of the
 * program uses too.  In this run the signal comes while the lock is free.
 *
 * Why it is wrong: a handler interrupts the very thread that may hold the lock.
 * Then it waits for code that cannot run until it returns: see
 * deadlock/signal_handler.c.  No mutex function may be called in a handler.
 *
 * See it: snarl run ./signal_lock
 * The handler's lock, and the place outside it that takes the same lock with
 * the signal open.
 *
 * Fix: a handler only says that something happened.  In clean_signal_lock.c it
 * posts a semaphore, which is allowed, and the thread it wakes does the rest.
 */
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

static pthread_mutex_t count_lock = PTHREAD_MUTEX_INITIALIZER;
static int event_count;
static sem_t signal_came;

static void count_event(void)
{
	pthread_mutex_lock(&count_lock); /* HERE: lock */
	event_count++;
	pthread_mutex_unlock(&count_lock);
}

static void handle_signal(int number)
{
	(void)number;
	count_event(); /* HERE: from_handler */
	sem_post(&signal_came);
}

int main(void)
{
	struct sigaction action = { .sa_handler = handle_signal };

	sem_init(&signal_came, 0, 0);
	sigaction(SIGUSR1, &action, NULL);
	count_event(); /* HERE: from_main */
	kill(getpid(), SIGUSR1);
	while (sem_wait(&signal_came) && errno == EINTR)
		continue;
	printf("%d events\n", event_count);
	return 0;
}
