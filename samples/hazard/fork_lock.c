/*
 * A child of fork that takes a lock from before it (fork-holding-lock).
 *
 * What happens: while the worker holds log_lock, main forks.  The child has a
 * copy of the locked lock, but no copy of the worker: nobody will ever unlock
 * it there.  The child wants to log, and cannot.
 *
 * Why it is wrong: fork copies all memory and one thread.  Every lock that
 * another thread held at that moment stays locked in the child for ever.  Only
 * because this logger gives up after a moment does the child not hang.
 *
 * See it: snarl run ./fork_lock
 * The child's stack, the fork's, and where the worker had taken the lock.
 *
 * Fix: between fork and exec or _exit call nothing but what is
 * async-signal-safe: clean_fork_lock.c writes without the logger.
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
	return log_line("the child is here\n"); /* HERE: child_logs */
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
