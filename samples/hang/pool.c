/*
 * Tasks that wait for tasks of their own pool (hang).
 *
 * What happens: a pool of two threads runs two tasks.  Each hands a part of
 * its work to the same pool and waits for it.  Both threads wait; nobody is
 * left to run the parts.
 *
 * Why: a wait inside a pool takes a thread from it.  With as many waiting
 * tasks as threads the pool stands still, and how many that takes depends on
 * load and core count: it works on the big machine and stops on the small.
 *
 * See it: snarl run ./pool
 * Every thread's stack: workers inside wait_for(), called from their tasks.
 *
 * Fix: help while you wait.  In clean_pool.c who waits runs queued tasks.
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>

#define WORKER_COUNT 2

struct task {
	void (*run)(struct task *task);
	struct task *next;
	bool is_done;
	int sum;
};

static pthread_mutex_t pool_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t pool_changed = PTHREAD_COND_INITIALIZER;
static struct task *queue, **queue_end = &queue;
static bool is_closing;

static void submit(struct task *task)
{
	pthread_mutex_lock(&pool_lock);
	*queue_end = task;
	queue_end = &task->next;
	pthread_cond_broadcast(&pool_changed);
	pthread_mutex_unlock(&pool_lock);
}

/* Expects pool_lock to be held and the queue not to be empty. */
static void run_next(void)
{
	struct task *task = queue;

	queue = task->next;
	if (!queue)
		queue_end = &queue;
	pthread_mutex_unlock(&pool_lock);
	task->run(task);
	pthread_mutex_lock(&pool_lock);
	task->is_done = true;
	pthread_cond_broadcast(&pool_changed);
}

static void wait_for(struct task *task)
{
	pthread_mutex_lock(&pool_lock);
	while (!task->is_done) {
		pthread_cond_wait(&pool_changed, &pool_lock); /* HERE: waits */
	}
	pthread_mutex_unlock(&pool_lock);
}

static void *work(void *unused)
{
	(void)unused;
	pthread_mutex_lock(&pool_lock);
	while (queue || !is_closing) {
		if (queue)
			run_next();
		else
			pthread_cond_wait(&pool_changed, &pool_lock);
	}
	pthread_mutex_unlock(&pool_lock);
	return NULL;
}

static void sum_part(struct task *task)
{
	task->sum = 21;
}

static void sum_all(struct task *task)
{
	struct task part = { .run = sum_part };

	submit(&part);
	wait_for(&part); /* HERE: task_waits */
	task->sum = 2 * part.sum;
}

int main(void)
{
	struct task tasks[WORKER_COUNT] = { { .run = sum_all }, { .run = sum_all } };
	pthread_t workers[WORKER_COUNT];

	/* Queued before the workers start: both tasks stand before any part. */
	for (int i = 0; i < WORKER_COUNT; i++)
		submit(&tasks[i]);
	for (int i = 0; i < WORKER_COUNT; i++)
		pthread_create(&workers[i], NULL, work, NULL);
	for (int i = 0; i < WORKER_COUNT; i++)
		wait_for(&tasks[i]);
	pthread_mutex_lock(&pool_lock);
	is_closing = true;
	pthread_cond_broadcast(&pool_changed);
	pthread_mutex_unlock(&pool_lock);
	for (int i = 0; i < WORKER_COUNT; i++)
		pthread_join(workers[i], NULL);
	printf("%d and %d\n", tasks[0].sum, tasks[1].sum);
	return 0;
}
