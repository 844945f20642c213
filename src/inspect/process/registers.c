#include "inspect/process/registers.h"

#include <elf.h>
#include <errno.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>

#include "inspect/stack/unwind.h"

/* One that sleeps where it cannot be stopped is left after as many pauses. */
#define PAUSE_NS 20000
#define PAUSES_MAX 250u
#define LATE_MAX 64u
#define STACK_BYTES_MAX 65536u

/* Calls that the kernel restarts by itself after a stop; see signal(7). */
static const uint32_t restarted_calls[] = {
	SYS_futex,	   SYS_nanosleep,	SYS_clock_nanosleep, SYS_poll,
	SYS_ppoll,	   SYS_select,		SYS_pselect6,	     SYS_wait4,
	SYS_waitid,	   SYS_flock,		SYS_fcntl,	     SYS_pause,
	SYS_rt_sigsuspend, SYS_restart_syscall,
};

bool registers_may_stop(const struct target_thread *thread)
{
	for (size_t i = 0; i < ARRAY_LENGTH(restarted_calls); i++)
		if (thread->call == restarted_calls[i])
			return true;
	return thread->call == STATE_RUNS;
}

static void read_registers(struct target_thread *thread)
{
	struct user_regs_struct registers;
	struct iovec vector = {&registers, sizeof(registers)};

	if (ptrace(PTRACE_GETREGSET, thread->id, (void *)(uintptr_t)NT_PRSTATUS, &vector) == 0)
		target_set_registers(thread, &registers);
}

/* Threads that did not stop in time. */
static pid_t late[LATE_MAX];
static unsigned late_count;

/* The signal that @status tells of instead of our stop: the thread has not got it yet. */
static int signal_in_between(int status)
{
	return WIFSTOPPED(status) && status >> 16 != PTRACE_EVENT_STOP ? WSTOPSIG(status) : 0;
}

static bool await_stop(pid_t thread, unsigned pause_count, int *status)
{
	const struct timespec pause = {0, PAUSE_NS};

	for (unsigned i = 0; i <= pause_count; i++) {
		pid_t found = waitpid(thread, status, __WALL | WNOHANG);

		if (found == thread)
			return WIFSTOPPED(*status);
		if (found < 0 && errno != EINTR)
			return false;
		if (i < pause_count)
			(void)nanosleep(&pause, NULL);
	}
	if (pause_count && late_count < LATE_MAX)
		late[late_count++] = thread;
	return false;
}

static void let_go(pid_t thread, int status)
{
	(void)ptrace(PTRACE_DETACH, thread, NULL, (void *)(uintptr_t)signal_in_between(status));
}

/* What the stack has now, as far as it is used and up to a limit. */
static void copy_stack(struct target *target, const struct target_thread *thread)
{
	static unsigned char bytes[STACK_BYTES_MAX];
	uint64_t start = thread->registers[REGISTER_RSP];
	const struct target_range *range = target_find_range(target, start);
	uint64_t size_bytes = range ? range->end - start : 0;

	if (size_bytes > sizeof(bytes))
		size_bytes = sizeof(bytes);
	if (size_bytes && target_read(target, start, bytes, size_bytes))
		target->copy = (struct target_copy){bytes, start, size_bytes};
}

void registers_walk_stopped(struct target *target, struct unwinder *unwinder,
			    struct target_thread *thread)
{
	pid_t id = (pid_t)thread->id;
	int status;

	if (ptrace(PTRACE_SEIZE, id, NULL, NULL) != 0)
		return;
	if (ptrace(PTRACE_INTERRUPT, id, NULL, NULL) != 0 || !await_stop(id, PAUSES_MAX, &status))
		return;
	read_registers(thread);
	copy_stack(target, thread);
	let_go(id, status);
	/* Unwinding takes longer than that: the thread goes on meanwhile. */
	(void)unwinder_walk(unwinder, thread);
	target->copy = (struct target_copy){0};
}

void registers_release(void)
{
	int status;

	/* What still does not stop is let go by the kernel when we end. */
	for (; late_count; late_count--)
		if (await_stop(late[late_count - 1], 0, &status))
			let_go(late[late_count - 1], status);
}
