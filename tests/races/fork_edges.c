/*
 * RULES, 'Happens-before': what a fork orders.
 */
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cases.h"

static long child_data;

static void *child_update(void *unused)
{
	(void)unused;
	child_data++;
	return NULL;
}

static void child_case(void)
{
	pid_t child;

	child_data++;
	child = fork();
	if (child == 0) {
		pthread_t thread;

		child_data++;
		MUST(pthread_create(&thread, NULL, child_update, NULL) == 0);
		pthread_join(thread, NULL);
		_exit(0);
	}
	MUST(waitpid(child, NULL, 0) == child);
	KEEP(child_data);
}

/* Two threads of the child. */
static long child_threads_data;

static void *child_threads_update(void *unused)
{
	(void)unused;
	child_threads_data++;
	return NULL;
}

static void child_threads_case(void)
{
	pid_t child = fork();

	if (child == 0) {
		run_both(child_threads_update, child_threads_update, NULL);
		_exit(0);
	}
	MUST(waitpid(child, NULL, 0) == child);
	KEEP(child_threads_data);
}

static const struct race_case cases[] = {
	CASE(child, "silent"),
	CASE(child_threads, "lost-update:error"),
};

int main(int argc, char **argv)
{
	return RUN_CASES(cases, argc, argv);
}
