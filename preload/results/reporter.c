#define _GNU_SOURCE
#include "preload/results/reporter.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/kernel.h"
#include "options/options.h"
#include "preload/guest/environment.h"
#include "preload/guest/guest.h"
#include "preload/guest/text.h"

#define PATH_BYTES 4096
#define ARGUMENT_MAX 64
#define ARGUMENTS_BYTES (4 * PATH_BYTES)
#define NOT_STARTED 127
#define COPY_AT_LEAST 900 /* programs rarely use descriptors from here on */

static char command_path[PATH_BYTES];
static char start_folder[PATH_BYTES];
static char error_path[PATH_BYTES]; /* of standard error, if it has one */
static struct stat error_status;    /* of standard error at the beginning */
static long error_copy = -1;	    /* a duplicate of it */

/* --- The beginning ------------------------------------------------------------ */

/* The command may be in the build tree, installed (and moved), or where it was
 * configured to be. */
static void find_command(void)
{
	static const char *const places[] = {"/../snarl", "/../../bin/snarl", BINDIR "/snarl"};
	const char *library = environment_library();
	const char *slash = strrchr(library, '/');

	for (unsigned i = slash ? 0 : 2; i < ARRAY_LENGTH(places); i++) {
		struct text path = text_begin(command_path, sizeof(command_path));

		if (i < 2) {
			text_add(&path, library);
			path.length = (size_t)(slash - library);
		}
		text_add(&path, places[i]);
		if (environment_is_executable(command_path))
			return;
	}
	command_path[0] = '\0';
}

static bool is_error_output(long descriptor)
{
	struct stat status;

	return kernel_call2(SYS_fstat, descriptor, &status) == 0 &&
	       status.st_dev == error_status.st_dev && status.st_ino == error_status.st_ino &&
	       status.st_rdev == error_status.st_rdev;
}

/* Many programs close standard error at exit (gnulib's close_stdout). */
static void copy_error_output(void)
{
	error_copy = kernel_call3(SYS_fcntl, STDERR_FILENO, F_DUPFD_CLOEXEC, COPY_AT_LEAST);
	if (error_copy < 0)
		error_copy =
			kernel_call3(SYS_fcntl, STDERR_FILENO, F_DUPFD_CLOEXEC, COPY_AT_LEAST / 8);
}

void reporter_forked(void)
{
	/* Only the reporting process needs it; its reader sees no end of file while
	 * others have it. */
	if (error_copy >= 0 && is_error_output(error_copy))
		kernel_call1(SYS_close, error_copy);
	/* A write would copy its page. */
	if (error_copy >= 0)
		error_copy = -1;
}

void reporter_begin(void)
{
	long length;

	find_command();
	if (kernel_call2(SYS_getcwd, start_folder, sizeof(start_folder)) < 0)
		start_folder[0] = '\0';
	if (kernel_call2(SYS_fstat, STDERR_FILENO, &error_status) != 0)
		error_status = (struct stat){0};
	else
		copy_error_output();
	length = kernel_call4(SYS_readlinkat, AT_FDCWD, "/proc/self/fd/2", error_path,
			      sizeof(error_path) - 1);
	error_path[length > 0 ? length : 0] = '\0';
}

/* --- In the child ------------------------------------------------------------- */

/* Opens @path if it is the file that standard error was; less than 0 if not. */
static long open_error_output(const char *path)
{
	long file = kernel_call4(SYS_openat, AT_FDCWD, path, O_WRONLY | O_APPEND | O_NOCTTY, 0);

	if (file >= 0 && !is_error_output(file)) {
		kernel_call1(SYS_close, file);
		return -1;
	}
	return file;
}

/* A pipe cannot be opened by name, but the parent process often has it, too. */
static long open_parents_output(long parent)
{
	static const char *const descriptors[] = {"/fd/2", "/fd/1"};
	char path[64];
	long file = -1;

	for (unsigned i = 0; i < ARRAY_LENGTH(descriptors) && file < 0; i++) {
		struct text text = text_begin(path, sizeof(path));

		text_add(&text, "/proc/");
		text_add_number(&text, (uint64_t)parent);
		text_add(&text, descriptors[i]);
		file = open_error_output(path);
	}
	return file;
}

