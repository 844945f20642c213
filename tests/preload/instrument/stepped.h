/*
 * For guests of two processes: one goes in steps, and the other looks at its memory in between.
 */
#ifndef TESTS_PRELOAD_STEPPED_H
#define TESTS_PRELOAD_STEPPED_H

#include "../guest.h"

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/ptrace.h>

#define STEPPED_FORM_MASK 0xf00 /* of a shadow word; 0: it is plain */

/* --- Who goes in steps -------------------------------------------------------------- */

static pthread_barrier_t stepped_is_over;

static void *stepped_wait(void *argument)
{
	pthread_barrier_wait(&stepped_is_over);
	return argument;
}

/* From now on the process stops at each signal, and has two threads.  False: it may not. */
static inline bool stepped_begin(pthread_t *second)
{
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
		return false;
	CHECK_IS(pthread_barrier_init(&stepped_is_over, NULL, 2), 0);
	CHECK_IS(pthread_create(second, NULL, stepped_wait, NULL), 0);
	return true;
}

static inline void stepped_end(pthread_t second)
{
	pthread_barrier_wait(&stepped_is_over);
	CHECK_IS(pthread_join(second, NULL), 0);
}

/* --- Who looks ---------------------------------------------------------------------- */

/* False: there is no memory, as natively of shadow memory. */
static inline bool stepped_peek(pid_t pid, uintptr_t address, uint64_t *value)
{
	errno = 0;
	*value = (uint64_t)ptrace(PTRACE_PEEKDATA, pid, address, NULL);
	return errno == 0;
}

/* What the process is stopped by; 0: it has ended. */
static inline int stepped_stop(pid_t pid)
{
	int status;

	CHECK_IS(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == GUEST_SKIPPED)
		exit(guest_skip("no process may be traced"));
	if (WIFEXITED(status))
		CHECK_IS(WEXITSTATUS(status), EXIT_SUCCESS);
	return WIFSTOPPED(status) ? WSTOPSIG(status) : 0;
}

#endif
