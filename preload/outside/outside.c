#define _GNU_SOURCE
#include "preload/outside/outside.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>

#include "base/kernel.h"
#include "detect/base/slot.h"
#include "detect/base/thread.h"
#include "detect/data/wait.h"
#include "detect/deadlock/wait_graph.h"
#include "preload/guest/text.h"
#include "preload/outside/lock_memory.h"
#include "preload/outside/shared_life.h"

#define SIGNAL_COUNT 64
#define FIRST_RESERVED 32 /* glibc uses 32 and 33 itself */
#define LAST_RESERVED 33
#define PATIENCE 200 /* times 1 ms, for threads that are about to end */

/* The kernel's struct sigaction. */
struct kernel_action {
	uintptr_t handler;
	unsigned long flags;
	uintptr_t restorer;
	uint64_t mask;
};

/* Reads /proc/self/task/@kernel_id/@name.  Returns its length, or less than 0. */
static long read_task_file(uint32_t kernel_id, const char *name, char *text, size_t size_bytes)
{
	char path[64];
	struct text to = text_begin(path, sizeof(path));
	long file;
	long length;

	text_add(&to, "/proc/self/task/");
	text_add_number(&to, kernel_id);
	text_add(&to, name);
	file = kernel_call4(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
	if (file < 0)
		return file;
	length = kernel_call3(SYS_read, file, text, size_bytes - 1);
	kernel_call1(SYS_close, file);
	text[length > 0 ? length : 0] = '\0';
	return length;
}

/* The kernel sends these to a thread for what it does: not while all sleep. */
static bool is_fault(int signal)
{
	return signal == SIGSEGV || signal == SIGBUS || signal == SIGFPE || signal == SIGILL ||
	       signal == SIGTRAP || signal == SIGSYS;
}

bool outside_has_handler(struct detector *detector)
{
	(void)detector;
	for (int signal = 1; signal <= SIGNAL_COUNT; signal++) {
		struct kernel_action action = {0};

		if ((signal >= FIRST_RESERVED && signal <= LAST_RESERVED) || is_fault(signal))
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

/* Is there a POSIX timer, armed or not? */
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

#define EXITING 4 /* PF_EXITING of the kernel: the thread runs no user code any more */

/* Is the thread exiting, or gone?  Its stat file has "tid (name) state", four
 * numbers, then its flags. */
static bool is_exiting(const char *tid_digits)
{
	char text[512];
	const char *word;
	uint32_t tid = 0;
	uint64_t flags = 0;

	for (; *tid_digits; tid_digits++)
		tid = tid * 10 + (uint32_t)(*tid_digits - '0');
	if (read_task_file(tid, "/stat", text, sizeof(text)) <= 0)
		return true;
	word = strrchr(text, ')');
	for (unsigned skipped = 0; word && skipped < 7; skipped++)
		word = strchr(word + 1, ' ');
	for (word = word ? word + 1 : ""; *word >= '0' && *word <= '9'; word++)
		flags = flags * 10 + (uint64_t)(*word - '0');
	return flags & EXITING;
}

/* The number of threads that the kernel lists; 0 if it does not tell.
 * @skips_exiting: without those that exit, which takes longer. */
static uint32_t count_kernel_threads(bool skips_exiting)
{
	char buffer[1024];
	const char *name;
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
			name = buffer + at + offsetof(struct directory_entry, name);
			count += *name != '.' && !(skips_exiting && is_exiting(name));
			at += size;
		}
	}
	kernel_call1(SYS_close, directory);
	return count;
}

uint32_t outside_thread_count(void)
{
	return count_kernel_threads(false);
}

uint32_t outside_leaving_count;

/* The number of threads that have ended for us, but not yet for the kernel. */
static uint32_t count_ending(struct detector *detector)
{
	const struct thread *thread;
	uint32_t count = 0;
	uint32_t slot = 0;

	while ((thread = slot_next_thread(detector, &slot)))
		count += thread->state == THREAD_ENDING &&
			 detector->hooks->is_alive(detector, thread);
	return count;
}

/* Is there a thread that we do not know, or one that still runs destructors?  A
 * thread that we do not know may have woken others even if it has ended by
 * now. */
static bool has_unknown_thread(struct detector *detector)
{
	struct timespec pause = {.tv_nsec = 1000000};

	for (unsigned look = 0; look < PATIENCE; look++) {
		uint32_t alive = load_acquire(&detector->alive_count);
		uint32_t ending = count_ending(detector);
		uint32_t count = count_kernel_threads(false);

		if (count > alive)
			count = count_kernel_threads(true);
		if (count == 0 || count > alive + ending)
			return true;
		if (count <= alive + load_acquire(&outside_leaving_count))
			return false;
		if (load_acquire(&detector->blocked_count) < alive)
			return true;
		kernel_call2(SYS_nanosleep, &pause, NULL);
	}
	return true;
}

/* --- Who sleeps? -------------------------------------------------------------- */

#define FALLING_ASLEEP 5000 /* times 1 ms, for a thread that does not sleep yet */

enum sleep { SLEEP_NOT_YET, SLEEP_HERE, SLEEP_ELSEWHERE, SLEEP_UNKNOWN };

#define OBJECT_BYTES 64 /* no lock of glibc is larger */

static uintptr_t take_hexadecimal(const char *text)
{
	uintptr_t number = 0;

	for (;; text++) {
		if (*text >= '0' && *text <= '9')
			number = number << 4 | (uintptr_t)(*text - '0');
		else if (*text >= 'a' && *text <= 'f')
			number = number << 4 | (uintptr_t)(*text - 'a' + 10);
		else
			return number;
	}
}

static bool is_in(uintptr_t address, const struct sync_object *object)
{
	return object && address - object->address < OBJECT_BYTES;
}

/* Is the futex at @address in the object that @wait waits for?  True where that
 * is not known: joins and once objects. */
static bool is_futex_of(uintptr_t address, const struct wait *wait)
{
	const struct sync_info *info = wait->object ? wait->object->info : NULL;

	if (wait->kind == WAIT_INPUT)
		return false;
	if (!info || info->kind == OBJECT_ONCE || info->kind == OBJECT_STREAM)
		return true;
	return is_in(address, wait->object) || is_in(address, wait->mutex);
}

static bool is_one_of(long number, const long *calls, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (number == calls[i])
			return true;
	return false;
}

/* Is call @number, with this first argument, one that *@wait sleeps in? */
static bool is_call_of(long number, uintptr_t argument, const struct wait *wait)
{
	static const long waits[] = {SYS_futex, SYS_flock, SYS_fcntl, SYS_restart_syscall};
	static const long inputs[] = {SYS_read, SYS_readv, SYS_recvfrom, SYS_recvmsg};

	if (wait->kind == WAIT_INPUT)
		return argument == wait->number && is_one_of(number, inputs, ARRAY_LENGTH(inputs));
	return is_one_of(number, waits, ARRAY_LENGTH(waits));
}

/* Does a thread sleep, in the system call that its syscall file @text says?
 * That has "running", or the call's number, its arguments, sp and pc. */
static enum sleep classify_call(const char *text, const struct wait *wait)
{
	uintptr_t argument;
	long number = 0;

	/* Also "-1": stopped or in a page fault. */
	if (*text < '0' || *text > '9')
		return SLEEP_NOT_YET;
	for (; *text >= '0' && *text <= '9'; text++)
		number = number * 10 + (*text - '0');
	argument = take_hexadecimal(text + strlen(" 0x"));
	if (wait->excludes_mutex && wait->mutex && argument == wait->mutex->address)
		return SLEEP_ELSEWHERE;
	/* It waits for a lock of this library: its own wait comes later. */
	if (number == SYS_futex && !is_futex_of(argument, wait))
		return SLEEP_NOT_YET;
	return is_call_of(number, argument, wait) ? SLEEP_HERE : SLEEP_ELSEWHERE;
}

static enum sleep classify_sleep(struct detector *detector, const struct thread *thread,
				 const struct wait *wait)
{
	char text[256];

	if (read_task_file(thread->kernel_id, "/syscall", text, sizeof(text)) > 0)
		return classify_call(text, wait);
	/* It has ended, or there is no /proc. */
	return detector->hooks->is_alive(detector, thread) ? SLEEP_UNKNOWN : SLEEP_ELSEWHERE;
}

/* It is looking: will its call sleep?  That for a futex does not if the word has
 * another value. */
static bool will_sleep(const struct wait *wait)
{
	uint32_t word;

	return wait->kind != WAIT_FUTEX ||
	       (lock_read_word((const int *)wait->object->address, &word) && word == wait->number);
}

bool outside_is_asleep(struct detector *detector, const struct thread *thread,
		       const struct wait *wait)
{
	struct timespec pause = {.tv_nsec = 1000000};
	struct wait now;

	if (load_acquire(&thread->waiting.is_looking))
		return will_sleep(wait);

	/* A waiter for a spin lock does not sleep. */
	if (wait->object && wait->object->info && wait->object->info->kind == OBJECT_SPIN)
		return true;
	for (unsigned look = 0; look < FALLING_ASLEEP; look++) {
		enum sleep sleep = classify_sleep(detector, thread, wait);

		if (sleep != SLEEP_NOT_YET)
			return sleep != SLEEP_ELSEWHERE;
		kernel_call2(SYS_nanosleep, &pause, NULL);
		if (!wait_read(thread, &now) || now.version != wait->version)
			return false;
		if (load_acquire(&thread->waiting.is_looking))
			return will_sleep(wait);
	}
	return false;
}

/* --- Who could wake a sleeper? -------------------------------------------------- */

/* Does a thread wait for a word that other processes have, too? */
static bool waits_for_shared_word(const struct detector *detector)
{
	const struct thread *thread;
	uint32_t slot = 0;

	while ((thread = slot_next_thread(detector, &slot))) {
		struct wait wait;

		if (wait_read(thread, &wait) && wait.kind == WAIT_FUTEX &&
		    shared_memory_key(wait.object->address))
			return true;
	}
	return false;
}

bool outside_can_wake(struct detector *detector)
{
	return waits_for_shared_word(detector) || has_interval_timer() || has_posix_timer() ||
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
