/*
 * The fixed twin of signal_lock.c: the handler only posts a semaphore,
 * which is async-signal-safe, and main counts when it has come round to it.
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
	count_event();
	printf("%d events\n", event_count);
	return 0;
}
