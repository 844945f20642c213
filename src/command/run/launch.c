#include "command/run/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* The signal settings that we found; the program gets them back. */
struct signal_state {
	sigset_t mask;
	struct sigaction child;
	struct sigaction pipe;
	struct sigaction file_size;
};

static void set_action(int number, void (*handler)(int), struct sigaction *before)
{
	struct sigaction action = {.sa_handler = handler};

	(void)sigaction(number, &action, before);
}

/* The signals that launch_wait() waits for. */
static sigset_t awaited_signals(void)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGCHLD);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGQUIT);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGHUP);
	(void)sigaddset(&set, SIGUSR1);
	(void)sigaddset(&set, SIGUSR2);
	return set;
}

static void set_signals(struct signal_state *before)
{
	sigset_t set = awaited_signals();

	(void)sigprocmask(SIG_BLOCK, &set, &before->mask);
	/* If SIGCHLD is ignored the wait status of a child is lost. */
	set_action(SIGCHLD, SIG_DFL, &before->child);
	/* Failed writes are errors to report; they must not kill us. */
	set_action(SIGPIPE, SIG_IGN, &before->pipe);
	set_action(SIGXFSZ, SIG_IGN, &before->file_size);
}

static void restore_signals(const struct signal_state *before)
{
	(void)sigaction(SIGCHLD, &before->child, NULL);
	(void)sigaction(SIGPIPE, &before->pipe, NULL);
	(void)sigaction(SIGXFSZ, &before->file_size, NULL);
	(void)sigprocmask(SIG_SETMASK, &before->mask, NULL);
}

/* Our library comes first: other libraries' wrappers could hide calls from ours. */
static bool set_environment(const struct launch *launch)
{
	const char *preload = getenv("LD_PRELOAD");
	char *list;
	int length;

	if (preload && *preload)
		length = asprintf(&list, "%s:%s", launch->library, preload);
	else
		length = asprintf(&list, "%s", launch->library);
	return length >= 0 && setenv("LD_PRELOAD", list, 1) == 0 &&
	       setenv("SNARL_OPTIONS", launch->settings, 1) == 0;
}

/* As execvp() does for a text without a "#!" line. */
static void execute_by_shell(const struct launch *launch)
{
	size_t count = 0;
	char **arguments;

	while (launch->argv[count])
		count++;
	arguments = calloc(count + 2, sizeof(*arguments));
	if (!arguments)
		return;
	arguments[0] = strdup("/bin/sh");
	arguments[1] = strdup(launch->path);
	for (size_t i = 1; i < count; i++)
		arguments[i + 1] = launch->argv[i];
	(void)execv("/bin/sh", arguments);
}

/* In the child: nobody would see what the program does without @parent. */
static void end_with(pid_t parent)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
}

/* In the child: executes the program, or sends errno to the parent. */
static void __attribute__((noreturn)) become_program(const struct launch *launch, int pipe_end)
{
	int problem;

	if (set_environment(launch)) {
		(void)execv(launch->path, launch->argv);
		if (errno == ENOEXEC && launch->wants_shell)
			execute_by_shell(launch);
	}
	problem = errno;
	/* Without a message the parent believes that exec succeeded. */
	while (write(pipe_end, &problem, sizeof(problem)) < 0 && errno == EINTR)
		;
	_exit(1);
}

/* The errno of the child; 0 if exec succeeded, as that closes the pipe. */
static int receive_problem(int pipe_end)
{
	int problem = 0;
	ssize_t size;

	do
		size = read(pipe_end, &problem, sizeof(problem));
	while (size < 0 && errno == EINTR);
	return size == sizeof(problem) ? problem : 0;
}

int launch_start(const struct launch *launch, pid_t *pid)
{
	struct signal_state before;
	pid_t parent;
	int ends[2];
	int problem;

	if (pipe2(ends, O_CLOEXEC))
		return errno;
	set_signals(&before);
	parent = getpid();
	*pid = fork();
	if (*pid == 0) {
		end_with(parent);
		restore_signals(&before);
		become_program(launch, ends[1]);
	}
	problem = *pid < 0 ? errno : 0;
	(void)close(ends[1]);
	if (!problem)
		problem = receive_problem(ends[0]);
	(void)close(ends[0]);
	if (problem && *pid > 0)
		(void)waitpid(*pid, NULL, 0);
	return problem;
}

static uint64_t now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Waits for one awaited signal; false if none came by @deadline_ms (0: none). */
static bool wait_for_signal(uint64_t deadline_ms, siginfo_t *signal)
{
	sigset_t set = awaited_signals();
	uint64_t now = now_ms();
	uint64_t left = deadline_ms > now ? deadline_ms - now : 0;
	struct timespec span = {(time_t)(left / 1000), (long)(left % 1000) * 1000000};

	return sigtimedwait(&set, signal, deadline_ms ? &span : NULL) > 0;
}

/* A signal from another process is meant for the program; the kernel sends its own to
 * the whole process group. */
static bool is_to_pass_on(const siginfo_t *signal)
{
	return signal->si_signo != SIGCHLD && signal->si_code != SI_KERNEL;
}

bool launch_wait(pid_t pid, uint64_t timeout_ms, int *wait_status)
{
	uint64_t deadline = timeout_ms ? now_ms() + timeout_ms : 0;

	for (;;) {
		siginfo_t signal;

		if (waitpid(pid, wait_status, WNOHANG) == pid)
			return true;
		if (deadline && now_ms() >= deadline)
			return false;
		if (wait_for_signal(deadline, &signal) && is_to_pass_on(&signal))
			(void)kill(pid, signal.si_signo);
	}
}
