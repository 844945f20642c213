/*
 * Handlers that a thread registers run, in the reverse of their order, after what it
 * did before: of two locks in both orders no more than a warning is left.
 *
 * snarl-expect: status=3 kinds=lock-order-inversion
 * guest-run: atexit
 * guest-run: on_exit
 * guest-run: quick
 */
#include "../guest.h"

#include <stdatomic.h>

static pthread_mutex_t first = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t second = PTHREAD_MUTEX_INITIALIZER;
static const char *way;
static atomic_int is_registered;
static int number = 1;

static void take_both(pthread_mutex_t *outer, pthread_mutex_t *inner)
{
	CHECK_IS(pthread_mutex_lock(outer), 0);
	CHECK_IS(pthread_mutex_lock(inner), 0);
	CHECK_IS(pthread_mutex_unlock(inner), 0);
	CHECK_IS(pthread_mutex_unlock(outer), 0);
}

static void say_last(void)
{
	dprintf(STDOUT_FILENO, "last\n");
}
static void say_status(int status, void *text)
{
	dprintf(STDOUT_FILENO, "%s %d\n", (char *)text, status);
}

static void end_process(void)
{
	take_both(&second, &first);
	number *= 3;
	CHECK_IS(number, 9);
}

static void end_with(int status, void *text)
{
	say_status(status, text);
	end_process();
}

static void *run_case(void *argument)
{
	take_both(&first, &second);
	number += 2;
	if (strcmp(way, "atexit") == 0)
		CHECK_IS(atexit(end_process), 0);
	else if (strcmp(way, "on_exit") == 0)
		CHECK_IS(on_exit(end_with, (char *)"status"), 0);
	else
		CHECK_IS(at_quick_exit(end_process), 0);
	atomic_store(&is_registered, 1);
	for (;;)
		pause();
	return argument;
}

int main(int count, char **arguments)
{
	way = count > 1 ? arguments[1] : "atexit";
	CHECK_IS(atexit(say_last), 0);
	CHECK_IS(at_quick_exit(say_last), 0);
	CHECK_IS(on_exit(say_status, (char *)"early"), 0);
	guest_start(run_case, NULL);
	while (!atomic_load(&is_registered))
		sched_yield();
	if (strcmp(way, "quick") == 0)
		quick_exit(3);
	exit(3);
}
