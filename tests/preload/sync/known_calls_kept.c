/*
 * Lock calls that threads make time and again, and what happens in between: other threads
 * take the lock and leave data under it, locks end and begin anew with the other order, a
 * stack frame with a lock is left, a lock is taken once more, released first, tried, or
 * taken by signal handlers while others are.  All of it is right.
 */
#include "../guest.h"

#include <signal.h>

#define ROUNDS 2000
#define LIVES 20

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t other = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t in_handlers = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t recursive = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_spinlock_t spin;
static long counts[4];
static volatile sig_atomic_t handled_count;

static void *count_under_each(void *unused)
{
	for (int i = 0; i < ROUNDS; i++) {
		CHECK_IS(pthread_mutex_lock(&mutex), 0);
		counts[0]++;
		CHECK_IS(pthread_mutex_lock(&other), 0);
		counts[1]++;
		CHECK_IS(pthread_mutex_unlock(i % 2 ? &mutex : &other), 0);
		CHECK_IS(pthread_mutex_unlock(i % 2 ? &other : &mutex), 0);
		CHECK_IS(pthread_rwlock_wrlock(&rwlock), 0);
		counts[2]++;
		CHECK_IS(pthread_rwlock_unlock(&rwlock), 0);
		CHECK_IS(pthread_spin_lock(&spin), 0);
		counts[3]++;
		CHECK_IS(pthread_spin_unlock(&spin), 0);
		CHECK_IS(pthread_rwlock_rdlock(&rwlock), 0);
		CHECK(counts[2] > 0);
		CHECK_IS(pthread_rwlock_unlock(&rwlock), 0);
		if (pthread_mutex_trylock(&mutex) == 0) {
			CHECK(counts[0] > 0);
			CHECK_IS(pthread_mutex_unlock(&mutex), 0);
		}
	}
	return unused;
}

static void take_again(void)
{
	for (int i = 0; i < LIVES; i++) {
		CHECK_IS(pthread_mutex_lock(&recursive), 0);
		if (i % 4 == 3) {
			CHECK_IS(pthread_mutex_lock(&recursive), 0);
			CHECK_IS(pthread_mutex_unlock(&recursive), 0);
		}
		CHECK_IS(pthread_mutex_unlock(&recursive), 0);
	}
}

static __attribute__((noinline)) void take_both(pthread_mutex_t *outer, pthread_mutex_t *inner)
{
	CHECK_IS(pthread_mutex_lock(outer), 0);
	CHECK_IS(pthread_mutex_lock(inner), 0);
	CHECK_IS(pthread_mutex_unlock(inner), 0);
	CHECK_IS(pthread_mutex_unlock(outer), 0);
}

/* Both orders, but of different locks. */
static void begin_anew(void)
{
	pthread_mutex_t pair[2];

	for (int life = 0; life < LIVES; life++) {
		CHECK_IS(pthread_mutex_init(&pair[0], NULL), 0);
		CHECK_IS(pthread_mutex_init(&pair[1], NULL), 0);
		for (int i = 0; i < LIVES; i++)
			take_both(&pair[life % 2], &pair[!(life % 2)]);
		CHECK_IS(pthread_mutex_destroy(&pair[0]), 0);
		CHECK_IS(pthread_mutex_destroy(&pair[1]), 0);
	}
}

/* A lock of a frame that is left without a word, so that another is at its place. */
static __attribute__((noinline)) void take_local(int is_reversed)
{
	pthread_mutex_t pair[2] = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER};

	for (int i = 0; i < LIVES; i++)
		take_both(&pair[is_reversed], &pair[!is_reversed]);
}

static void *leave_frames(void *begins_anew)
{
	for (int life = 0; life < LIVES; life++) {
		take_local(life % 2);
		CHECK_IS(pthread_mutex_lock(&mutex), 0);
		CHECK_IS(pthread_mutex_unlock(&mutex), 0);
	}
	if (begins_anew)
		begin_anew(); /* by one, as locks so made are of two kinds */
	take_again();
	return NULL;
}

static void handle(int signal)
{
	int error = errno;

	(void)signal;
	CHECK_IS(pthread_mutex_lock(&in_handlers), 0);
	CHECK_IS(pthread_mutex_unlock(&in_handlers), 0);
	handled_count++;
	errno = error;
}

static void *send_signals(void *context)
{
	for (int i = 0; i < ROUNDS; i++)
		CHECK_IS(pthread_kill(*(pthread_t *)context, SIGUSR1), 0);
	return NULL;
}

/* Only this thread takes the handler's lock. */
static void take_amid_signals(void)
{
	pthread_t self = pthread_self();
	pthread_t sender;

	CHECK(signal(SIGUSR1, handle) != SIG_ERR);
	sender = guest_start(send_signals, &self);
	for (int i = 0; i < ROUNDS || !handled_count; i++)
		take_both(&mutex, &other);
	guest_join(sender);
}

int main(void)
{
	pthread_t threads[2];

	CHECK_IS(pthread_spin_init(&spin, PTHREAD_PROCESS_PRIVATE), 0);
	threads[0] = guest_start(count_under_each, NULL);
	threads[1] = guest_start(count_under_each, NULL);
	guest_join(threads[0]);
	guest_join(threads[1]);
	for (int i = 0; i < 4; i++)
		CHECK_IS(counts[i], 2 * ROUNDS);
	threads[0] = guest_start(leave_frames, NULL);
	threads[1] = guest_start(leave_frames, threads);
	guest_join(threads[0]);
	guest_join(threads[1]);
	take_amid_signals();
	return guest_passed();
}
