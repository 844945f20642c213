/*
 * A program that blocks all signals or handles all of them: the mask, the
 * dispositions and the alternate stack are its own, found as at the start
 * and left as set, in every thread.
 *
 * guest-bare: yes
 */
#include "../guest.h"

#include <signal.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

/* Prints the signals of one line of /proc/self/status. */
static void print_status_line(const char *key)
{
	char line[256];
	FILE *file = fopen("/proc/self/status", "re");

	CHECK(file != NULL);
	while (fgets(line, sizeof(line), file))
		if (!strncmp(line, key, strlen(key)))
			fputs(line, stdout);
	fclose(file);
}

static void check_no_alternate_stack(void)
{
	stack_t stack;

	CHECK_IS(sigaltstack(NULL, &stack), 0);
	CHECK_IS(stack.ss_flags, SS_DISABLE);
}

static int blocked_count(void)
{
	sigset_t blocked;
	int number, count = 0;

	CHECK_IS(pthread_sigmask(SIG_BLOCK, NULL, &blocked), 0);
	for (number = 1; number < NSIG; number++)
		count += sigismember(&blocked, number) == 1;
	return count;
}

static void *work_while_blocked(void *expected_count)
{
	int i;

	check_no_alternate_stack();
	CHECK_IS(blocked_count(), *(int *)expected_count);
	for (i = 0; i < 100; i++) {
		CHECK_IS(pthread_mutex_lock(&mutex), 0);
		CHECK_IS(blocked_count(), *(int *)expected_count);
		CHECK_IS(pthread_mutex_unlock(&mutex), 0);
	}
	CHECK_IS(blocked_count(), *(int *)expected_count);
	return NULL;
}

static void check_dispositions(void)
{
	struct sigaction action;
	int number;

	for (number = 1; number < NSIG; number++) {
		if (sigaction(number, NULL, &action))
			continue;
		if (action.sa_handler != SIG_DFL)
			printf("signal %d is not as by default\n", number);
	}
}

int main(void)
{
	sigset_t all, before;
	pthread_t threads[4];
	int i, expected_count;

	print_status_line("SigBlk:");
	print_status_line("SigIgn:");
	print_status_line("SigCgt:");
	check_dispositions();
	check_no_alternate_stack();

	CHECK_IS(sigfillset(&all), 0);
	CHECK_IS(pthread_sigmask(SIG_SETMASK, &all, &before), 0);
	expected_count = blocked_count();
	for (i = 0; i < 4; i++)
		threads[i] = guest_start(work_while_blocked, &expected_count);
	work_while_blocked(&expected_count);
	for (i = 0; i < 4; i++)
		guest_join(threads[i]);
	CHECK_IS(pthread_sigmask(SIG_SETMASK, &before, NULL), 0);
	expected_count = 0;
	guest_run_in_thread(work_while_blocked, &expected_count);
	print_status_line("SigBlk:");
	print_status_line("SigCgt:");
	check_dispositions();
	return guest_passed();
}
