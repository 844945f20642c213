/*
 * A stop request that only a signal handler hears of (hang).
 *
 * What happens: the printer waits on a condition for jobs or the end.  SIGTERM's
 * handler sets is_stopping, but wakes nobody: the printer never looks again,
 * and main waits for its end.
 *
 * Why: a waiter looks at its question when it is signalled, and only then.  The
 * handler cannot signal: no function of mutexes and conditions may be called
 * in one.
 *
 * See it: snarl run ./stop_request
 * A handler ends no wait for a condition or a join, so this is for ever.
 *
 * Fix: clean_stop_request.c blocks SIGTERM in all threads and takes it with
 * sigwait(): what follows is ordinary code, which may lock and signal.
 */
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>

static pthread_mutex_t jobs_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t jobs_changed = PTHREAD_COND_INITIALIZER;
static int job_count;
static atomic_bool is_stopping;
static sem_t printer_is_ready;

static void stop(int signal)
{
	(void)signal;
	is_stopping = true;
}

static void *print_jobs(void *unused)
{
	(void)unused;
	pthread_mutex_lock(&jobs_lock);
	sem_post(&printer_is_ready);
	while (!is_stopping && job_count == 0)
		pthread_cond_wait(&jobs_changed, &jobs_lock); /* HERE: waits */
	pthread_mutex_unlock(&jobs_lock);
	return NULL;
}

static void wait_for_stop(void)
{
	signal(SIGTERM, stop);
	raise(SIGTERM); /* somebody ends the service */
}

int main(void)
{
	pthread_t printer;

	sem_init(&printer_is_ready, 0, 0);
	pthread_create(&printer, NULL, print_jobs, NULL);
	sem_wait(&printer_is_ready);
	pthread_mutex_lock(&jobs_lock); /* free once the printer waits */
	pthread_mutex_unlock(&jobs_lock);
	wait_for_stop();
	pthread_join(printer, NULL); /* HERE: joins */
	puts("stopped");
	return 0;
}
