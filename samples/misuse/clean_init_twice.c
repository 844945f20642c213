/*
 * The fixed twin of init_twice.c: the mutex is initialised by whoever opens the
 * log first, and by nobody else.
 */
#include <pthread.h>
#include <stdio.h>

static pthread_mutex_t log_lock;
static int line_count;

static void init_log(void)
{
	pthread_mutex_init(&log_lock, NULL); /* HERE: init */
}

static void open_log(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, init_log);
}

static void *use_log(void *unused)
{
	open_log();
	return unused;
}

int main(void)
{
	pthread_t second_user;

	open_log();
	pthread_mutex_lock(&log_lock); /* HERE: lock */
	line_count++;
	pthread_create(&second_user, NULL, use_log, NULL);
	pthread_join(second_user, NULL);
	pthread_mutex_unlock(&log_lock);
	printf("%d line\n", line_count);
	return 0;
}
