/*
 * A lock held while joining a thread that needs it (deadlock).
 *
 * What happens: stop_logger() takes log_lock to tell the logger to stop, and
 * joins it without letting go.  The logger needs log_lock to see the request.
 *
 * Why: a join waits like a lock does, but is not thought of as one.  The
 * circle goes through a thread's end: main waits for the logger, the logger
 * for a lock of main's.
 *
 * See it: snarl run ./join
 * The stacks of main's lock, main's join, and the logger's lock.
 *
 * Fix: never join while holding a lock that the thread may take:
 * clean_join.c lets go first.
 */
#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdio.h>

static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;
static bool is_stopping;
static int line_count;
static sem_t stop_is_asked;

static void *write_log(void *unused)
{
	(void)unused;
	sem_wait(&stop_is_asked);
	pthread_mutex_lock(&log_lock); /* HERE: logger_waits */
	if (is_stopping)
		line_count++;
	pthread_mutex_unlock(&log_lock);
	return NULL;
}

static void stop_logger(pthread_t logger)
{
	pthread_mutex_lock(&log_lock); /* HERE: main_holds */
	is_stopping = true;
	sem_post(&stop_is_asked);
	pthread_join(logger, NULL); /* HERE: main_joins */
	pthread_mutex_unlock(&log_lock);
}

int main(void)
{
	pthread_t logger;

	sem_init(&stop_is_asked, 0, 0);
	pthread_create(&logger, NULL, write_log, NULL);
	stop_logger(logger); /* HERE: calls */
	printf("%d last line\n", line_count);
	return 0;
}
