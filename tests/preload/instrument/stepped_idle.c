/*
 * A process changes a word after each instruction of another one, whose thread adds nothing to
 * it by a locked instruction: as if other threads stored there meanwhile.  That the word is
 * another one then does not say that their updates are lost.
 */
#include "../guest.h"

#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/ptrace.h>
#include <sys/resource.h>

#define STEPS_MOST 100000

/* One with each register, and one with a constant. */
#define EACH(kind)                                                                                 \
	kind(0, "addq", "rax", 0) kind(1, "subq", "rcx", 0) kind(2, "xaddq", "rdx", 0)             \
		kind(3, "xorq", "rbx", 0) kind(4, "orq", "rsi", 0) kind(5, "addq", "rdi", 0)       \
			kind(6, "xaddq", "r8", 0) kind(7, "subq", "r9", 0)                         \
				kind(8, "xorq", "r10", 0) kind(9, "orq", "r11", 0)                 \
					kind(10, "xaddq", "r12", 0) kind(11, "andq", "r13", -1)    \
						kind(12, "addq", "r14", 0)                         \
							kind(13, "andq", "r15", -1)

#define KIND_COUNT 16

static volatile long words[KIND_COUNT];
static volatile long nothing;

#define CHANGE(number, instruction, name, value)                                                   \
	static void change_##number(volatile long *word)                                           \
	{                                                                                          \
		__asm__ volatile("movq %1, %%" name "\n\tlock " instruction " %%" name ", %0"      \
				 : "+m"(*word)                                                     \
				 : "r"(nothing + (value))                                          \
				 : name, "cc", "memory");                                          \
	}
EACH(CHANGE)

static void change_by_constant(volatile long *word)
{
	__asm__ volatile("lock orq $0, %0" : "+m"(*word) : : "cc", "memory");
}

static void change_half(volatile long *word)
{
	__asm__ volatile("lock addl %k1, %k0" : "+m"(*word) : "r"(nothing + (1l << 32)) : "cc");
}

#define NAME(number, instruction, name, value) change_##number,

static void (*const changes[KIND_COUNT])(volatile long *) = {EACH(NAME) change_by_constant,
							     change_half};

/* --- Who changes nothing -------------------------------------------------------------- */

/* Whose turn it is, which the kernel alone knows: nothing orders the two threads. */
static long turn(void)
{
	struct rlimit limit;

	CHECK_IS(getrlimit(RLIMIT_LOCKS, &limit), 0);
	return (long)limit.rlim_cur;
}

static void await_turn(long number)
{
	while (turn() < number)
		sched_yield();
}

static void pass_turn(void)
{
	struct rlimit limit;

	CHECK_IS(getrlimit(RLIMIT_LOCKS, &limit), 0);
	limit.rlim_cur++;
	CHECK_IS(setrlimit(RLIMIT_LOCKS, &limit), 0);
}

/* What is behind each release is not known by who has seen what comes before it. */
static void *update(void *argument)
{
	for (int i = 0; i < KIND_COUNT; i++) {
		await_turn(2 * i + 1);
		pthread_mutex_lock(argument);
		pthread_mutex_unlock(argument);
		words[i]++;
		pass_turn();
	}
	return argument;
}

static int change_in_steps(void)
{
	struct rlimit limit;
	pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	pthread_t thread;

	CHECK_IS(getrlimit(RLIMIT_LOCKS, &limit), 0);
	limit.rlim_cur = 0;
	CHECK_IS(setrlimit(RLIMIT_LOCKS, &limit), 0);
	if (limit.rlim_max < 2 * KIND_COUNT)
		return GUEST_SKIPPED;
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
		return GUEST_SKIPPED;
	CHECK_IS(pthread_create(&thread, NULL, update, &lock), 0);
	for (int i = 0; i < KIND_COUNT; i++) {
		pass_turn();
		await_turn(2 * i + 2);
		raise(SIGUSR1);
		changes[i](&words[i]);
		raise(SIGUSR2);
	}
	CHECK_IS(pthread_join(thread, NULL), 0);
	return EXIT_SUCCESS;
}

/* --- Who stores meanwhile --------------------------------------------------------------- */

static int stop_of(pid_t pid)
{
	int status;

	CHECK_IS(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == GUEST_SKIPPED)
		exit(guest_skip("no process may be traced, or lock so little"));
	if (WIFEXITED(status))
		CHECK_IS(WEXITSTATUS(status), EXIT_SUCCESS);
	return WIFSTOPPED(status) ? WSTOPSIG(status) : 0;
}

static void store_after_each_step(pid_t pid, volatile long *word)
{
	for (long step = 1; step < STEPS_MOST; step++) {
		CHECK(ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL) == 0);
		if (stop_of(pid) == SIGUSR2)
			return;
		CHECK(ptrace(PTRACE_POKEDATA, pid, word, step) == 0);
	}
}

static void store_meanwhile(pid_t pid)
{
	int next = 0, signal;

	while ((signal = stop_of(pid)) != 0) {
		if (signal == SIGUSR1)
			store_after_each_step(pid, &words[next++]);
		CHECK(ptrace(PTRACE_CONT, pid, NULL, NULL) == 0);
	}
	CHECK_IS(next, KIND_COUNT);
}

int main(void)
{
	pid_t pid = fork();

	CHECK(pid >= 0);
	if (pid == 0)
		exit(change_in_steps());
	store_meanwhile(pid);
	return guest_passed();
}
