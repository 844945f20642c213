/* The end of a program with a thread that is still traced, as a look at it may leave one. */
#include <check.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command/run/launch.h"

#define LONG_MS 20000u

static int told[2]; /* the thread's number, to us */
static int asked[2]; /* to go on: its other end is closed */

static void *tell_and_wait(void *argument)
{
	pid_t thread = (pid_t)syscall(SYS_gettid);
	char byte;

	if (write(told[1], &thread, sizeof(thread)) != sizeof(thread))
		_exit(2);
	while (read(asked[0], &byte, 1) < 0)
		;
	return argument;
}

static void run_program(void)
{
	pthread_t thread;

	close(asked[1]);
	if (pthread_create(&thread, NULL, tell_and_wait, NULL) != 0)
		_exit(2);
	pthread_join(thread, NULL);
	_exit(7);
}

/* A program with a thread that we trace: @thread. */
static pid_t start_traced(pid_t *thread)
{
	sigset_t awaited;
	pid_t pid;

	sigemptyset(&awaited);
	sigaddset(&awaited, SIGCHLD);
	sigprocmask(SIG_BLOCK, &awaited, NULL);
	ck_assert_int_eq(pipe(told), 0);
	ck_assert_int_eq(pipe(asked), 0);
	pid = fork();
	if (pid == 0)
		run_program();
	ck_assert_int_eq(read(told[0], thread, sizeof(*thread)), sizeof(*thread));
	ck_assert_int_eq(ptrace(PTRACE_SEIZE, *thread, NULL, NULL), 0);
	return pid;
}

START_TEST(a_program_that_is_killed_ends_with_its_traced_thread)
{
	pid_t thread;
	pid_t pid = start_traced(&thread);
	int status = 0;

	kill(pid, SIGKILL);
	ck_assert(launch_wait(pid, LONG_MS, &status));
	ck_assert(WIFSIGNALED(status));
	ck_assert_int_eq(WTERMSIG(status), SIGKILL);
}
END_TEST

START_TEST(a_thread_that_stops_late_is_let_go)
{
	pid_t thread;
	pid_t pid = start_traced(&thread);
	int status = 0;

	ck_assert_int_eq(ptrace(PTRACE_INTERRUPT, thread, NULL, NULL), 0);
	close(asked[1]);
	ck_assert(launch_wait(pid, LONG_MS, &status));
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), 7);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("launch");
	TCase *tests = tcase_create("launch");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, a_program_that_is_killed_ends_with_its_traced_thread);
	tcase_add_test(tests, a_thread_that_stops_late_is_let_go);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
