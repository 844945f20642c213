/*
 * The loader keeps little static TLS for libraries that are opened later;
 * one that needs 1 KB of it can be opened natively, hence also preloaded.
 * Thread-specific keys are as few: all that there are natively remain.
 *
 * guest-bare: yes
 */
#include "opened_library.h"

#include <limits.h>

static int (*use)(int);

static void *use_in_thread(void *unused)
{
	CHECK_IS(use(0), 1);
	CHECK_IS(use(5), 2 + 5);
	CHECK_IS(use(1023), 3 + 1023);
	return unused;
}

static void count_keys(void)
{
	pthread_key_t key;
	int count = 0, result;

	while (!(result = pthread_key_create(&key, NULL)))
		count++;
	CHECK_IS(result, EAGAIN);
	printf("%d keys of %d\n", count, PTHREAD_KEYS_MAX);
}

int main(void)
{
	void *library = open_library("libstatic_tls.so", RTLD_NOW);

	find_function(library, "static_tls_use", &use);
	guest_run_in_thread(use_in_thread, NULL);
	use_in_thread(NULL);
	count_keys();
	guest_run_in_thread(use_in_thread, NULL);
	return guest_passed();
}
