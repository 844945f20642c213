/*
 * As exit_ways, but with something to report: only the status is replaced,
 * and neither output nor handlers are lost, whichever way the program ends.
 *
 * guest-bare: yes
 * guest-run: return
 * guest-run: exit
 * guest-run: quick_exit
 * guest-run: _exit
 * guest-run: pthread_exit
 * snarl-expect: status=66 kinds=destroy-locked
 */
#include "../guest.h"

static void say_exit(void)
{
	printf("atexit handler\n");
}

static void say_quick_exit(void)
{
	dprintf(STDOUT_FILENO, "at_quick_exit handler\n");
}

int main(int count, char **arguments)
{
	pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

	(void)count;
	CHECK_IS(atexit(say_exit), 0);
	CHECK_IS(at_quick_exit(say_quick_exit), 0);
	CHECK_IS(pthread_mutex_lock(&mutex), 0);
	CHECK_IS(pthread_mutex_destroy(&mutex), EBUSY);
	CHECK_IS(pthread_mutex_unlock(&mutex), 0);
	printf("buffered by %s\n", arguments[1]);
	if (!strcmp(arguments[1], "exit"))
		exit(3);
	if (!strcmp(arguments[1], "quick_exit"))
		quick_exit(4);
	if (!strcmp(arguments[1], "_exit"))
		_exit(5);
	if (!strcmp(arguments[1], "pthread_exit"))
		pthread_exit(NULL);
	return 6;
}
