/*
 * The fixed twin of pool.c: a thread that waits for a task runs queued
 * tasks meanwhile, so waiting takes no thread from the pool.
 *
 * (The other ways out: let a task end and a second one take over when the part
 * is done, or use a pool of its own for each level of tasks.)
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
		if (queue)
			run_next();
		else
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
