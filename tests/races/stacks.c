/*
 * RULES, 'Happens-before': variables of one thread, which others may be lent.
 */
#include "cases.h"

static void *stack_lent_update(void *counter)
{
	++*(long *)counter;
	return NULL;
}

static void stack_lent_case(void)
{
	pthread_t thread;

	for (int i = 0; i < 2; i++) {
		long counter = 1;

		MUST(pthread_create(&thread, NULL, stack_lent_update, &counter) == 0);
		pthread_join(thread, NULL);
		counter++;
		MUST(counter == 3);
	}
}

static void *stack_shared_update(void *counter)
{
	++*(long *)counter;
	return NULL;
}

static void stack_shared_case(void)
{
	long counter = 1;

	run_both(stack_shared_update, stack_shared_update, &counter);
}

/* The owner updates it as well, through its frame. */
static void *stack_own_update_other(void *counter)
{
	++*(long *)counter;
	return NULL;
}

static void stack_own_update_case(void)
{
	pthread_t thread;
	long counter = 1;

	MUST(pthread_create(&thread, NULL, stack_own_update_other, &counter) == 0);
	counter++;
	pthread_join(thread, NULL);
	KEEP(counter);
}

static pthread_mutex_t stack_own_locked_lock = PTHREAD_MUTEX_INITIALIZER;

static void *stack_own_locked_other(void *counter)
{
	pthread_mutex_lock(&stack_own_locked_lock);
	++*(long *)counter;
	pthread_mutex_unlock(&stack_own_locked_lock);
	return NULL;
}

static void stack_own_locked_case(void)
{
	pthread_t thread;
	long counter = 1;

	MUST(pthread_create(&thread, NULL, stack_own_locked_other, &counter) == 0);
	pthread_mutex_lock(&stack_own_locked_lock);
	counter++;
	pthread_mutex_unlock(&stack_own_locked_lock);
	pthread_join(thread, NULL);
	MUST(counter == 3);
}

/* Frames of one thread, and of the next that gets its stack. */
static NOINLINE long stack_reused_depth(volatile long *above, int depth)
{
	volatile long here[8];

	here[depth % 8] = *above + depth;
	return depth ? stack_reused_depth(&here[depth % 8], depth - 1) : here[0];
}

static void *stack_reused_recurse(void *unused)
{
	volatile long start = 1;

	(void)unused;
	MUST(stack_reused_depth(&start, 10) > 0);
	return NULL;
}

static void stack_reused_case(void)
{
	for (int i = 0; i < 3; i++)
		run_both(stack_reused_recurse, stack_reused_recurse, NULL);
}

/* Thread-local, and known to another thread by its address. */
static __thread long thread_local_data;
static pthread_barrier_t thread_local_barrier;
static long *thread_local_address;

static void *thread_local_owner(void *unused)
{
	(void)unused;
	thread_local_data = 3;
	thread_local_address = &thread_local_data;
	pthread_barrier_wait(&thread_local_barrier);
	pthread_barrier_wait(&thread_local_barrier);
	MUST(thread_local_data == 4);
	return NULL;
}

static void *thread_local_other(void *unused)
{
	(void)unused;
	thread_local_data = 9;
	pthread_barrier_wait(&thread_local_barrier);
	++*thread_local_address;
	pthread_barrier_wait(&thread_local_barrier);
	MUST(thread_local_data == 9);
	return NULL;
}

static void thread_local_case(void)
{
	pthread_barrier_init(&thread_local_barrier, NULL, 2);
	run_both(thread_local_owner, thread_local_other, NULL);
	pthread_barrier_destroy(&thread_local_barrier);
	KEEP(thread_local_data);
}

/* The same, and both update it. */
static __thread long thread_local_shared_data;
static long *thread_local_shared_address;
static pthread_barrier_t thread_local_shared_barrier;

static void *thread_local_shared_owner(void *unused)
{
	(void)unused;
	thread_local_shared_address = &thread_local_shared_data;
	pthread_barrier_wait(&thread_local_shared_barrier);
	for (int i = 0; i < 100; i++) {
		thread_local_shared_data++;
		KEEP(thread_local_shared_data);
	}
	pthread_barrier_wait(&thread_local_shared_barrier);
	return NULL;
}

static void *thread_local_shared_other(void *unused)
{
	(void)unused;
	pthread_barrier_wait(&thread_local_shared_barrier);
	for (int i = 0; i < 100; i++) {
		++*thread_local_shared_address;
		KEEP(*thread_local_shared_address);
	}
	pthread_barrier_wait(&thread_local_shared_barrier);
	return NULL;
}

static void thread_local_shared_case(void)
{
	pthread_barrier_init(&thread_local_shared_barrier, NULL, 2);
	run_both(thread_local_shared_owner, thread_local_shared_other, NULL);
	pthread_barrier_destroy(&thread_local_shared_barrier);
}

static const struct race_case cases[] = {
	CASE(stack_lent, "silent"),
	CASE(stack_shared, "lost-update:error"),
	CASE(stack_own_update, "lost-update:error"),
	CASE(stack_own_locked, "silent"),
	CASE(stack_reused, "silent"),
	CASE(thread_local, "silent"),
	CASE(thread_local_shared, "lost-update:error"),
};

int main(int argc, char **argv)
{
	return RUN_CASES(cases, argc, argv);
}
