/*
 * The fixed twin of late_signal.c: the worker signals before it releases the mutex, so
 * whoever sees the mark comes after the signal.
 */
#include <pthread.h>
#include <stdio.h>

struct job {
	pthread_mutex_t lock;
	pthread_cond_t finished;
	int is_done;
	int result;
};

static struct job job;

static void *work(void *unused)
{
	pthread_mutex_lock(&job.lock);
	job.result = 42;
	job.is_done = 1;
	pthread_cond_signal(&job.finished); /* HERE: signal */
	pthread_mutex_unlock(&job.lock);
	return unused;
}

static int is_done(void)
{
	int answer;

	pthread_mutex_lock(&job.lock);
	answer = job.is_done;
	pthread_mutex_unlock(&job.lock);
	return answer;
}

static void end_job(void)
{
	pthread_cond_destroy(&job.finished); /* HERE: destroy */
	pthread_mutex_destroy(&job.lock);
}

int main(void)
{
	pthread_t worker;

	pthread_mutex_init(&job.lock, NULL);
	pthread_cond_init(&job.finished, NULL);
	pthread_create(&worker, NULL, work, NULL);
	while (!is_done())
		; /* something else to do */
	end_job();
	pthread_join(worker, NULL);
	printf("result %d\n", job.result);
	return 0;
}
