/*
 * Process-shared mutexes, conditions, reader-writer locks, barriers and
 * semaphores in memory that a parent shares with its children; the same
 * memory mapped twice at two addresses.
 *
 * guest-bare: yes
 */
#include "../guest.h"

#include <semaphore.h>
#include <sys/mman.h>

#define ROUND_COUNT 100

struct shared {
	pthread_mutex_t mutex;
	pthread_cond_t condition;
	pthread_rwlock_t rwlock;
	pthread_barrier_t barrier;
	pthread_spinlock_t spin;
	sem_t semaphore;
	int turn, counter;
};

static void initialise_locks(struct shared *shared)
{
	pthread_mutexattr_t for_mutex;
	pthread_condattr_t for_condition;
	pthread_rwlockattr_t for_rwlock;
	pthread_barrierattr_t for_barrier;

	CHECK_IS(pthread_mutexattr_init(&for_mutex), 0);
	CHECK_IS(pthread_mutexattr_setpshared(&for_mutex, PTHREAD_PROCESS_SHARED), 0);
	CHECK_IS(pthread_mutex_init(&shared->mutex, &for_mutex), 0);
	CHECK_IS(pthread_condattr_init(&for_condition), 0);
	CHECK_IS(pthread_condattr_setpshared(&for_condition, PTHREAD_PROCESS_SHARED), 0);
	CHECK_IS(pthread_cond_init(&shared->condition, &for_condition), 0);
	CHECK_IS(pthread_rwlockattr_init(&for_rwlock), 0);
	CHECK_IS(pthread_rwlockattr_setpshared(&for_rwlock, PTHREAD_PROCESS_SHARED), 0);
	CHECK_IS(pthread_rwlock_init(&shared->rwlock, &for_rwlock), 0);
	CHECK_IS(pthread_barrierattr_init(&for_barrier), 0);
	CHECK_IS(pthread_barrierattr_setpshared(&for_barrier, PTHREAD_PROCESS_SHARED), 0);
	CHECK_IS(pthread_barrier_init(&shared->barrier, &for_barrier, 2), 0);
	CHECK_IS(pthread_spin_init(&shared->spin, PTHREAD_PROCESS_SHARED), 0);
	CHECK_IS(sem_init(&shared->semaphore, 1, 1), 0);
}

/* The two sides take turns, then meet, then count under each kind of lock. */
static void take_part(struct shared *shared, int side)
{
	int i, result;

	for (i = 0; i < ROUND_COUNT; i++) {
		CHECK_IS(pthread_mutex_lock(&shared->mutex), 0);
		while (shared->turn % 2 != side)
			CHECK_IS(pthread_cond_wait(&shared->condition, &shared->mutex), 0);
		shared->turn++;
		CHECK_IS(pthread_cond_signal(&shared->condition), 0);
		CHECK_IS(pthread_mutex_unlock(&shared->mutex), 0);
	}
	for (i = 0; i < ROUND_COUNT; i++) {
		result = pthread_barrier_wait(&shared->barrier);
		CHECK(result == 0 || result == PTHREAD_BARRIER_SERIAL_THREAD);
		CHECK_IS(pthread_rwlock_wrlock(&shared->rwlock), 0);
		CHECK_IS(pthread_spin_lock(&shared->spin), 0);
		while (sem_wait(&shared->semaphore))
			CHECK_IS(errno, EINTR);
		shared->counter++;
		CHECK_IS(sem_post(&shared->semaphore), 0);
		CHECK_IS(pthread_spin_unlock(&shared->spin), 0);
		CHECK_IS(pthread_rwlock_unlock(&shared->rwlock), 0);
	}
}

int main(void)
{
	int file = memfd_create("shared", MFD_CLOEXEC);
	struct shared *first, *second;
	pid_t child;

	CHECK(file >= 0);
	CHECK_IS(ftruncate(file, sizeof(struct shared)), 0);
	first = mmap(NULL, sizeof(*first), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	second = mmap(NULL, sizeof(*second), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	CHECK(first != MAP_FAILED);
	CHECK(second != MAP_FAILED);
	initialise_locks(first);

	/* One object at two addresses. */
	CHECK_IS(pthread_mutex_lock(&first->mutex), 0);
	CHECK_IS(pthread_mutex_trylock(&second->mutex), EBUSY);
	CHECK_IS(pthread_mutex_unlock(&second->mutex), 0);
	CHECK_IS(pthread_mutex_trylock(&first->mutex), 0);
	CHECK_IS(pthread_mutex_unlock(&first->mutex), 0);

	child = fork();
	if (!child) {
		take_part(second, 1);
		_exit(8);
	}
	take_part(first, 0);
	CHECK_IS(guest_wait_for(child), 8);
	CHECK_IS(first->turn, 2 * ROUND_COUNT);
	CHECK_IS(first->counter, 2 * ROUND_COUNT);
	return guest_passed();
}
