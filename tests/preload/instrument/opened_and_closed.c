/*
 * Plug-ins that lock, opened and closed again and again, from several threads
 * at once: their locks come and go at the same addresses, with the code that
 * took them.
 */
#include "opened_library.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static void use_plugin(const char *name, int flags)
{
	void *library = open_library(name, flags);
	void (*run_thread)(void);
	int (*count)(void);

	find_function(library, "locking_library_count", &count);
	find_function(library, "locking_library_run_thread", &run_thread);
	CHECK(count() > 100);
	run_thread();
	CHECK_IS(pthread_mutex_lock(&mutex), 0);
	CHECK(count() > 102);
	CHECK_IS(pthread_mutex_unlock(&mutex), 0);
	CHECK_IS(dlclose(library), 0);
}

static void *use_in_thread(void *unused)
{
	int i;

	for (i = 0; i < 30; i++)
		use_plugin("liblocking.so", i % 2 ? RTLD_NOW : RTLD_LAZY);
	return unused;
}

/* Two copies of one library, so that the second may lie where the first lay. */
static void alternate_calls(void)
{
	int i;

	for (i = 0; i < 30; i++)
		use_plugin(i % 2 ? "liblocking.so" : "liblocking_copy.so", RTLD_NOW | RTLD_LOCAL);
}

/* Its constructor locks and creates a thread, while the loader is locked. */
static void start_thread_from_constructor(void)
{
	void *library;
	void (*finish)(void);
	int i;

	for (i = 0; i < 10; i++) {
		library = open_library("libearly.so", RTLD_NOW | RTLD_LOCAL);
		find_function(library, "early_finish", &finish);
		finish();
		CHECK_IS(dlclose(library), 0);
	}
}

int main(void)
{
	pthread_t threads[3];
	int i;

	alternate_calls();
	start_thread_from_constructor();
	for (i = 0; i < 3; i++)
		threads[i] = guest_start(use_in_thread, NULL);
	for (i = 0; i < 3; i++)
		guest_join(threads[i]);
	CHECK(dlopen("/nonexistent/library.so", RTLD_NOW) == NULL);
	CHECK(dlerror() != NULL);
	CHECK(dlerror() == NULL);
	return guest_passed();
}
