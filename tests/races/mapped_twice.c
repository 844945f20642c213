/*
 * Process-shared objects in a file that is mapped at two addresses: each is one object, by
 * whichever address a thread comes, and orders what is done under it.
 */
#include <semaphore.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cases.h"

struct shared {
	pthread_mutex_t mutex, other, left;
	pthread_cond_t condition;
	pthread_rwlock_t rwlock;
	pthread_barrier_t barrier;
	pthread_spinlock_t spin;
	sem_t semaphore, post;
	int is_told;
	long count;
};

static int file;
static struct shared *here, *there;

static struct shared *map_shared(void)
{
	struct shared *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED,
				     file, 0);

	MUST(shared != MAP_FAILED);
	return shared;
}

static void initialise(struct shared *shared)
{
	pthread_mutexattr_t for_mutex;
	pthread_condattr_t for_condition;
	pthread_rwlockattr_t for_rwlock;
	pthread_barrierattr_t for_barrier;

	pthread_mutexattr_init(&for_mutex);
	pthread_mutexattr_setpshared(&for_mutex, PTHREAD_PROCESS_SHARED);
	pthread_mutex_init(&shared->mutex, &for_mutex);
	pthread_mutex_init(&shared->other, &for_mutex);
	pthread_mutex_init(&shared->left, &for_mutex);
	pthread_condattr_init(&for_condition);
	pthread_condattr_setpshared(&for_condition, PTHREAD_PROCESS_SHARED);
	pthread_cond_init(&shared->condition, &for_condition);
	pthread_rwlockattr_init(&for_rwlock);
	pthread_rwlockattr_setpshared(&for_rwlock, PTHREAD_PROCESS_SHARED);
	pthread_rwlock_init(&shared->rwlock, &for_rwlock);
	pthread_barrierattr_init(&for_barrier);
	pthread_barrierattr_setpshared(&for_barrier, PTHREAD_PROCESS_SHARED);
	pthread_barrier_init(&shared->barrier, &for_barrier, 2);
	pthread_spin_init(&shared->spin, PTHREAD_PROCESS_SHARED);
	sem_init(&shared->semaphore, 1, 1);
	sem_init(&shared->post, 1, 0);
}

/* --- Both threads come under one object ------------------------------------------ */

EXCLUDE(mutex, pthread_mutex_lock(&here->mutex), pthread_mutex_unlock(&here->mutex),
	pthread_mutex_lock(&there->mutex), pthread_mutex_unlock(&there->mutex))

EXCLUDE(rwlock, pthread_rwlock_wrlock(&here->rwlock), pthread_rwlock_unlock(&here->rwlock),
	pthread_rwlock_wrlock(&there->rwlock), pthread_rwlock_unlock(&there->rwlock))

EXCLUDE(spin, pthread_spin_lock(&here->spin), pthread_spin_unlock(&here->spin),
	pthread_spin_lock(&there->spin), pthread_spin_unlock(&there->spin))

EXCLUDE(semaphore, sem_wait(&here->semaphore), sem_post(&here->semaphore),
	sem_wait(&there->semaphore), sem_post(&there->semaphore))

/* Its first home is no longer mapped. */
EXCLUDE(again, pthread_mutex_lock(&here->mutex), pthread_mutex_unlock(&here->mutex),
	pthread_mutex_lock(&there->mutex), pthread_mutex_unlock(&there->mutex))

static void again_both_case(void)
{
	munmap(here, sizeof(*here));
	here = map_shared();
	again_case();
}

HAND_OVER(post, sem_post(&here->post), sem_wait(&there->post))
HAND_OVER(barrier, pthread_barrier_wait(&here->barrier), pthread_barrier_wait(&there->barrier))

static void tell(struct shared *shared)
{
	pthread_mutex_lock(&shared->mutex);
	shared->is_told = 1;
	pthread_cond_signal(&shared->condition);
	pthread_mutex_unlock(&shared->mutex);
}

static void hear(struct shared *shared)
{
	pthread_mutex_lock(&shared->mutex);
	while (!shared->is_told)
		pthread_cond_wait(&shared->condition, &shared->mutex);
	pthread_mutex_unlock(&shared->mutex);
}

HAND_OVER(condition, tell(here), hear(there))

/* What is in the memory itself, under its lock. */
static void count_in(struct shared *shared)
{
	pthread_mutex_lock(&shared->mutex);
	shared->count++;
	pthread_mutex_unlock(&shared->mutex);
}

static void *data_first(void *unused)
{
	(void)unused;
	count_in(here);
	count_in(there);
	return NULL;
}

static void data_case(void)
{
	run_both(data_first, data_first, NULL);
}

/* The home is unmapped between the two: the object moves. */
static void leave_home(void)
{
	pthread_mutex_unlock(&here->left);
	munmap(here, sizeof(*here));
}

EXCLUDE(left, pthread_mutex_lock(&here->left), leave_home(),
	(await_first(), pthread_mutex_lock(&there->left)), pthread_mutex_unlock(&there->left))

static void left_met_case(void)
{
	pthread_mutex_lock(&there->left);
	pthread_mutex_unlock(&there->left);
	left_case();
}

/* --- They do not ------------------------------------------------------------------- */

EXCLUDE(one_unlocked, pthread_mutex_lock(&here->mutex), pthread_mutex_unlock(&here->mutex),
	(void)0, (void)0)

EXCLUDE(other_unlocked, (void)0, (void)0, pthread_mutex_lock(&there->mutex),
	pthread_mutex_unlock(&there->mutex))

/* Two objects, side by side. */
EXCLUDE(two_objects, pthread_mutex_lock(&here->mutex), pthread_mutex_unlock(&here->mutex),
	pthread_mutex_lock(&there->other), pthread_mutex_unlock(&there->other))

/* By both addresses, in both orders. */
static void *order_first(void *unused)
{
	(void)unused;
	pthread_mutex_lock(&here->mutex);
	pthread_mutex_lock(&here->other);
	pthread_mutex_unlock(&here->other);
	pthread_mutex_unlock(&here->mutex);
	return NULL;
}

static void *order_second(void *unused)
{
	(void)unused;
	await_first();
	pthread_mutex_lock(&there->other);
	pthread_mutex_lock(&there->mutex);
	pthread_mutex_unlock(&there->mutex);
	pthread_mutex_unlock(&there->other);
	return NULL;
}

static void order_case(void)
{
	run_both(order_first, order_second, NULL);
}

static const struct race_case cases[] = {
	CASE(mutex, "silent"),
	CASE(rwlock, "silent"),
	CASE(spin, "silent"),
	CASE(semaphore, "silent"),
	CASE(post, "silent"),
	CASE(barrier, "silent"),
	CASE(condition, "silent"),
	CASE(data, "silent"),
	{"again", "silent", again_both_case},
	CASE(one_unlocked, "lost-update:error"),
	CASE(other_unlocked, "lost-update:error"),
	CASE(two_objects, "lost-update:error"),
	CASE(order, "lock-order-inversion:error"),
	{"left", "silent", left_met_case}, /* the last: takes 'here' away */
};

int main(int argc, char **argv)
{
	file = memfd_create("shared", MFD_CLOEXEC);
	MUST(file >= 0);
	MUST(ftruncate(file, sizeof(struct shared)) == 0);
	here = map_shared();
	there = map_shared();
	initialise(here);
	return RUN_CASES(cases, argc, argv);
}
