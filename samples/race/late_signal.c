/*
 * A condition signalled when its owner may have destroyed it (data-race).
 *
 * What happens: the worker marks the job as done under its mutex, and signals
 * after it has released the mutex.  The owner looks at the mark now and then, sees
 * it, and destroys the job.
 *
 * Why it is wrong: between the worker's unlock and its signal nothing keeps the
 * job alive.  If the worker loses the processor there, it signals a condition that
 * has been destroyed: memory that may belong to something else by then.
 *
 * See it: snarl run ./late_signal
 * The signal, and the call that destroys the condition.
 *
 * Fix: signal before the unlock: clean_late_signal.c.
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
	pthread_mutex_unlock(&job.lock);
	pthread_cond_signal(&job.finished); /* HERE: signal */
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
