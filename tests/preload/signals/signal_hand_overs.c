/*
 * Handlers are called as natively, with their arguments, mask and stack, and sigaction()
 * returns the program's own.  The sender happens before the handler: two locks in both
 * orders are at most a warning.
 *
 * snarl-expect: status=0 kinds=lock-order-inversion
 */
#include "../guest.h"

#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <sys/ucontext.h>

static pthread_mutex_t first = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t second = PTHREAD_MUTEX_INITIALIZER;
static volatile sig_atomic_t call_count, told_number, told_code, told_errno, was_blocked;
static volatile sig_atomic_t was_on_stack;
static char other_stack[1 << 16];
static sigjmp_buf back;
static sigset_t signals;
static atomic_int is_waiting;
static int number = 1;

static void count_up(int number)
{
	call_count = call_count + 1;
	told_number = number;
}

static void take_details(int number, siginfo_t *info, void *context)
{
	char here;
	sigset_t blocked;

	count_up(number);
	told_code = info->si_code;
	told_errno = errno;
	errno = EBADF;
	CHECK(((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP] != 0);
	CHECK_IS(pthread_sigmask(SIG_BLOCK, NULL, &blocked), 0);
	was_blocked = sigismember(&blocked, SIGUSR2) * 2 + sigismember(&blocked, number);
	was_on_stack = &here > other_stack && &here < other_stack + sizeof(other_stack);
}

static void leave_function(int number)
{
	count_up(number);
	siglongjmp(back, 1);
}

static void check_results(void)
{
	struct sigaction action = {.sa_sigaction = take_details,
				   .sa_flags = SA_SIGINFO | SA_ONSTACK};
	struct sigaction old;
	stack_t stack = {.ss_sp = other_stack, .ss_size = sizeof(other_stack)};

	CHECK_IS(sigaltstack(&stack, NULL), 0);
	sigemptyset(&action.sa_mask);
	sigaddset(&action.sa_mask, SIGUSR2);
	CHECK_IS(sigaction(SIGUSR1, &action, &old), 0);
	CHECK(old.sa_handler == SIG_DFL);
	CHECK_IS(sigaction(SIGUSR1, NULL, &old), 0);
	CHECK(old.sa_sigaction == take_details);
	CHECK_IS(old.sa_flags & (SA_SIGINFO | SA_ONSTACK), SA_SIGINFO | SA_ONSTACK);
	CHECK_IS(sigismember(&old.sa_mask, SIGUSR2), 1);
	errno = EDOM;
	CHECK_IS(raise(SIGUSR1), 0);
	CHECK_IS(told_errno, EDOM);
	CHECK_IS(call_count, 1);
	CHECK_IS(told_number, SIGUSR1);
	CHECK_IS(told_code, SI_TKILL);
	CHECK_IS(was_blocked, 3);
	CHECK_IS(was_on_stack, 1);
}

static void check_once_only(void)
{
	struct sigaction action = {.sa_handler = count_up, .sa_flags = SA_RESETHAND | SA_NODEFER};
	struct sigaction old;

	CHECK_IS(sigaction(SIGUSR1, &action, &old), 0);
	CHECK(old.sa_sigaction == take_details);
	CHECK_IS(kill(getpid(), SIGUSR1), 0);
	CHECK_IS(call_count, 2);
	CHECK_IS(sigaction(SIGUSR1, NULL, &old), 0);
	CHECK(old.sa_handler == SIG_DFL);
}

static void check_old_ways(void)
{
	CHECK(signal(SIGUSR1, count_up) == SIG_DFL);
	CHECK(signal(SIGUSR1, leave_function) == count_up);
	if (sigsetjmp(back, 1) == 0) {
		CHECK_IS(pthread_kill(pthread_self(), SIGUSR1), 0);
		CHECK_NOT_REACHED("the handler left by a jump");
	}
	CHECK_IS(call_count, 3);
	CHECK(signal(SIGUSR1, SIG_IGN) == leave_function);
	CHECK_IS(kill(getpid(), SIGUSR1), 0);
	CHECK(signal(SIGUSR1, SIG_DFL) == SIG_IGN);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
	CHECK(sigset(SIGUSR1, count_up) == SIG_DFL);
	CHECK(sigset(SIGUSR1, SIG_HOLD) == count_up);
	CHECK(sigset(SIGUSR1, SIG_DFL) == SIG_HOLD);
#pragma GCC diagnostic pop
	CHECK_FAILS(sigaction(SIGKILL, &(struct sigaction){.sa_handler = count_up}, NULL), EINVAL);
	CHECK_FAILS(sigaction(65, &(struct sigaction){.sa_handler = count_up}, NULL), EINVAL);
	CHECK_FAILS(sigaction(32, &(struct sigaction){.sa_handler = count_up}, NULL), EINVAL);
	CHECK(signal(SIGSTOP, count_up) == SIG_ERR);
}

/* A child that shares our memory sets its own handlers, not ours. */
static void check_vfork(void)
{
	struct sigaction old;
	pid_t child;

	CHECK(signal(SIGUSR1, count_up) == SIG_DFL);
	child = vfork();
	if (child == 0) {
		signal(SIGUSR1, leave_function);
		signal(SIGUSR1, SIG_DFL);
		_exit(0);
	}
	CHECK_IS(guest_wait_for(child), 0);
	CHECK_IS(sigaction(SIGUSR1, NULL, &old), 0);
	CHECK(old.sa_handler == count_up);
	CHECK_IS(raise(SIGUSR1), 0);
	CHECK_IS(call_count, 4);
}

static void take_both(pthread_mutex_t *outer, pthread_mutex_t *inner)
{
	CHECK_IS(pthread_mutex_lock(outer), 0);
	CHECK_IS(pthread_mutex_lock(inner), 0);
	CHECK_IS(pthread_mutex_unlock(inner), 0);
	CHECK_IS(pthread_mutex_unlock(outer), 0);
}

static void *run_receiver(void *argument)
{
	sigset_t none;

	(void)argument;
	sigemptyset(&none);
	atomic_store(&is_waiting, 1);
	while (call_count == 4)
		CHECK_FAILS(sigsuspend(&none), EINTR);
	number *= 3;
	take_both(&second, &first);
	return NULL;
}

static void *run_sender(void *argument)
{
	take_both(&first, &second);
	number += 2;
	CHECK_IS(pthread_kill(*(pthread_t *)argument, SIGUSR1), 0);
	return NULL;
}

int main(void)
{
	pthread_t receiver;

	check_results();
	check_once_only();
	check_old_ways();
	check_vfork();
	sigemptyset(&signals);
	sigaddset(&signals, SIGUSR1);
	CHECK_IS(pthread_sigmask(SIG_BLOCK, &signals, NULL), 0);
	receiver = guest_start(run_receiver, NULL);
	guest_run_in_thread(run_sender, &receiver);
	guest_join(receiver);
	CHECK_IS(call_count, 5);
	CHECK_IS(number, 9);
	return guest_passed();
}
