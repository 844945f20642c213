/*
 * The fixed twin of stop_request.c: SIGTERM is blocked in all threads, and main
 * takes it with sigwait().  Then it sets is_stopping under the mutex, and
 * signals, as any other thread would.
 */
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>

static pthread_mutex_t jobs_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t jobs_changed = PTHREAD_COND_INITIALIZER;
static int job_count;
static bool is_stopping;
static sem_t printer_is_ready;

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
	sigset_t only_term;
	int signal;

	sigemptyset(&only_term);
	sigaddset(&only_term, SIGTERM);
	raise(SIGTERM); /* somebody ends the service */
	sigwait(&only_term, &signal);
	pthread_mutex_lock(&jobs_lock);
	is_stopping = true;
	pthread_cond_broadcast(&jobs_changed);
	pthread_mutex_unlock(&jobs_lock);
}

int main(void)
{
	sigset_t only_term;
	pthread_t printer;

	sigemptyset(&only_term);
	sigaddset(&only_term, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &only_term, NULL);
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
