/*
 * Calls after main: atexit and on_exit handlers, destructors, thread-specific
 * data that is destroyed again and again, in main's thread and in others.
 *
 * guest-bare: yes
 */
#include "../guest.h"

#include <limits.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_key_t key;
static int destroyed_count;
static char thread_place[] = "a thread of atexit", on_exit_place[] = "on_exit";

static void lock_and_say(const char *where)
{
	CHECK_IS(pthread_mutex_lock(&mutex), 0);
	printf("in %s\n", where);
	CHECK_IS(pthread_mutex_unlock(&mutex), 0);
}

static void *run_in_handler(void *where)
{
	lock_and_say(where);
	return NULL;
}

static void at_exit(void)
{
	lock_and_say("atexit");
	guest_run_in_thread(run_in_handler, thread_place);
}

static void on_exit_with(int status, void *where)
{
	CHECK_IS(status, EXIT_SUCCESS);
	lock_and_say(where);
}

__attribute__((destructor)) static void destruct(void)
{
	lock_and_say("destructor");
	fflush(stdout);
}

/* Sets itself again, so that it is called as often as the system allows. */
static void destroy_value(void *value)
{
	CHECK_IS(pthread_mutex_lock(&mutex), 0);
	destroyed_count++;
	CHECK_IS(pthread_setspecific(key, value), 0);
	CHECK_IS(pthread_mutex_unlock(&mutex), 0);
}

static void *set_value(void *unused)
{
	CHECK_IS(pthread_setspecific(key, &key), 0);
	return unused;
}

int main(void)
{
	CHECK_IS(atexit(at_exit), 0);
	CHECK_IS(on_exit(on_exit_with, on_exit_place), 0);
	CHECK_IS(pthread_key_create(&key, destroy_value), 0);
	guest_run_in_thread(set_value, NULL);
	CHECK_IS(destroyed_count, PTHREAD_DESTRUCTOR_ITERATIONS);
	set_value(NULL);
	return guest_passed();
}
