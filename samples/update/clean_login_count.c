/*
 * The fixed twin of login_count.c: the count is read and written in one
 * critical section, and the greeting uses a copy.
 */
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>

static pthread_mutex_t login_lock = PTHREAD_MUTEX_INITIALIZER;
static int login_count;

static pthread_mutex_t progress_lock = PTHREAD_MUTEX_INITIALIZER;
static bool is_first_in;

/* Luck, made repeatable: the second waits, but loses patience in the end. */
static void wait_for_luck(void)
{
	bool is_lucky = false;

	for (int patience = 1000000; patience > 0 && !is_lucky; patience--) {
		sched_yield();
		pthread_mutex_lock(&progress_lock);
		is_lucky = is_first_in;
		pthread_mutex_unlock(&progress_lock);
	}
}

static void log_in(void)
{
	int count;

	pthread_mutex_lock(&login_lock);
	count = login_count;	 /* HERE: reads */
	login_count = count + 1; /* HERE: writes */
	pthread_mutex_unlock(&login_lock);

	printf("welcome, number %d\n", count + 1);
}

static void *serve_first(void *unused)
{
	(void)unused;
	log_in();
	pthread_mutex_lock(&progress_lock);
	is_first_in = true;
	pthread_mutex_unlock(&progress_lock);
	return NULL;
}

static void *serve_second(void *unused)
{
	(void)unused;
	wait_for_luck();
	log_in();
	return NULL;
}

int main(void)
{
	pthread_t first, second;

	pthread_create(&first, NULL, serve_first, NULL);
	pthread_create(&second, NULL, serve_second, NULL);
	pthread_join(first, NULL);
	pthread_join(second, NULL);
	printf("%d logins\n", login_count);
	return 0;
}
