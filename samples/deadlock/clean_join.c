/*
 * The fixed twin of join.c: stop_logger() lets go of log_lock before
 * it joins, so the logger can come to its end.
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
	pthread_mutex_unlock(&log_lock);
	pthread_join(logger, NULL); /* HERE: main_joins */
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
