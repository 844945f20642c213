/*
 * The fixed twin of wait_unlocked.c: the look at work_count and the wait
 * happen under the mutex, so no signal can fall between them.
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
	pthread_mutex_lock(&idle_lock);
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
