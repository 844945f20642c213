/*
 * Read in one critical section, written in the next (lost-update, warning).
 *
 * What happens: log_in() reads the count under the lock, greets the user, and
 * writes the count plus one under the lock again.  In this run the second
 * login comes when the first is over, so the count is right.
 *
 * Why it is wrong: every access is locked, so no race detector complains.  Yet
 * the lock is open in between.  Two users who are greeted at the same time
 * write the same number, and one login is lost.
 *
 * See it: snarl run ./login_count
 * A warning: the stale read, the write that rests on it, and the write of
 * another thread that could have come between but did not.
 *
 * Fix: read and write in one critical section: clean_login_count.c.
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
	count = login_count; /* HERE: reads */
	pthread_mutex_unlock(&login_lock);

	printf("welcome, number %d\n", count + 1);

	pthread_mutex_lock(&login_lock);
	login_count = count + 1; /* HERE: writes */
	pthread_mutex_unlock(&login_lock);
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
