/*
 * Updates that fault: a signal comes after some of the instructions before the fault, in turn.
 * It is handled and no signal stays blocked, also if it came amid the check of the update, which
 * the fault has ended.
 */
#include "stepped.h"

#include <sys/mman.h>

#define WARM_ROUNDS 100 /* the first accesses of each line keep their callers */
#define PAGE 4096
#define STEPPED SIGTRAP
#define INTERRUPTING SIGALRM

static volatile long is_over; /* set by who looks */
static volatile sig_atomic_t interrupted_count, fault_count;
static long *page;

/* --- Who faults --------------------------------------------------------------------- */

static __attribute__((noinline)) void update(void)
{
	*(volatile long *)page += 1;
}

static __attribute__((noinline)) void update_by_locked(void)
{
	__atomic_fetch_add(page, 1, __ATOMIC_SEQ_CST);
}

static void interrupt(int signal)
{
	(void)signal;
	interrupted_count++;
}

static void mend(int signal)
{
	(void)signal;
	fault_count++;
	CHECK_IS(mprotect(page, PAGE, PROT_READ | PROT_WRITE), 0);
}

static void check_mask(void)
{
	sigset_t blocked;

	CHECK_IS(pthread_sigmask(SIG_BLOCK, NULL, &blocked), 0);
	for (int signal = 1; signal < 32; signal++)
		CHECK_IS(sigismember(&blocked, signal), 0);
}

static int fault_in_steps(void (*change)(void))
{
	pthread_t second;
	int rounds = 0;

	if (!stepped_begin(&second))
		return GUEST_SKIPPED;
	signal(INTERRUPTING, interrupt);
	signal(SIGSEGV, mend);
	page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (int i = 0; i < WARM_ROUNDS; i++)
		change();
	for (; !is_over; rounds++) {
		CHECK_IS(mprotect(page, PAGE, PROT_NONE), 0);
		__asm__ volatile("int3");
		change();
		CHECK_IS(fault_count, rounds + 1);
		check_mask();
		CHECK_IS(interrupted_count, rounds + !is_over);
	}
	stepped_end(second);
	return EXIT_SUCCESS;
}

/* --- Who looks ---------------------------------------------------------------------- */

/* Interrupts it after so many steps; false: it has faulted before. */
static bool interrupt_after(pid_t pid, int steps)
{
	for (; steps; steps--) {
		CHECK(ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL) == 0);
		if (stepped_stop(pid) == SIGSEGV)
			return false;
	}
	CHECK(ptrace(PTRACE_CONT, pid, NULL, INTERRUPTING) == 0);
	return true;
}

static void interrupt_changes(void (*change)(void))
{
	pid_t pid = fork();
	int steps = 0;
	int signal;

	CHECK(pid >= 0);
	if (pid == 0)
		exit(fault_in_steps(change));
	while ((signal = stepped_stop(pid)) != 0) {
		if (signal != STEPPED) {
			/* It is sent again if the handler has to wait. */
			CHECK(ptrace(PTRACE_CONT, pid, NULL, signal) == 0);
		} else if (interrupt_after(pid, steps)) {
			steps += 1 + steps / 16;
		} else {
			CHECK(ptrace(PTRACE_POKEDATA, pid, &is_over, 1) == 0);
			CHECK(ptrace(PTRACE_CONT, pid, NULL, SIGSEGV) == 0);
		}
	}
}

int main(void)
{
	interrupt_changes(update);
	interrupt_changes(update_by_locked);
	return guest_passed();
}
