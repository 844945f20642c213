/*
 * Libraries that are opened while threads run are observed too, and can be
 * closed and opened again, at the same place or another.
 *
 * guest-forgetful: yes
 */
#include <dlfcn.h>
#include <libgen.h>
#include <limits.h>

#include "../guest.h"

#define ROUNDS 20

static char path[PATH_MAX];

/* Opens the library, calls it and closes it. */
static long visit_place(long count)
{
	void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	long (*call)(long);
	long sum;

	CHECK(library != NULL);
	call = (long (*)(long))dlsym(library, "plugin_call");
	CHECK(call != NULL);
	sum = call(count);
	CHECK_IS(dlclose(library), 0);
	return sum;
}

static void *keep_visiting(void *expected)
{
	for (int i = 0; i < ROUNDS; i++)
		CHECK_IS(visit_place(1000), *(long *)expected);
	return NULL;
}

static void *stay_inside(void *barrier)
{
	pthread_barrier_wait(barrier);
	pthread_barrier_wait(barrier);
	return NULL;
}

int main(int count, char **arguments)
{
	pthread_barrier_t barrier;
	pthread_t thread;
	long expected;

	CHECK(count > 0 && realpath(arguments[0], path) != NULL);
	strcat(dirname(path), "/libplugin.so");
	expected = visit_place(1000);
	CHECK_IS(pthread_barrier_init(&barrier, NULL, 2), 0);
	thread = guest_start(stay_inside, &barrier);
	pthread_barrier_wait(&barrier);
	guest_run_in_thread(keep_visiting, &expected);
	keep_visiting(&expected);
	pthread_barrier_wait(&barrier);
	guest_join(thread);
	CHECK_IS(pthread_barrier_destroy(&barrier), 0);
	return guest_passed();
}
