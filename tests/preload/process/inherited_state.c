/*
 * The state in which a program starts is the native one: descriptors, masks, limits,
 * groups, standard input and arguments, also unusual ones.
 *
 * guest-bare: yes
 * guest-run: --help -- --version - @file
 */
#include "../guest.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

static void print_descriptors(void)
{
	int descriptor;

	/* Where a preloaded library keeps its own is high above. */
	for (descriptor = 0; descriptor < 100; descriptor++)
		if (fcntl(descriptor, F_GETFD) >= 0)
			printf("descriptor %d\n", descriptor);
	CHECK_IS(open("/dev/null", O_RDONLY), 3);
	CHECK_IS(close(3), 0);
}

static void print_limits(void)
{
	struct rlimit limit;
	int resource;

	for (resource = 0; resource < (int)RLIM_NLIMITS; resource++) {
		CHECK_IS(getrlimit((__rlimit_resource_t)resource, &limit), 0);
		printf("limit %d: %llu %llu\n", resource, (unsigned long long)limit.rlim_cur,
		       (unsigned long long)limit.rlim_max);
	}
}

static void print_signals(void)
{
	struct sigaction action;
	sigset_t blocked;
	int number;

	CHECK_IS(sigprocmask(SIG_BLOCK, NULL, &blocked), 0);
	for (number = 1; number < NSIG; number++) {
		if (sigismember(&blocked, number) == 1)
			printf("signal %d is blocked\n", number);
		if (!sigaction(number, NULL, &action) && action.sa_handler != SIG_DFL)
			printf("signal %d is not as by default\n", number);
	}
}

int main(int count, char **arguments)
{
	struct stat status;
	mode_t mask = umask(0);
	int i;

	umask(mask);
	printf("umask %o, priority %d\n", mask, getpriority(PRIO_PROCESS, 0));
	print_descriptors();
	print_limits();
	print_signals();
	for (i = 1; i < count; i++)
		printf("argument [%s]\n", arguments[i]);
	CHECK(!arguments[count]);
	CHECK_IS(fstat(STDIN_FILENO, &status), 0);
	printf("standard input is %s\n", S_ISCHR(status.st_mode) ? "a device" : "something else");
	errno = 0;
	CHECK_IS(getchar(), EOF);
	CHECK_IS(errno, 0);
	return guest_passed();
}
