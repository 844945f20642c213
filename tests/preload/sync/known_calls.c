/*
 * Lock calls that a thread makes time and again are known to it, but not with other locks
 * held, in another life of a lock, or in a fork's child with threads of its own: an order
 * that such a call brings is an order all the same.
 *
 * guest-run: held
 * guest-run: anew
 * guest-run: child
 * snarl-expect: status=66 kinds=lock-order-inversion
 */
#include "../guest.h"

#define REPETITIONS 10

static pthread_mutex_t first = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t second = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;

/* One place for all calls. */
static __attribute__((noinline)) void take(pthread_mutex_t *mutex)
{
	CHECK_IS(pthread_mutex_lock(mutex), 0);
}

static __attribute__((noinline)) void give(pthread_mutex_t *mutex)
{
	CHECK_IS(pthread_mutex_unlock(mutex), 0);
}

static void take_alone(pthread_mutex_t *mutex)
{
	for (int i = 0; i < REPETITIONS; i++) {
		take(mutex);
		give(mutex);
	}
}

static void take_both(pthread_mutex_t *outer, pthread_mutex_t *inner, int count)
{
	for (int i = 0; i < count; i++) {
		take(outer);
		take(inner);
		give(inner);
		give(outer);
	}
}

/* The other order, once the main thread has given up the gate, which orders nothing. */
static void *take_backwards(void *unused)
{
	take(&gate);
	give(&gate);
	take_both(&second, &first, 1);
	return unused;
}

static void when_other_locks_are_held(void)
{
	take_alone(&first);
	take_alone(&second);
	take_both(&first, &second, 1);
}

static void in_another_life(void)
{
	take_both(&first, &second, REPETITIONS);
	CHECK_IS(pthread_mutex_destroy(&second), 0);
	CHECK_IS(pthread_mutex_init(&second, NULL), 0);
	take_both(&first, &second, 1);
}

static void in_a_child(void)
{
	pthread_t thread;
	pid_t child;
	int status;

	take_both(&first, &second, REPETITIONS);
	child = fork();
	CHECK(child >= 0);
	if (child == 0) {
		thread = guest_start(take_backwards, NULL);
		take_both(&first, &second, 1);
		give(&gate);
		guest_join(thread);
		exit(0);
	}
	CHECK_IS(waitpid(child, &status, 0), child);
	CHECK_IS(WIFEXITED(status), 1);
}

static void *pass_gate(void *unused)
{
	take(&gate);
	give(&gate);
	return unused;
}

int main(int argc, char **argv)
{
	pthread_t thread;
	int is_child;

	CHECK_IS(argc, 2);
	is_child = strcmp(argv[1], "child") == 0;
	take(&gate);
	thread = guest_start(is_child ? pass_gate : take_backwards, NULL);
	if (is_child)
		in_a_child();
	else if (strcmp(argv[1], "anew") == 0)
		in_another_life();
	else
		when_other_locks_are_held();
	give(&gate);
	guest_join(thread);
	return guest_passed();
}