/* Opens descriptors 0 to 2, so that no file of the reporter gets one of them. */
static void fill_descriptors(void)
{
	long file;

	do
		file = kernel_call4(SYS_openat, AT_FDCWD, "/dev/null", O_RDWR, 0);
	while (file >= 0 && file <= STDERR_FILENO);
	if (file >= 0)
		kernel_call1(SYS_close, file);
}

/* Gives the reporter the standard error that the program had at its beginning. */
static void restore_error_output(long parent)
{
	long file;

	if (is_error_output(STDERR_FILENO))
		return;
	file = error_copy >= 0 && is_error_output(error_copy) ? error_copy
							       : open_error_output(error_path);
	if (file < 0)
		file = open_parents_output(parent);
	/* Else it gets none: the descriptor may be a file of the program by now. */
	if (file < 0)
		file = kernel_call4(SYS_openat, AT_FDCWD, "/dev/null", O_WRONLY, 0);
	if (file >= 0 && file != STDERR_FILENO) {
		kernel_call3(SYS_dup3, file, STDERR_FILENO, 0);
		kernel_call1(SYS_close, file);
	}
}

static void restore_signals(void)
{
	static const int signals[] = {SIGCHLD, SIGPIPE, SIGXFSZ};

	for (unsigned i = 0; i < ARRAY_LENGTH(signals); i++) {
		uint64_t action[4] = {0}; /* SIG_DFL */

		kernel_call4(SYS_rt_sigaction, signals[i], action, NULL, sizeof(uint64_t));
	}
}

/* Undoes what the program set for itself: limits, working directory, signal mask. */
static void restore_state(void)
{
	static const int limits[] = {RLIMIT_AS, RLIMIT_DATA, RLIMIT_FSIZE, RLIMIT_NOFILE,
				     RLIMIT_STACK, RLIMIT_CPU};
	uint64_t none = 0;

	for (unsigned i = 0; i < ARRAY_LENGTH(limits); i++) {
		struct rlimit limit;

		if (kernel_call4(SYS_prlimit64, 0, limits[i], NULL, &limit) != 0)
			continue;
		limit.rlim_cur = limit.rlim_max;
		kernel_call4(SYS_prlimit64, 0, limits[i], &limit, NULL);
	}
	if (*start_folder)
		kernel_call1(SYS_chdir, start_folder);
	kernel_call4(SYS_rt_sigprocmask, SIG_SETMASK, &none, NULL, sizeof(none));
}

/* --- Its arguments and environment ---------------------------------------------- */

struct arguments {
	const char *list[ARGUMENT_MAX];
	unsigned count;
	struct text text; /* all of them, each with its zero */
};

static void add_argument(struct arguments *arguments, const char *first, const char *second,
			 const char *third)
{
	struct text *text = &arguments->text;

	if (arguments->count >= ARGUMENT_MAX - 1)
		return;
	arguments->list[arguments->count++] = text->buffer + text->length;
	text_add(text, first);
	text_add(text, second);
	text_add(text, third);
	/* Go on after its zero. */
	if (text->length + 2 < text->size_bytes)
		text->buffer[++text->length] = '\0';
}

/* Copies a file name; %p in it becomes the pid of the reporting process. */
static void expand_pid(char *to, size_t size_bytes, const char *from)
{
	struct text text = text_begin(to, size_bytes);
	char piece[2] = {0};

	for (; *from; from++) {
		if (from[0] == '%' && from[1] == 'p') {
			text_add_number(&text, guest_options.reporter);
			from++;
			continue;
		}
		piece[0] = *from;
		text_add(&text, piece);
	}
}

/* Adds @value behind the '=' of the last argument. */
static void add_value(struct arguments *arguments, const char *value)
{
	arguments->text.length--;
	text_add(&arguments->text, value);
	arguments->text.buffer[++arguments->text.length] = '\0';
}

static void add_list(struct arguments *arguments, const char *key, const struct option_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		add_argument(arguments, "--", key, "=");
		add_value(arguments, list->values[i]);
	}
}

