/*
 * The first thread may be created in a signal handler, which has interrupted the
 * program anywhere: also where its code would have been changed.
 */
#include <signal.h>
#include <sys/time.h>

#include "../guest.h"

#define STEPS 64

static volatile sig_atomic_t has_thread;
static pthread_t thread;
static long table[STEPS];

static void *stay_inside(void *unused)
{
	return unused;
}

/* pthread_create is not for handlers, but it works where malloc is not
 * interrupted: here, nothing calls it. */
static void create_thread(int signal)
{
	(void)signal;
	if (has_thread)
		return;
	CHECK_IS(pthread_create(&thread, NULL, stay_inside, NULL), 0);
	has_thread = 1;
}

static __attribute__((noinline)) long take_turn(long by)
{
	for (int i = 0; i < STEPS; i++)
		table[i] = (table[(i + by) % STEPS] ^ i) + by;
	return table[by % STEPS];
}

int main(void)
{
	struct itimerval soon = {.it_value = {.tv_usec = 2000}};
	struct sigaction action = {.sa_handler = create_thread};
	long sum = 0;

	CHECK_IS(sigaction(SIGALRM, &action, NULL), 0);
	CHECK_IS(setitimer(ITIMER_REAL, &soon, NULL), 0);
	while (!has_thread)
		take_turn(3);
	memset(table, 0, sizeof(table));
	for (long i = 0; i < 1000; i++)
		sum += take_turn(i);
	guest_join(thread);
	printf("%ld\n", sum);
	return guest_passed();
}
