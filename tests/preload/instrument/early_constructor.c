/*
 * Locks and threads before anybody's constructor: in .preinit_array of the
 * program, in the constructor of a library that it needs, which runs before a
 * preloaded library's, and in its own constructors.
 *
 * guest-bare: yes
 */
#include <semaphore.h>

#include "../guest.h"

#include "early_library.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static int started_count, preinit_count, constructor_count;

static void *start_threads(void *unused)
{
	CHECK_IS(pthread_mutex_lock(&mutex), 0);
	started_count++;
	CHECK_IS(pthread_cond_signal(&condition), 0);
	CHECK_IS(pthread_mutex_unlock(&mutex), 0);
	return unused;
}

static void run_thread(void)
{
	pthread_t thread = guest_start(start_threads, NULL);
	int before;

	CHECK_IS(pthread_mutex_lock(&mutex), 0);
	before = started_count;
	CHECK(before >= 0);
	CHECK_IS(pthread_mutex_unlock(&mutex), 0);
	guest_join(thread);
}

/* The first calls of all: nothing is observed yet. */
static void use_objects(void)
{
	pthread_barrier_t barrier;
	pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
	pthread_cond_t event;
	sem_t tokens;

	CHECK_IS(pthread_rwlock_destroy(&lock), 0);
	CHECK_IS(pthread_rwlock_init(&lock, NULL), 0);
	CHECK_IS(pthread_rwlock_destroy(&lock), 0);
	CHECK_IS(pthread_cond_init(&event, NULL), 0);
	CHECK_IS(pthread_cond_destroy(&event), 0);
	CHECK_IS(pthread_barrier_init(&barrier, NULL, 1), 0);
	CHECK_IS(pthread_barrier_destroy(&barrier), 0);
	CHECK_IS(sem_init(&tokens, 0, 0), 0);
	CHECK_IS(sem_destroy(&tokens), 0);
}

static void run_before_all_constructors(int count, char **arguments, char **environment)
{
	(void)count;
	(void)arguments;
	(void)environment;
	use_objects();
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