/* Adds an option that the reporter has, too. */
static void add_option(struct arguments *arguments, const struct option_row *row)
{
	static char value[2 * PATH_BYTES];
	const void *field = (const char *)&guest_options + row->offset;
	char *equals;

	switch (row->kind) {
	case OPTION_FLAG:
		if (*(const uint64_t *)field)
			add_argument(arguments, "--", row->key, "");
		return;
	case OPTION_TEXT:
		expand_pid(value, sizeof(value), *(const char *const *)field);
		add_argument(arguments, "--", row->key, "=");
		break;
	case OPTION_LIST:
		add_list(arguments, row->key, field);
		return;
	case OPTION_CHOICE:
	case OPTION_NUMBER:
	case OPTION_SECONDS:
	case OPTION_KINDS:
		if (!options_write(&guest_options, row, value, sizeof(value)))
			return;
		equals = strchr(value, '=');
		memmove(value, equals + 1, strlen(equals));
		add_argument(arguments, "--", row->key, "=");
		break;
	}
	add_value(arguments, value);
}

static void add_options(struct arguments *arguments)
{
	for (unsigned i = 0; i < OPTION_COUNT; i++)
		if ((option_rows[i].where & IN_REPORT) && !(option_rows[i].where & INTERNAL) &&
		    options_is_set(&guest_options, (enum option_id)i))
			add_option(arguments, &option_rows[i]);
}

/* The reporter gets only the variables for paths, language and terminal. */
static void choose_environment(const char **list, unsigned size)
{
	static const char *const wanted[] = {"PATH=", "HOME=", "TERM=", "TMPDIR=", "LANG=",
					     "LC_ALL=", "NO_COLOR=", "COLUMNS=",
					     "DEBUGINFOD_URLS=", "XDG_CACHE_HOME="};
	unsigned count = 0;

	for (char **variable = environ; variable && *variable && count < size - 1; variable++)
		for (unsigned i = 0; i < ARRAY_LENGTH(wanted); i++)
			if (strncmp(*variable, wanted[i], strlen(wanted[i])) == 0)
				list[count++] = *variable;
	list[count] = NULL;
}

static void become_reporter(const char *path, long parent)
{
	static char buffer[ARGUMENTS_BYTES];
	static struct arguments arguments;
	const char *environment[ARGUMENT_MAX];

	fill_descriptors();
	restore_error_output(parent);
	restore_state();
	arguments.count = 0;
	arguments.text = text_begin(buffer, sizeof(buffer));
	add_argument(&arguments, command_path, "", "");
	add_argument(&arguments, "report", "", "");
	add_options(&arguments);
	add_argument(&arguments, "--", "", "");
	add_argument(&arguments, path, "", "");
	arguments.list[arguments.count] = NULL;
	choose_environment(environment, ARRAY_LENGTH(environment));
	kernel_call3(SYS_execve, command_path, arguments.list, environment);
	kernel_call1(SYS_exit_group, NOT_STARTED);
}

/* --- In the program's process ----------------------------------------------------- */

static int wait_for(long child, int flags)
{
	int status = 0;
	long result;

	do
		result = kernel_call4(SYS_wait4, child, &status, flags, NULL);
	while (result == -4 /* EINTR */);
	return result == child && WIFEXITED(status) ? WEXITSTATUS(status) : NOT_STARTED;
}

/* Runs in a child without an exit signal.  It forks again, as execve() would
 * set the exit signal to SIGCHLD. */
static void start_reporter(const char *path, long parent)
{
	long child;

	restore_signals();
	child = kernel_call6(SYS_clone, SIGCHLD, 0, 0, 0, 0, 0);
	if (child == 0)
		become_reporter(path, parent);
	kernel_call1(SYS_exit_group, child < 0 ? NOT_STARTED : wait_for(child, 0));
}

enum reporter_result reporter_run(const char *path)
{
	long parent = kernel_call0(SYS_getppid);
	long child;
	int status;

	if (!*command_path)
		return REPORTER_FAILED;
	child = kernel_call6(SYS_clone, 0, 0, 0, 0, 0, 0);
	if (child == 0)
		start_reporter(path, parent);
	if (child < 0)
		return REPORTER_FAILED;
	status = wait_for(child, __WCLONE);
	if (status == (int)guest_options.exit_code && status != 0)
		return REPORTER_COUNTS;
	return status == 0 ? REPORTER_SILENT : REPORTER_FAILED;
}
