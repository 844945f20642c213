/*
 * The fixed twin of fork_lock.c: the child touches no lock that existed
 * before it.
 *
 * write() is on the list of async-signal-safe functions (signal-safety(7)),
 * the only ones a child of a threaded program may call before exec or _exit.
 */
#define _GNU_SOURCE 1
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_NS 50000000

static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;
static sem_t worker_is_in, child_is_made;

/* Returns 0 or the error of the lock. */
static int log_line(const char *line)
{
	struct timespec deadline;
	int error;

	clock_gettime(CLOCK_MONOTONIC, &deadline);
	deadline.tv_nsec += PATIENCE_NS;
	deadline.tv_sec += deadline.tv_nsec / 1000000000;
	deadline.tv_nsec %= 1000000000;
	error = pthread_mutex_clocklock(&log_lock, CLOCK_MONOTONIC, &deadline); /* HERE: child_waits */
	if (error)
		return error;
	error = write(STDOUT_FILENO, line, strlen(line)) < 0;
	pthread_mutex_unlock(&log_lock);
	return error;
}

static void *write_long_entry(void *unused)
{
	(void)unused;
	pthread_mutex_lock(&log_lock); /* HERE: worker_holds */
	sem_post(&worker_is_in);
	sem_wait(&child_is_made);
	pthread_mutex_unlock(&log_lock);
	return NULL;
}

static int report_from_child(void)
{
	static const char line[] = "the child is here\n";

	return write(STDOUT_FILENO, line, sizeof line - 1) < 0;
}

int main(void)
{
	pthread_t worker;
	pid_t child;
	int status = 0;

	sem_init(&worker_is_in, 0, 0);
	sem_init(&child_is_made, 0, 0);
	pthread_create(&worker, NULL, write_long_entry, NULL);
	sem_wait(&worker_is_in);
	child = fork();
	if (child == 0)
		_exit(report_from_child() != 0);
	sem_post(&child_is_made);
	pthread_join(worker, NULL);
	waitpid(child, &status, 0);
	if (WEXITSTATUS(status) != 0)
		log_line("the child could not log\n");
	return 0;
}
