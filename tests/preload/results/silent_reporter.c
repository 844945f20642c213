/*
 * A child that the program did not start is none of its own: whatever reports
 * at the end is seen neither by SIGCHLD nor by wait(), and no signal that is
 * blocked or ignored, descriptor that is closed or folder that is left keeps
 * it from working.
 *
 * guest-bare: yes
 * guest-run: handled
 * guest-run: ignored
 * guest-run: closed
 * snarl-expect: status=66 kinds=destroy-locked
 */
#include "../guest.h"

#include <signal.h>

static void say_child(int number)
{
	(void)number;
	CHECK_NOT_REACHED("SIGCHLD without a child");
}

static void close_all(void)
{
	CHECK_FAILS(wait(NULL), ECHILD);
	fflush(stdout);
	close(STDOUT_FILENO);
	close(STDERR_FILENO);
	close(STDIN_FILENO);
}

int main(int count, char **arguments)
{
	pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
	sigset_t all;

	CHECK_IS(count, 2);
	if (strcmp(arguments[1], "ignored") == 0) {
		CHECK(signal(SIGCHLD, SIG_IGN) != SIG_ERR);
		sigfillset(&all);
		CHECK_IS(sigprocmask(SIG_BLOCK, &all, NULL), 0);
	} else {
		CHECK(signal(SIGCHLD, say_child) != SIG_ERR);
	}
	if (strcmp(arguments[1], "closed") == 0)
		CHECK_IS(atexit(close_all), 0);
	CHECK_IS(pthread_mutex_lock(&mutex), 0);
	CHECK_IS(pthread_mutex_destroy(&mutex), EBUSY);
	CHECK_IS(chdir("/"), 0);
	return guest_passed();
}
