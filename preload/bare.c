#define _GNU_SOURCE
#include "preload/bare.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/atomic.h"
#include "base/kernel.h"
#include "event/finding.h"
#include "preload/guest.h"
#include "preload/sink.h"

#define PATH_BYTES 4096

static bool is_bare;
static long reporter_pid; /* the process that made the results file */
static char results_path[PATH_BYTES];
static char command_path[PATH_BYTES];

void bare_say(const char *text)
{
	static const char prefix[] = "snarl: ";
	char line[512];
	size_t length = strlen(text);

	if (length > sizeof(line) - sizeof(prefix) - 1)
		length = sizeof(line) - sizeof(prefix) - 1;
	memcpy(line, prefix, sizeof(prefix) - 1);
	memcpy(line + sizeof(prefix) - 1, text, length);
	line[sizeof(prefix) - 1 + length] = '\n';
	kernel_call3(SYS_write, 2, line, sizeof(prefix) + length);
}

bool bare_read_options(void)
{
	struct options_error error;
	char line[400];

	options_init(&guest_options);
	if (options_parse(&guest_options, getenv("SNARL_OPTIONS"), &error))
		return true;
	options_describe_error(&error, line, sizeof(line));
	bare_say(line);
	return false;
}

static size_t append(char *to, size_t at, const char *text)
{
	size_t length = strlen(text);

	if (at + length >= PATH_BYTES)
		return at;
	memcpy(to + at, text, length + 1);
	return at + length;
}

static size_t append_number(char *to, size_t at, uint64_t number)
{
	char digits[24];
	size_t first = sizeof(digits) - 1;

	digits[first] = '\0';
	do
		digits[--first] = (char)('0' + number % 10);
	while (number /= 10);
	return append(to, at, digits + first);
}

/* Beside the library in the build tree, or installed. */
static void find_command(void)
{
	static const char *const places[] = {"/../snarl", "/../../bin/snarl"};
	Dl_info self;
	char *slash;
	size_t length;

	if (!dladdr((void *)(uintptr_t)find_command, &self) || !self.dli_fname)
		return;
	length = append(command_path, 0, self.dli_fname);
	slash = strrchr(command_path, '/');
	if (!length || !slash)
		return;
	for (unsigned i = 0; i < ARRAY_LENGTH(places); i++) {
		append(command_path, (size_t)(slash - command_path), places[i]);
		if (kernel_call3(SYS_faccessat, AT_FDCWD, command_path, 1 /* X_OK */) == 0)
			return;
	}
	command_path[0] = '\0';
}

bool bare_begin(const char **why)
{
	const char *directory = getenv("TMPDIR");
	size_t at = append(results_path, 0, directory && *directory ? directory : "/tmp");

	is_bare = true;
	reporter_pid = kernel_call0(SYS_getpid);
	at = append(results_path, at, "/snarl-");
	at = append_number(results_path, at, (uint64_t)reporter_pid);
	append(results_path, at, ".snarl");
	find_command();
	return sink_create(results_path, why);
}

bool bare_is_reporter(void)
{
	return is_bare && kernel_call0(SYS_getpid) == reporter_pid;
}

/* In the child: no LD_PRELOAD, and the report on standard error. */
static void become_reporter(void)
{
	char exit_code[64] = "--exit-code=";
	char *arguments[] = {command_path, (char[]){"report"}, exit_code, results_path, NULL};
	char *environment[] = {NULL};

	append_number(exit_code, strlen(exit_code), guest_options.exit_code);
	kernel_call3(SYS_execve, command_path, arguments, environment);
	kernel_call1(SYS_exit_group, 127);
}

/* Starts the reporter as a child without an exit signal, which the program's
 * wait() and SIGCHLD never see.  Returns its wait status. */
static int run_reporter(void)
{
	int status = 0;
	long child = kernel_call6(SYS_clone, 0, 0, 0, 0, 0, 0);

	if (child == 0)
		become_reporter();
	if (child < 0)
		return -1;
	while (kernel_call4(SYS_wait4, child, &status, __WCLONE, 0) == -4 /* EINTR */)
		;
	return status;
}

int bare_report(int status)
{
	int reported;

	if (!command_path[0]) {
		bare_say("the snarl command was not found beside the library; see the results file");
		return status;
	}
	reported = run_reporter();
	kernel_call3(SYS_unlinkat, AT_FDCWD, results_path, 0);
	if (reported >= 0 && WIFEXITED(reported) &&
	    WEXITSTATUS(reported) == (int)guest_options.exit_code)
		return (int)guest_options.exit_code;
	return status;
}

void bare_exit(int status)
{
	int replaced;

	/* The program's own output comes first. */
	fflush(NULL);
	replaced = bare_report(status);
	if (replaced != status)
		kernel_call1(SYS_exit_group, replaced);
}
