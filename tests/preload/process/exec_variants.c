/*
 * Each function of the exec family, with an environment inherited, built by
 * the program or empty.  The new program says what arguments and environment
 * it was given; what the loader needs is not counted.
 *
 * guest-bare: yes
 */
#include "../guest.h"

static char own_path[4096];
static const char *directory, *base_name;

enum variant {
	BY_EXECV,
	BY_EXECVE,
	BY_EXECVE_EMPTY,
	BY_EXECVP,
	BY_EXECVPE,
	BY_EXECL,
	BY_EXECLE,
	BY_EXECLP,
	BY_FEXECVE,
	BY_EXECVEAT,
	BY_CLEARENV,
	BY_NULL_ENVIRON,
	BY_OWN_ENVIRON,
	VARIANT_COUNT
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static int is_of_the_tool(const char *variable)
{
	return !strncmp(variable, "LD_PRELOAD=", 11) || !strncmp(variable, "SNARL", 5);
}

/* What the re-executed program does. */
static int say_what_was_given(int count, char **arguments)
{
	int i, variable_count = 0;

	CHECK_IS(pthread_mutex_lock(&mutex), 0);
	printf("%s:", arguments[1]);
	for (i = 2; i < count; i++)
		printf(" [%s]", arguments[i]);
	printf(" colour=%s", getenv("COLOUR") ? getenv("COLOUR") : "none");
	for (i = 0; environ && environ[i]; i++)
		variable_count += !is_of_the_tool(environ[i]);
	/* The inherited environment is whatever the test was started in. */
	if (variable_count < 2)
		printf(" variables=%d", variable_count);
	putchar('\n');
	CHECK_IS(pthread_mutex_unlock(&mutex), 0);
	return 7;
}

static void execute_again(enum variant variant)
{
	char number[8], blank[] = "", words[] = "two words", green[] = "COLOUR=green";
	char *arguments[] = {own_path, number, words, blank, NULL};
	char *green_environment[] = {green, NULL}, *no_environment[] = {NULL};

	snprintf(number, sizeof(number), "%d", (int)variant);
	switch (variant) {
	case BY_EXECV:
		execv(own_path, arguments);
		break;
	case BY_EXECVE:
		execve(own_path, arguments, green_environment);
		break;
	case BY_EXECVE_EMPTY:
		execve(own_path, arguments, no_environment);
		break;
	case BY_EXECVP:
		execvp(base_name, arguments);
		break;
	case BY_EXECVPE:
		execvpe(base_name, arguments, green_environment);
		break;
	case BY_EXECL:
		execl(own_path, own_path, number, words, (char *)NULL);
		break;
	case BY_EXECLE:
		execle(own_path, own_path, number, words, "3", "4", "5", "6", "7", (char *)NULL,
		       green_environment);
		break;
	case BY_EXECLP:
		execlp(base_name, own_path, number, (char *)NULL);
		break;
	case BY_FEXECVE:
		fexecve(open(own_path, O_RDONLY), arguments, green_environment);
		break;
	case BY_EXECVEAT:
		execveat(open(directory, O_PATH | O_DIRECTORY), base_name, arguments,
			 green_environment, 0);
		break;
	case BY_CLEARENV:
		clearenv();
		execv(own_path, arguments);
		break;
	case BY_NULL_ENVIRON:
		environ = NULL;
		execv(own_path, arguments);
		break;
	case BY_OWN_ENVIRON:
		environ = green_environment;
		execvp(own_path, arguments);
		break;
	case VARIANT_COUNT:
		break;
	}
	CHECK_NOT_REACHED("exec failed");
}

static void check_failures(void)
{
	char *arguments[] = {own_path, NULL};

	CHECK_FAILS(execv("/nonexistent/program", arguments), ENOENT);
	CHECK_FAILS(execve("/proc/self/status", arguments, environ), EACCES);
	CHECK_FAILS(execl("/", "/", (char *)NULL), EACCES);
	CHECK_FAILS(execvp("no-such-program-in-path", arguments), ENOENT);
	CHECK_FAILS(fexecve(-1, arguments, environ), EINVAL);
}

static void find_own_path(void)
{
	static char directory_path[4096];
	ssize_t length = readlink("/proc/self/exe", own_path, sizeof(own_path) - 1);
	char *slash;

	CHECK(length > 0);
	memcpy(directory_path, own_path, sizeof(own_path));
	slash = strrchr(directory_path, '/');
	*slash = '\0';
	directory = directory_path;
	base_name = own_path + (slash - directory_path) + 1;
	CHECK_IS(setenv("PATH", directory, 1), 0);
}

int main(int count, char **arguments)
{
	int variant;
	pid_t child;

	if (count > 1)
		return say_what_was_given(count, arguments);
	find_own_path();
	check_failures();
	for (variant = 0; variant < VARIANT_COUNT; variant++) {
		child = fork();
		if (!child)
			execute_again((enum variant)variant);
		CHECK_IS(guest_wait_for(child), 7);
	}
	guest_passed();
	fflush(stdout);
	/* Not only children: the process itself becomes the last one. */
	execute_again(BY_EXECVE_EMPTY);
}
