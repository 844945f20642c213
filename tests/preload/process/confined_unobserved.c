/*
 * Programs that leave themselves less than observation needs: it ends before, and they run
 * as they would.
 *
 *   strict  one thread keeps read, write, exit and sigreturn
 *   masks   with threads running, who blocks signals is killed
 *   child   a program that is executed has a filter that it cannot know
 *
 * guest-run: strict
 * guest-run: masks
 * guest-run: child
 */
#include "confinement.h"

#include <stdatomic.h>
#include <stdbool.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static long counts[64];
static atomic_int state;

static void count_all(void)
{
	for (int i = 0; i < 100000; i++)
		counts[i % 64] += i;
	for (int i = 0; i < 100; i++) {
		CHECK_IS(pthread_mutex_lock(&mutex), 0);
		counts[1]++;
		CHECK_IS(pthread_mutex_unlock(&mutex), 0);
	}
}

static void await_word(int wanted)
{
	while (atomic_load(&state) != wanted)
		sched_yield();
}

static void *count_strictly(void *unused)
{
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT))
		_exit(GUEST_SKIPPED);
	count_all();
	atomic_store(&state, 1);
	syscall(SYS_exit, 0);
	return unused;
}

static void run_strictly(void)
{
	(void)guest_start(count_strictly, NULL);
	await_word(1);
}

static struct sock_filter without_masks[] = {
	LOAD_NUMBER,
	ANSWER_TO(SYS_rt_sigprocmask, SECCOMP_RET_KILL_PROCESS),
	ANSWER(SECCOMP_RET_ALLOW),
};

static void *count_without_masks(void *unused)
{
	atomic_store(&state, 1);
	await_word(2);
	count_all();
	atomic_store(&state, 3);
	for (;;)
		pause();
	return unused;
}

static void run_without_masks(void)
{
	(void)guest_start(count_without_masks, NULL);
	await_word(1);
	if (!CONFINE(without_masks, SECCOMP_FILTER_FLAG_TSYNC))
		_exit(GUEST_SKIPPED);
	atomic_store(&state, 2);
	await_word(3);
}

static struct sock_filter without_links[] = {
	LOAD_NUMBER,
	ANSWER_TO(SYS_readlinkat, SECCOMP_RET_KILL_PROCESS),
	ANSWER_TO(SYS_process_vm_readv, SECCOMP_RET_KILL_PROCESS),
	ANSWER_TO(SYS_getdents64, SECCOMP_RET_KILL_PROCESS),
	ANSWER(SECCOMP_RET_ALLOW),
};

static void execute_child(void)
{
	char *arguments[] = {"confined_unobserved", "executed", NULL};

	if (!CONFINE(without_links, 0))
		_exit(GUEST_SKIPPED);
	CHECK_IS(execv("/proc/self/exe", arguments), 0);
}

int main(int count, char **arguments)
{
	if (count > 1 && !strcmp(arguments[1], "executed"))
		count_all();
	else if (count > 1 && !strcmp(arguments[1], "child"))
		execute_child();
	else if (count > 1 && !strcmp(arguments[1], "masks"))
		run_without_masks();
	else
		run_strictly();
	CHECK_IS(write(STDOUT_FILENO, "passed\n", 7), 7);
	_exit(EXIT_SUCCESS);
}
