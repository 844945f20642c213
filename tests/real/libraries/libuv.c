/*
 * libuv: a loop with work in its pool of threads and wake-ups by other threads.
 *
 * needs: /usr/include/uv.h
 * build: -luv
 */
#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

#define JOBS 64

struct job {
	uv_work_t work;
	long number, result;
	char *buffer;
};

static uv_loop_t *loop;
static uv_async_t async;
static uv_mutex_t mutex;
static long total;
static int done;

static void do_job(uv_work_t *work)
{
	struct job *job = (struct job *)work;

	job->buffer = malloc(100);
	for (int i = 0; i < 100; i++)
		job->buffer[i] = (char)i;
	job->result = job->number * 1000;
	uv_mutex_lock(&mutex);
	total += job->result;
	uv_mutex_unlock(&mutex);
	uv_async_send(&async);
}

static void end_job(uv_work_t *work, int status)
{
	struct job *job = (struct job *)work;

	if (status || job->buffer[5] != 5 || job->result != job->number * 1000)
		abort();
	free(job->buffer);
	free(job);
	if (++done == JOBS)
		uv_close((uv_handle_t *)&async, NULL);
}

static void wake(uv_async_t *unused)
{
	(void)unused;
}

static void send_all(void *unused)
{
	(void)unused;
	for (int i = 0; i < 50; i++)
		uv_async_send(&async);
}

int main(void)
{
	uv_thread_t thread;

	loop = uv_default_loop();
	uv_mutex_init(&mutex);
	uv_async_init(loop, &async, wake);
	uv_thread_create(&thread, send_all, NULL);
	for (int i = 0; i < JOBS; i++) {
		struct job *job = calloc(1, sizeof(*job));

		job->number = i;
		uv_queue_work(loop, &job->work, do_job, end_job);
	}
	uv_thread_join(&thread);
	uv_run(loop, UV_RUN_DEFAULT);
	uv_mutex_destroy(&mutex);
	printf("%ld\n", total);
	return 0;
}
