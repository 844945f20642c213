/*
 * A condition wait without its mutex (wait-without-lock).
 *
 * What happens: the idle thread waits for work for a moment, but does not lock
 * idle_lock before.  The wait unlocks a mutex that is not locked, and returns
 * with the mutex locked, as always.
 *
 * Why it is wrong: between the look at 'work_count' and the wait anything may
 * happen, so signals are lost; and if another thread holds the mutex, the wait
 * opens that thread's critical section.
 *
 * See it: snarl run ./wait_unlocked
 * The stack of the wait.
 *
 * Fix: lock, look, wait, in this order: clean_wait_unlocked.c.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <time.h>

static pthread_mutex_t idle_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t work_arrived = PTHREAD_COND_INITIALIZER;
static int work_count, idle_count;

/* In this run no work comes: the wait ends by its deadline, which is now. */
static void *wait_for_work(void *unused)
{
	struct timespec deadline;
	int error = 0;

	(void)unused;
	clock_gettime(CLOCK_REALTIME, &deadline);
	while (work_count == 0 && error == 0)
		error = pthread_cond_timedwait(&work_arrived, &idle_lock, &deadline); /* HERE: wait */
	idle_count += error == ETIMEDOUT;
	pthread_mutex_unlock(&idle_lock);
	return NULL;
}

int main(void)
{
	pthread_t idler;

	pthread_create(&idler, NULL, wait_for_work, NULL);
	pthread_join(idler, NULL);
	printf("idle %d time\n", idle_count);
	return 0;
}
