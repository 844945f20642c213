/*
 * A mutex initialised anew while it is held (init-in-use).
 *
 * What happens: every user of the log calls open_log(), which initialises its
 * mutex.  The second user does so while the first one is writing.
 *
 * Why it is wrong: to initialise a held mutex is undefined.  With glibc it is
 * free at once: two threads are in the critical section, and the first
 * unlock opens the lock of whoever holds it by then.
 *
 * See it: snarl run ./init_twice
 * Where the mutex is held, and the second call that initialises it.
 *
 * Fix: initialise it once, before there are users: clean_init_twice.c.
 */
#include <pthread.h>
#include <stdio.h>

static pthread_mutex_t log_lock;
static int line_count;

static void open_log(void)
{
	pthread_mutex_init(&log_lock, NULL); /* HERE: init */
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
