/*
 * Locks and threads before anybody's constructor: in .preinit_array of the
 * program, in the constructor of a library that it needs, which runs before a
 * preloaded library's, and in its own constructors.
 *
 * guest-bare: yes
 */
#include "../guest.h"

#include "early_library.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static int started_count, preinit_count, constructor_count;

static void *start(void *unused)
{
	CHECK_IS(pthread_mutex_lock(&mutex), 0);
	started_count++;
	CHECK_IS(pthread_cond_signal(&condition), 0);
	CHECK_IS(pthread_mutex_unlock(&mutex), 0);
	return unused;
}

static void run_thread(void)
{
	pthread_t thread = guest_start(start, NULL);
	int before;

	CHECK_IS(pthread_mutex_lock(&mutex), 0);
	before = started_count;
	CHECK(before >= 0);
	CHECK_IS(pthread_mutex_unlock(&mutex), 0);
	guest_join(thread);
}

static void run_before_all_constructors(int count, char **arguments, char **environment)
{
	(void)count;
	(void)arguments;
	(void)environment;
	run_thread();
	preinit_count++;
}

__attribute__((section(".preinit_array"),
	       used)) static void (*const preinit)(int, char **,
						   char **) = run_before_all_constructors;

__attribute__((constructor)) static void construct(void)
{
	run_thread();
	constructor_count++;
}

int main(void)
{
	CHECK_IS(preinit_count, 1);
	CHECK_IS(constructor_count, 1);
	CHECK_IS(started_count, 2);
	early_finish();
	printf("library: locked %d times, thread ran %d times\n", early_locked_count(),
	       early_thread_count());
	return guest_passed();
}
