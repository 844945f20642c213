/*
 * Libraries whose functions are chosen while they are opened: the code that chooses is
 * observed, and no code that a compiler makes at run time.  So a race stays an error.
 *
 * snarl-expect: status=66 kinds=data-race
 */
#include <string.h>

#include "opened_library.h"
#include "resolving_library.h"

static char shared[64];

static void *fill(void *unused)
{
	memset(shared, 1, sizeof(shared));
	return unused;
}

static void *open_and_fill(void *unused)
{
	for (int i = 0; i < 5; i++) {
		void *library = open_library("libresolving.so", RTLD_NOW | RTLD_LOCAL);
		int (*call)(int);

		find_function(library, "resolving_call", &call);
		CHECK_IS(call(1), 9);
		CHECK_IS(dlclose(library), 0);
	}
	return fill(unused);
}

int main(void)
{
	pthread_t writer = guest_start(fill, NULL);
	pthread_t opener = guest_start(open_and_fill, NULL);

	guest_join(writer);
	guest_join(opener);
	return guest_passed();
}
