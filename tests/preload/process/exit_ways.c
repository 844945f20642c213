/*
 * Every way to end: what stdio has buffered is flushed or lost, handlers run
 * or do not, and the status is the program's, exactly as natively.
 *
 * guest-bare: yes
 * guest-run: return
 * guest-run: return_status
 * guest-run: exit
 * guest-run: exit_large
 * guest-run: quick_exit
 * guest-run: _exit
 * guest-run: _Exit
 * guest-run: exit_group
 * guest-run: abort
 * guest-run: kill
 * guest-run: segv
 * guest-run: pthread_exit
 * guest-run: exit_in_thread
 * guest-run: exit_in_handler
 * guest-run: _exit_in_thread
 * guest-run: exit_with_threads
 * guest-run: _exit_in_atexit
 * guest-leaves: exit_group abort kill segv
 * snarl-expect: kinds=signal-unsafe-lock?
 */
#include "../guest.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t never = PTHREAD_COND_INITIALIZER;
static const char *way;

static int is_way(const char *name)
{
	return !strcmp(way, name);
}

static void at_exit(void)
{
	CHECK_IS(pthread_mutex_lock(&mutex), 0);
	printf("atexit handler\n");
	CHECK_IS(pthread_mutex_unlock(&mutex), 0);
	if (is_way("_exit_in_atexit")) {
		fflush(stdout);
		_exit(21);
	}
}

static void at_quick_exit_handler(void)
{
	static const char text[] = "at_quick_exit handler\n";

	CHECK_IS(pthread_mutex_lock(&mutex), 0);
	CHECK_IS(write(STDOUT_FILENO, text, sizeof(text) - 1), sizeof(text) - 1);
	CHECK_IS(pthread_mutex_unlock(&mutex), 0);
}

static void exit_in_handler(int number)
{
	(void)number;
	exit(14);
}

static void *end_process(void *unused)
{
	if (is_way("exit_in_thread"))
		exit(15);
	if (is_way("_exit_in_thread"))
		_exit(16);
	return unused;
}

static void *wait_for_ever(void *unused)
{
	CHECK_IS(pthread_mutex_lock(&mutex), 0);
	for (;;)
		pthread_cond_wait(&never, &mutex);
	return unused;
}

static int end(void)
{
	if (is_way("return_status"))
		return 9;
	if (is_way("exit") || is_way("_exit_in_atexit"))
		exit(10);
	if (is_way("exit_large"))
		exit(0x1234567);
	if (is_way("quick_exit"))
		quick_exit(11);
	if (is_way("_exit"))
		_exit(12);
	if (is_way("_Exit"))
		_Exit(13);
	if (is_way("exit_group"))
		syscall(SYS_exit_group, 17);
	if (is_way("abort"))
		abort();
	if (is_way("kill"))
		kill(getpid(), SIGKILL);
	if (is_way("segv"))
		raise(SIGSEGV);
	if (is_way("pthread_exit"))
		pthread_exit(NULL);
	if (is_way("exit_in_handler")) {
		CHECK(signal(SIGUSR1, exit_in_handler) != SIG_ERR);
		raise(SIGUSR1);
	}
	if (is_way("exit_with_threads")) {
		guest_start(wait_for_ever, NULL);
		guest_start(wait_for_ever, NULL);
		exit(18);
	}
	guest_run_in_thread(end_process, NULL);
	return EXIT_SUCCESS;
}

int main(int count, char **arguments)
{
	struct rlimit no_core = {0, 0};

	CHECK_IS(count, 2);
	way = arguments[1];
	CHECK_IS(setrlimit(RLIMIT_CORE, &no_core), 0);
	CHECK_IS(atexit(at_exit), 0);
	CHECK_IS(at_quick_exit(at_quick_exit_handler), 0);
	CHECK_IS(pthread_mutex_lock(&mutex), 0);
	printf("buffered by %s\n", way);
	fprintf(stderr, "unbuffered by %s\n", way);
	CHECK_IS(pthread_mutex_unlock(&mutex), 0);
	return end();
}
