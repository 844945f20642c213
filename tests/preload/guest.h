/*
 * What the guest programs share: claims that are checked, and threads.
 *
 * A guest is a small program that does what real ones do, where a tool between a
 * program and its libc may fail.  It checks itself, prints the same lines on every run
 * and exits 0; run_guests compares a native run with a preloaded one.  Exit status 77
 * says that this machine cannot run it.
 *
 * A claim that fails is written by write(2): nothing of stdio may be trusted
 * in a signal handler, after fork or in a process without memory.
 */
#ifndef GUEST_H
#define GUEST_H

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define GUEST_SKIPPED 77

#define CHECK(claim)                                                                               \
	do {                                                                                       \
		if (!(claim))                                                                      \
			guest_fail(__FILE__, __LINE__, #claim);                                    \
	} while (0)

#define CHECK_IS(call, expected)                                                                   \
	guest_check_is(__FILE__, __LINE__, #call, (long long)(call), (long long)(expected))

#define CHECK_NOT_REACHED(why) guest_fail(__FILE__, __LINE__, why)

/* A call that must fail by errno rather than by its result. */
#define CHECK_FAILS(call, expected_errno)                                                          \
	do {                                                                                       \
		errno = 0;                                                                         \
		CHECK_IS(call, -1);                                                                \
		CHECK_IS(errno, expected_errno);                                                   \
	} while (0)

static inline void guest_fail(const char *file, int line, const char *claim)
{
	dprintf(STDOUT_FILENO, "%s:%d: not so: %s\n", file, line, claim);
	_exit(1);
}

static inline void guest_check_is(const char *file, int line, const char *call, long long got,
				  long long expected)
{
	if (got == expected)
		return;
	dprintf(STDOUT_FILENO, "%s:%d: %s is %lld, expected %lld\n", file, line, call, got,
		expected);
	_exit(1);
}

/* The last line of a guest; flushed by its exit, as natively. */
static inline int guest_passed(void)
{
	puts("passed");
	return EXIT_SUCCESS;
}

static inline int guest_skip(const char *why)
{
	printf("skipped: %s\n", why);
	return GUEST_SKIPPED;
}

/* Now on @clock, and @milliseconds more. */
static inline struct timespec guest_deadline(clockid_t clock, long milliseconds)
{
	struct timespec deadline;

	CHECK_IS(clock_gettime(clock, &deadline), 0);
	deadline.tv_sec += milliseconds / 1000;
	deadline.tv_nsec += milliseconds % 1000 * 1000000;
	if (deadline.tv_nsec >= 1000000000) {
		deadline.tv_sec++;
		deadline.tv_nsec -= 1000000000;
	}
	return deadline;
}

static inline int guest_is_past(clockid_t clock, struct timespec deadline)
{
	struct timespec now;

	CHECK_IS(clock_gettime(clock, &now), 0);
	return now.tv_sec > deadline.tv_sec ||
	       (now.tv_sec == deadline.tv_sec && now.tv_nsec >= deadline.tv_nsec);
}

/* While another thread is to come so far: on a busy machine who merely yields waits for all. */
static inline void guest_pause(void)
{
	const struct timespec shortly = {0, 20000};

	nanosleep(&shortly, NULL);
}

static inline pthread_t guest_start(void *(*body)(void *), void *argument)
{
	pthread_t thread;

	CHECK_IS(pthread_create(&thread, NULL, body, argument), 0);
	return thread;
}

static inline void *guest_join(pthread_t thread)
{
	void *result = NULL;

	CHECK_IS(pthread_join(thread, &result), 0);
	return result;
}

static inline void *guest_run_in_thread(void *(*body)(void *), void *argument)
{
	return guest_join(guest_start(body, argument));
}

/*
 * Returns once the kernel says that thread @id, of any process, sleeps, so that
 * the call it makes has most likely begun to wait.  No guest's result rests on
 * it: it only makes the interesting path the usual one.
 */
static inline void guest_await_sleep(pid_t id)
{
	char path[64], line[256], *after_name;
	ssize_t length;
	int file;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)id);
	for (;;) {
		file = open(path, O_RDONLY | O_CLOEXEC);
		if (file < 0)
			return;
		length = read(file, line, sizeof(line) - 1);
		close(file);
		if (length <= 0)
			return;
		line[length] = '\0';
		after_name = strrchr(line, ')');
		if (!after_name || after_name[2] == 'S')
			return;
		sched_yield();
	}
}

/* Waits for @child and returns its exit status, or 128 and its signal. */
static inline int guest_wait_for(pid_t child)
{
	int status;

	CHECK(child > 0);
	CHECK_IS(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

#endif
