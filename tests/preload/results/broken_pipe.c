/*
 * Standard output and error end in pipes that nobody reads, or are closed:
 * SIGPIPE is raised by the program's own writes alone, and no descriptor of
 * another file takes the number of a closed standard one.
 *
 * guest-run: pipe
 * guest-run: closed
 * snarl-expect: status=66 kinds=destroy-locked
 */
#include "../guest.h"

#include <signal.h>
#include <stdatomic.h>
#include <sys/stat.h>

static atomic_int signal_count;
static int saved_output;

static void count_signal(int number)
{
	(void)number;
	atomic_fetch_add(&signal_count, 1);
}

static void misuse_lock(void)
{
	pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

	CHECK_IS(pthread_mutex_lock(&mutex), 0);
	CHECK_IS(pthread_mutex_destroy(&mutex), EBUSY);
	CHECK_IS(pthread_mutex_unlock(&mutex), 0);
}

static void *misuse_in_thread(void *unused)
{
	misuse_lock();
	return unused;
}

static void use_broken_pipes(void)
{
	int ends[2], descriptor;

	CHECK_IS(pipe(ends), 0);
	CHECK_IS(close(ends[0]), 0);
	for (descriptor = 0; descriptor < 3; descriptor++)
		CHECK_IS(dup2(ends[1], descriptor), descriptor);
	misuse_lock();
	guest_run_in_thread(misuse_in_thread, NULL);
	if (atomic_load(&signal_count) != 0)
		dprintf(saved_output, "SIGPIPE was raised\n");
	if (write(STDERR_FILENO, "x", 1) != -1 || errno != EPIPE)
		dprintf(saved_output, "the pipe is not broken\n");
	if (atomic_load(&signal_count) != 1)
		dprintf(saved_output, "SIGPIPE was not raised by the program\n");
}

static void close_standard(void)
{
	struct stat status;
	int descriptor;

	for (descriptor = 0; descriptor < 3; descriptor++)
		CHECK_IS(close(descriptor), 0);
	misuse_lock();
	guest_run_in_thread(misuse_in_thread, NULL);
	for (descriptor = 0; descriptor < 3; descriptor++)
		if (fstat(descriptor, &status) != -1)
			dprintf(saved_output, "descriptor %d is open\n", descriptor);
	if (open("/dev/null", O_RDWR) != 0)
		dprintf(saved_output, "the first descriptor is not 0\n");
}

int main(int count, char **arguments)
{
	CHECK_IS(count, 2);
	CHECK(signal(SIGPIPE, count_signal) != SIG_ERR);
	saved_output = fcntl(STDOUT_FILENO, F_DUPFD, 10);
	CHECK(saved_output >= 10);
	if (!strcmp(arguments[1], "pipe"))
		use_broken_pipes();
	else
		close_standard();
	dprintf(saved_output, "passed\n");
	return EXIT_SUCCESS;
}
