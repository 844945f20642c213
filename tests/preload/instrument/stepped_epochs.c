/*
 * Two signals come amid a write with which an epoch begins: the handler of the first makes the
 * same write, after each instruction in turn, and the other comes some instructions after it.
 * No signal stays blocked, though there may be nothing left to do for the write.
 *
 * guest-timeout: 120
 */
#include "stepped.h"

#include <sys/user.h>

#define WARM_ROUNDS 100 /* the first accesses of each line keep their callers */
#define WRITING SIGALRM
#define LATER SIGWINCH
#define LATER_MOST 2 /* instructions */

extern const char write_begins[], write_ended[];
static volatile long is_over; /* set by who looks */
static long written;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* --- Who writes --------------------------------------------------------------------- */

static __attribute__((noinline)) void write_word(long value)
{
	*(volatile long *)&written = value;
}

static void write_too(int signal)
{
	(void)signal;
	write_word(1);
	__asm__ volatile("int3");
}

static void ignore(int signal)
{
	(void)signal;
}

static void end_epoch(void)
{
	pthread_mutex_lock(&lock);
	pthread_mutex_unlock(&lock);
}

static int write_in_steps(void)
{
	pthread_t second;

	if (!stepped_begin(&second))
		return GUEST_SKIPPED;
	signal(WRITING, write_too);
	signal(LATER, ignore);
	for (int i = 0; i < WARM_ROUNDS; i++) {
		end_epoch();
		write_word(i);
	}
	while (!is_over) {
		end_epoch();
		__asm__ volatile("int3\n.globl write_begins\nwrite_begins:");
		write_word(0);
		__asm__ volatile("int3\n.globl write_ended\nwrite_ended:");
	}
	stepped_end(second);
	return EXIT_SUCCESS;
}

/* --- Who looks ---------------------------------------------------------------------- */

static uintptr_t place_of(pid_t pid)
{
	struct user_regs_struct registers;

	CHECK(ptrace(PTRACE_GETREGS, pid, NULL, &registers) == 0);
	return registers.rip;
}

/* It goes on to its next stop but those for signals that had to wait, and are sent again. */
static void go_on(pid_t pid, int signal)
{
	do {
		CHECK(ptrace(PTRACE_CONT, pid, NULL, signal) == 0);
		signal = stepped_stop(pid);
	} while (signal == WRITING || signal == LATER);
	CHECK_IS(signal, SIGTRAP);
}

/* So many instructions.  False: it has come to the end of the write. */
static bool step(pid_t pid, int count)
{
	for (; count; count--) {
		CHECK(ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL) == 0);
		CHECK_IS(stepped_stop(pid), SIGTRAP);
		if (place_of(pid) == (uintptr_t)write_ended)
			return false;
	}
	return true;
}

/* It goes on to @place, or to the end of the write: false. */
static bool go_to(pid_t pid, uintptr_t place)
{
	struct user_regs_struct registers;
	uint64_t code;

	CHECK(stepped_peek(pid, place, &code));
	CHECK(ptrace(PTRACE_POKETEXT, pid, place, (code & ~0xfful) | 0xcc) == 0);
	go_on(pid, 0);
	CHECK(ptrace(PTRACE_POKETEXT, pid, place, code) == 0);
	CHECK(ptrace(PTRACE_GETREGS, pid, NULL, &registers) == 0);
	if (registers.rip == (uintptr_t)write_ended)
		return false;
	CHECK(--registers.rip == place);
	CHECK(ptrace(PTRACE_SETREGS, pid, NULL, &registers) == 0);
	return true;
}

/* The first handler writes, and comes back. */
static bool write_meanwhile(pid_t pid)
{
	uintptr_t place = place_of(pid);

	go_on(pid, WRITING);
	return go_to(pid, place);
}

static void check_mask(pid_t pid)
{
	char line[256];
	FILE *file;

	snprintf(line, sizeof(line), "/proc/%d/status", (int)pid);
	file = fopen(line, "re");
	CHECK(file != NULL);
	while (fgets(line, sizeof(line), file))
		if (!strncmp(line, "SigBlk:", 7))
			CHECK_IS(strtoull(line + 7, NULL, 16), 0);
	fclose(file);
}

/* False: the write has ended before. */
static bool interrupt_write(pid_t pid, int steps, int later)
{
	CHECK(place_of(pid) == (uintptr_t)write_begins);
	if (!step(pid, steps))
		return false;
	if (write_meanwhile(pid) && step(pid, later))
		go_on(pid, LATER);
	check_mask(pid);
	return true;
}

int main(void)
{
	pid_t pid = fork();
	int count = 0;

	CHECK(pid >= 0);
	if (pid == 0)
		exit(write_in_steps());
	CHECK_IS(stepped_stop(pid), SIGTRAP);
	while (interrupt_write(pid, count / LATER_MOST, 1 + count % LATER_MOST)) {
		count++;
		go_on(pid, 0);
	}
	CHECK(ptrace(PTRACE_POKEDATA, pid, &is_over, 1) == 0);
	CHECK(ptrace(PTRACE_CONT, pid, NULL, NULL) == 0);
	CHECK_IS(stepped_stop(pid), 0);
	return guest_passed();
}
