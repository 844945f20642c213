/*
 * Children by posix_spawn, posix_spawnp, system, popen and vfork: they run,
 * lock, are given the descriptors and the environment they should have, and
 * wait() sees them and nobody else.
 *
 * guest-bare: yes
 */
#include "../guest.h"

#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static atomic_int died_count;
static char own_path[4096];

static void on_child(int number)
{
	(void)number;
	atomic_fetch_add(&died_count, 1);
}

static int be_child(const char *what)
{
	CHECK_IS(pthread_mutex_lock(&mutex), 0);
	printf("child %s colour=%s\n", what, getenv("COLOUR") ? getenv("COLOUR") : "none");
	CHECK_IS(pthread_mutex_unlock(&mutex), 0);
	return 3;
}

static void check_posix_spawn(void)
{
	char name[] = "guest", what[] = "posix_spawn", colour[] = "COLOUR=blue";
	char *arguments[] = {name, what, NULL}, *environment[] = {colour, NULL};
	char *no_environment[] = {NULL};
	posix_spawn_file_actions_t actions;
	pid_t child;

	CHECK_IS(posix_spawn(&child, own_path, NULL, NULL, arguments, environment), 0);
	CHECK_IS(guest_wait_for(child), 3);
	CHECK_IS(posix_spawn(&child, own_path, NULL, NULL, arguments, no_environment), 0);
	CHECK_IS(guest_wait_for(child), 3);

	/* Every descriptor but the standard ones is closed in the child. */
	CHECK_IS(posix_spawn_file_actions_init(&actions), 0);
	CHECK_IS(posix_spawn_file_actions_addclosefrom_np(&actions, 3), 0);
	CHECK_IS(posix_spawnp(&child, own_path, &actions, NULL, arguments, environ), 0);
	CHECK_IS(guest_wait_for(child), 3);
	CHECK_IS(posix_spawn_file_actions_destroy(&actions), 0);
	CHECK_IS(posix_spawn(&child, "/nonexistent", NULL, NULL, arguments, environ), ENOENT);
}

static void check_shell(void)
{
	static char command[8192];
	char line[256];
	FILE *stream;
	int status;

	snprintf(command, sizeof(command), "'%s' system", own_path);
	status = system(command);
	CHECK(WIFEXITED(status));
	CHECK_IS(WEXITSTATUS(status), 3);
	CHECK(system(NULL) != 0);
	snprintf(command, sizeof(command), "env -i COLOUR=white '%s' env", own_path);
	CHECK_IS(WEXITSTATUS(system(command)), 3);

	snprintf(command, sizeof(command), "'%s' popen", own_path);
	stream = popen(command, "r");
	CHECK(stream != NULL);
	CHECK(fgets(line, sizeof(line), stream) != NULL);
	printf("read: %s", line);
	CHECK(fgets(line, sizeof(line), stream) == NULL);
	CHECK_IS(WEXITSTATUS(pclose(stream)), 3);
}

static void check_vfork(void)
{
	volatile int i;
	int status;
	pid_t child;

	for (i = 0; i < 20; i++) {
		child = vfork();
		if (!child)
			_exit(40 + i);
		CHECK_IS(guest_wait_for(child), 40 + i);
	}
	child = vfork();
	if (!child) {
		execl(own_path, "guest", "vfork", (char *)NULL);
		_exit(127);
	}
	CHECK_IS(guest_wait_for(child), 3);
	child = vfork();
	if (!child) {
		execl("/nonexistent", "guest", (char *)NULL);
		_exit(126);
	}
	CHECK_IS(guest_wait_for(child), 126);
	CHECK_IS(waitpid(-1, &status, WNOHANG), -1);
}

static void *do_all(void *unused)
{
	check_posix_spawn();
	check_shell();
	check_vfork();
	return unused;
}

int main(int count, char **arguments)
{
	struct sigaction action = {.sa_handler = on_child, .sa_flags = SA_RESTART};
	int status;

	if (count > 1)
		return be_child(arguments[1]);
	/* The guest prints before and after its children do. */
	setvbuf(stdout, NULL, _IOLBF, 0);
	CHECK(readlink("/proc/self/exe", own_path, sizeof(own_path) - 1) > 0);
	CHECK_FAILS(wait(&status), ECHILD);
	CHECK_IS(setenv("COLOUR", "red", 1), 0);
	CHECK_IS(sigaction(SIGCHLD, &action, NULL), 0);
	do_all(NULL);
	guest_run_in_thread(do_all, NULL);
	CHECK_FAILS(wait(&status), ECHILD);
	CHECK_FAILS(waitid(P_ALL, 0, NULL, WEXITED | WNOHANG), ECHILD);
	CHECK(atomic_load(&died_count) > 0);
	return guest_passed();
}
