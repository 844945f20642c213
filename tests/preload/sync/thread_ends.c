/*
 * Threads that end otherwise than by return: pthread_exit in nested calls,
 * asynchronous cancellation of a loop, and main's own pthread_exit while
 * others go on; and one that is detached by default.
 *
 * guest-bare: yes
 */
#include "../guest.h"

#include <semaphore.h>
#include <stdatomic.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static sem_t spins;
static atomic_ulong spin_count;
static pthread_t main_thread;

static void unlock_mutex(void *unused)
{
	(void)unused;
	CHECK_IS(pthread_mutex_unlock(&mutex), 0);
}

/* Not known to the compiler as a function that does not return. */
static void (*volatile leave_thread)(void *) = pthread_exit;

static void __attribute__((noinline)) exit_below(int depth, void *result)
{
	if (depth)
		exit_below(depth - 1, result);
	else
		leave_thread(result);
}

static void *exit_nested(void *result)
{
	CHECK_IS(pthread_mutex_lock(&mutex), 0);
	pthread_cleanup_push(unlock_mutex, NULL);
	exit_below(30, result);
	pthread_cleanup_pop(0);
	return NULL;
}

static void *spin_for_ever(void *unused)
{
	CHECK_IS(pthread_mutex_lock(&mutex), 0);
	pthread_cleanup_push(unlock_mutex, NULL);
	CHECK_IS(sem_post(&spins), 0);
	CHECK_IS(pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL), 0);
	for (;;)
		atomic_fetch_add_explicit(&spin_count, 1, memory_order_relaxed);
	pthread_cleanup_pop(0);
	return unused;
}

static void *post(void *unused)
{
	CHECK_IS(sem_post(&spins), 0);
	return unused;
}

/* No leak: nobody need join it. */
static void check_detached_by_default(void)
{
	pthread_attr_t attributes;

	CHECK_IS(pthread_getattr_default_np(&attributes), 0);
	CHECK_IS(pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED), 0);
	CHECK_IS(pthread_setattr_default_np(&attributes), 0);
	guest_start(post, NULL);
	CHECK_IS(sem_wait(&spins), 0);
	CHECK_IS(pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_JOINABLE), 0);
	CHECK_IS(pthread_setattr_default_np(&attributes), 0);
	CHECK_IS(pthread_attr_destroy(&attributes), 0);
}

static void check_asynchronous_cancel(void)
{
	pthread_t thread;
	int i;

	for (i = 0; i < 50; i++) {
		thread = guest_start(spin_for_ever, NULL);
		CHECK_IS(sem_wait(&spins), 0);
		CHECK_IS(pthread_cancel(thread), 0);
		CHECK(guest_join(thread) == PTHREAD_CANCELED);
	}
}

static void *outlive_main(void *unused)
{
	void *result;

	CHECK_IS(pthread_join(main_thread, &result), 0);
	CHECK(result == &main_thread);
	CHECK_IS(pthread_mutex_lock(&mutex), 0);
	guest_passed();
	CHECK_IS(pthread_mutex_unlock(&mutex), 0);
	return unused;
}

int main(void)
{
	pthread_t survivor;

	CHECK_IS(sem_init(&spins, 0, 0), 0);
	CHECK(guest_run_in_thread(exit_nested, &spins) == &spins);
	check_detached_by_default();
	check_asynchronous_cancel();
	main_thread = pthread_self();
	survivor = guest_start(outlive_main, NULL);
	CHECK_IS(pthread_detach(survivor), 0);
	pthread_exit(&main_thread);
}
