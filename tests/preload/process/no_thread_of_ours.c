/*
 * The process has the threads that the program made and no other: counted in
 * /proc, and by unshare(CLONE_NEWUSER), which is refused to a threaded one.
 * Nor has it children, and its name, arguments and place are its own.
 *
 * guest-bare: yes
 */
#include "../guest.h"

#include <dirent.h>
#include <sys/prctl.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static int count_threads(void)
{
	struct dirent *entry;
	DIR *tasks = opendir("/proc/self/task");
	int count = 0;

	CHECK(tasks != NULL);
	while ((entry = readdir(tasks)))
		count += entry->d_name[0] != '.';
	closedir(tasks);
	return count;
}

static void print_threads_line(void)
{
	char line[256];
	FILE *file = fopen("/proc/self/status", "re");

	CHECK(file != NULL);
	while (fgets(line, sizeof(line), file))
		if (!strncmp(line, "Threads:", 8) || !strncmp(line, "Name:", 5))
			fputs(line, stdout);
	fclose(file);
}

static void *wait_twice(void *barrier)
{
	pthread_barrier_wait(barrier);
	pthread_barrier_wait(barrier);
	return NULL;
}

static void check_with_threads(void)
{
	pthread_barrier_t barrier;
	pthread_t threads[3];
	int i;

	CHECK_IS(pthread_barrier_init(&barrier, NULL, 4), 0);
	for (i = 0; i < 3; i++)
		threads[i] = guest_start(wait_twice, &barrier);
	pthread_barrier_wait(&barrier);
	CHECK_IS(count_threads(), 4);
	print_threads_line();
	CHECK_FAILS(unshare(CLONE_NEWUSER), EINVAL);
	pthread_barrier_wait(&barrier);
	for (i = 0; i < 3; i++)
		guest_join(threads[i]);
	CHECK_IS(pthread_barrier_destroy(&barrier), 0);
}

/* Here the result is the kernel's, but it is not that of a threaded process. */
static void check_unshare(void)
{
	pid_t child = fork();

	if (!child) {
		errno = 0;
		if (unshare(CLONE_NEWUSER))
			CHECK(errno != EINVAL);
		_exit(0);
	}
	CHECK_IS(guest_wait_for(child), 0);
}

int main(int count, char **arguments)
{
	char name[16];

	CHECK_IS(count, 1);
	CHECK(strstr(arguments[0], "no_thread_of_ours") != NULL);
	CHECK(!strcmp(program_invocation_short_name, "no_thread_of_ours"));
	CHECK_IS(prctl(PR_GET_NAME, name), 0);
	printf("%s\n", name);
	CHECK_IS(prctl(PR_GET_DUMPABLE), 1);
	CHECK_IS(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 0);
	CHECK_IS(pthread_mutex_lock(&mutex), 0);
	CHECK_IS(count_threads(), 1);
	CHECK_IS(pthread_mutex_unlock(&mutex), 0);
	print_threads_line();
	check_unshare();
	CHECK_FAILS(waitpid(-1, NULL, WNOHANG), ECHILD);
	check_with_threads();
	return guest_passed();
}
