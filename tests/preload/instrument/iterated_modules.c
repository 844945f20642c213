/*
 * Callbacks of dl_iterate_phdr lock and create threads while the loader holds
 * its own lock; dlopen in one thread meets exceptions and walks in another.
 */
#include "opened_library.h"

#include <execinfo.h>
#include <link.h>
#include <stdatomic.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static atomic_int is_over;
static int module_count;

static void *count_in_thread(void *unused)
{
	CHECK_IS(pthread_mutex_lock(&mutex), 0);
	module_count++;
	CHECK_IS(pthread_mutex_unlock(&mutex), 0);
	return unused;
}

static int visit_place(struct dl_phdr_info *module, size_t size, void *program_name)
{
	(void)size;
	CHECK_IS(pthread_mutex_lock(&mutex), 0);
	module_count++;
	CHECK_IS(pthread_mutex_unlock(&mutex), 0);
	if (!module->dlpi_name[0] && program_name)
		guest_run_in_thread(count_in_thread, NULL);
	return 0;
}

static void *walk_all_the_time(void *unused)
{
	void *frames[16];

	while (!atomic_load(&is_over)) {
		CHECK_IS(pthread_mutex_lock(&mutex), 0);
		CHECK(backtrace(frames, 16) > 0);
		CHECK_IS(pthread_mutex_unlock(&mutex), 0);
		dl_iterate_phdr(visit_place, NULL);
	}
	return unused;
}

int main(void)
{
	pthread_t thread;
	int i;

	CHECK_IS(dl_iterate_phdr(visit_place, &module_count), 0);
	CHECK(module_count > 2);
	thread = guest_start(walk_all_the_time, NULL);
	for (i = 0; i < 50; i++)
		CHECK_IS(dlclose(open_library("liblocking.so", RTLD_NOW)), 0);
	atomic_store(&is_over, 1);
	guest_join(thread);
	return guest_passed();
}
