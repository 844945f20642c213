/*
 * A program of C opens a library of C++ for itself alone: the real functions behind our
 * wrappers are in no library that all see.
 *
 * snarl-expect: kinds=
 */
#include "opened_library.h"

static long (*local_call)(long);

static void *call_both(void *unused)
{
	CHECK_IS(local_call(7), 50);
	return unused;
}

int main(void)
{
	pthread_t threads[2];

	find_function(open_library("liblocal.so", RTLD_NOW | RTLD_LOCAL), "local_call",
		      &local_call);
	for (int i = 0; i < 2; i++)
		CHECK_IS(pthread_create(&threads[i], NULL, call_both, NULL), 0);
	for (int i = 0; i < 2; i++)
		CHECK_IS(pthread_join(threads[i], NULL), 0);
	return guest_passed();
}
