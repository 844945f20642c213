#define _GNU_SOURCE
#include "preload/outside.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>

#include "base/kernel.h"

#define SIGNAL_COUNT 64
#define FIRST_RESERVED 32 /* glibc uses 32 and 33 itself */
#define LAST_RESERVED 33
#define PATIENCE 200 /* looks at threads that are about to end, 1 ms each */

/* The kernel's struct sigaction. */
struct kernel_action {
	uintptr_t handler;
	unsigned long flags;
	uintptr_t restorer;
	uint64_t mask;
};

static bool has_handler(void)
{
	for (int signal = 1; signal <= SIGNAL_COUNT; signal++) {
		struct kernel_action action = {0};

		if (signal >= FIRST_RESERVED && signal <= LAST_RESERVED)
			continue;
		if (kernel_call4(SYS_rt_sigaction, signal, NULL, &action, sizeof(action.mask)))
			continue;
		if (action.handler != (uintptr_t)SIG_DFL && action.handler != (uintptr_t)SIG_IGN)
			return true;
	}
	return false;
}

static bool has_interval_timer(void)
{
	static const int kinds[] = {ITIMER_REAL, ITIMER_VIRTUAL, ITIMER_PROF};

	for (unsigned i = 0; i < ARRAY_LENGTH(kinds); i++) {
		struct itimerval timer = {0};

		if (kernel_call2(SYS_getitimer, kinds[i], &timer) == 0 &&
		    (timer.it_value.tv_sec || timer.it_value.tv_usec))
			return true;
	}
	return false;
}

/* Any POSIX timer: the kernel lists them, armed or not. */
static bool has_posix_timer(void)
{
	char byte;
	long file =
		kernel_call4(SYS_openat, AT_FDCWD, "/proc/self/timers", O_RDONLY | O_CLOEXEC, 0);
	long length;

	if (file < 0)
		return true;
	length = kernel_call3(SYS_read, file, &byte, 1);
	kernel_call1(SYS_close, file);
	return length != 0;
}

struct directory_entry {
	uint64_t inode;
	int64_t offset;
	unsigned short size_bytes;
	unsigned char type;
	char name[];
};

/* How many threads the kernel knows; 0 if it does not tell. */
static uint32_t kernel_thread_count(void)
{
	char buffer[1024];
	uint32_t count = 0;
	long length;
	long directory = kernel_call4(SYS_openat, AT_FDCWD, "/proc/self/task",
				      O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);

	if (directory < 0)
		return 0;
	while ((length = kernel_call3(SYS_getdents64, directory, buffer, sizeof(buffer))) > 0) {
		for (long at = 0; at < length;) {
			unsigned short size;

			memcpy(&size, buffer + at + offsetof(struct directory_entry, size_bytes),
			       sizeof(size));
			count += buffer[at + (long)offsetof(struct directory_entry, name)] != '.';
			at += size;
		}
	}
	kernel_call1(SYS_close, directory);
	return count;
}

/* Threads that have ended for us may still be on their way out. */
static bool has_unknown_thread(const struct detector *detector)
{
	struct timespec pause = {.tv_nsec = 1000000};

	for (unsigned look = 0; look < PATIENCE; look++) {
		uint32_t known = load_acquire(&detector->alive_count);
		uint32_t count = kernel_thread_count();

		if (count == 0)
			return true;
		if (count <= known)
			return false;
		if (load_acquire(&detector->blocked_count) < known)
			return true;
		kernel_call2(SYS_nanosleep, &pause, NULL);
	}
	return true;
}

bool outside_can_wake(struct detector *detector)
{
	return has_handler() || has_interval_timer() || has_posix_timer() ||
	       has_unknown_thread(detector);
}

extern void *__libc_stack_end;

uintptr_t outside_stack_end(uintptr_t sp)
{
	uintptr_t end = (uintptr_t)__libc_stack_end;

	return end > sp ? end : sp;
}

size_t outside_stack_bytes(void)
{
	struct rlimit limit = {0};

	kernel_call4(SYS_prlimit64, 0, RLIMIT_STACK, NULL, &limit);
	if (limit.rlim_cur == 0 || limit.rlim_cur > 64ul * 1024 * 1024)
		return 64ul * 1024 * 1024;
	return limit.rlim_cur;
}
