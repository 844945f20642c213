#include "command/run/launch.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
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

/* What the child needs, made before it is: until it executes the program it has our memory,
 * and we stand still. */
struct child {
	const struct launch *launch;
	char **environment;
	char **shell_arguments; /* to run it by a shell */
	struct signal_state before;
	pid_t parent;
	int problem; /* errno, if the program could not be executed */
};

/* Our library comes first: other libraries' wrappers could hide calls from ours. */
static char *make_preload(const struct launch *launch)
{
	const char *preload = getenv("LD_PRELOAD");
	bool is_alone = !preload || !*preload;
	char *line;

	return asprintf(&line, "LD_PRELOAD=%s%s%s", launch->library, is_alone ? "" : ":",
			is_alone ? "" : preload) < 0
		       ? NULL
		       : line;
}

static bool is_ours(const char *variable)
{
	return strncmp(variable, "LD_PRELOAD=", 11) == 0 ||
	       strncmp(variable, "SNARL_OPTIONS=", 14) == 0;
}

/* NULL: no memory. */
static char **make_environment(const struct launch *launch)
{
	char *settings = NULL, *preload = make_preload(launch);
	char **environment;
	size_t count = 0, kept = 0;

	while (environ[count])
		count++;
	environment = calloc(count + 3, sizeof(*environment));
	if (!environment || !preload ||
	    asprintf(&settings, "SNARL_OPTIONS=%s", launch->settings) < 0)
		return NULL;
	for (size_t i = 0; i < count; i++)
		if (!is_ours(environ[i]))
			environment[kept++] = environ[i];
	environment[kept++] = preload;
	environment[kept] = settings;
	return environment;
}

/* As execvp() has them for a text without a "#!" line.  NULL: no memory. */
static char **make_shell_arguments(const struct launch *launch)
{
	size_t count = 0;
	char **arguments;

	while (launch->argv[count])
		count++;
	arguments = calloc(count + 2, sizeof(*arguments));
	if (!arguments)
		return NULL;
	arguments[0] = strdup("/bin/sh");
	arguments[1] = strdup(launch->path);
	for (size_t i = 1; i < count; i++)
		arguments[i + 1] = launch->argv[i];
	return arguments;
}

/* In the child: executes the program. */
static void __attribute__((noreturn)) become_program(struct child *child)
{
	const struct launch *launch = child->launch;

	/* Nobody would see what the program does without us. */
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != child->parent)
		_exit(1);
	restore_signals(&child->before);
	(void)execve(launch->path, launch->argv, child->environment);
	if (errno == ENOEXEC && launch->wants_shell)
		(void)execve("/bin/sh", child->shell_arguments, child->environment);
	child->problem = errno;
	_exit(1);
}

int launch_start(const struct launch *launch, pid_t *pid)
{
	static struct child child;

	child = (struct child){
		.launch = launch,
		.environment = make_environment(launch),
		.shell_arguments = make_shell_arguments(launch),
		.parent = getpid(),
	};
	if (!child.environment || !child.shell_arguments)
		return ENOMEM;
	set_signals(&child.before);
	/* A copy of us would have each page that either of us writes to copied. */
	*pid = vfork();
	if (*pid == 0)
		become_program(&child);
	if (*pid < 0)
		return errno;
	if (child.problem)
		(void)waitpid(*pid, NULL, 0);
	return child.problem;
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

/* Has the program ended?  A thread that was asked to stop for a look at it, and had not stopped by
 * then, is let go; one that died before that would keep the program from ending. */
static bool has_ended(pid_t pid, int *wait_status)
{
	pid_t found;
	int status;

	while ((found = waitpid(-1, &status, WNOHANG | __WALL)) > 0) {
		int signal = status >> 16 == PTRACE_EVENT_STOP ? 0 : WSTOPSIG(status);

		if (WIFSTOPPED(status)) {
			(void)ptrace(PTRACE_DETACH, found, NULL, (void *)(uintptr_t)signal);
		} else if (found == pid) {
			*wait_status = status;
			return true;
		}
	}
	return false;
}

bool launch_wait(pid_t pid, uint64_t timeout_ms, int *wait_status)
{
	uint64_t deadline = timeout_ms ? now_ms() + timeout_ms : 0;

	for (;;) {
		siginfo_t signal;

		if (has_ended(pid, wait_status))
			return true;
		if (deadline && now_ms() >= deadline)
			return false;
		if (wait_for_signal(deadline, &signal) && is_to_pass_on(&signal))
			(void)kill(pid, signal.si_signo);
	}
}
