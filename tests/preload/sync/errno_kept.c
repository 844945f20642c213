/*
 * pthread functions return their errors and leave errno alone, and functions
 * that succeed leave it alone too: real programs test errno long after the
 * call that set it, and lock in between.
 */
#include "../guest.h"

#include <semaphore.h>

#define MAGIC 4242

#define KEEPS_ERRNO(call, expected)                                                                \
	do {                                                                                       \
		errno = MAGIC;                                                                     \
		CHECK_IS(call, expected);                                                          \
		CHECK_IS(errno, MAGIC);                                                            \
	} while (0)

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void initialise_locks(void)
{
	KEEPS_ERRNO(pthread_mutex_lock(&mutex), 0);
	KEEPS_ERRNO(pthread_mutex_unlock(&mutex), 0);
}

static void *use_everything(void *unused)
{
	struct timespec past = {1, 0};
	pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
	pthread_cond_t condition;
	pthread_barrier_t barrier;
	pthread_spinlock_t spin;
	sem_t semaphore;

	KEEPS_ERRNO(pthread_mutex_lock(&mutex), 0);
	KEEPS_ERRNO(pthread_mutex_trylock(&mutex), EBUSY);
	KEEPS_ERRNO(pthread_cond_init(&condition, NULL), 0);
	KEEPS_ERRNO(pthread_cond_timedwait(&condition, &mutex, &past), ETIMEDOUT);
	KEEPS_ERRNO(pthread_cond_signal(&condition), 0);
	KEEPS_ERRNO(pthread_cond_broadcast(&condition), 0);
	KEEPS_ERRNO(pthread_cond_destroy(&condition), 0);
	KEEPS_ERRNO(pthread_mutex_unlock(&mutex), 0);
	KEEPS_ERRNO(pthread_rwlock_rdlock(&rwlock), 0);
	KEEPS_ERRNO(pthread_rwlock_trywrlock(&rwlock), EBUSY);
	KEEPS_ERRNO(pthread_rwlock_unlock(&rwlock), 0);
	KEEPS_ERRNO(pthread_rwlock_wrlock(&rwlock), 0);
	KEEPS_ERRNO(pthread_rwlock_unlock(&rwlock), 0);
	KEEPS_ERRNO(pthread_rwlock_destroy(&rwlock), 0);
	KEEPS_ERRNO(pthread_spin_init(&spin, PTHREAD_PROCESS_PRIVATE), 0);
	KEEPS_ERRNO(pthread_spin_lock(&spin), 0);
	KEEPS_ERRNO(pthread_spin_unlock(&spin), 0);
	KEEPS_ERRNO(pthread_barrier_init(&barrier, NULL, 1), 0);
	KEEPS_ERRNO(pthread_barrier_wait(&barrier), PTHREAD_BARRIER_SERIAL_THREAD);
	KEEPS_ERRNO(pthread_barrier_destroy(&barrier), 0);
	KEEPS_ERRNO(sem_init(&semaphore, 0, 0), 0);
	KEEPS_ERRNO(sem_post(&semaphore), 0);
	KEEPS_ERRNO(sem_wait(&semaphore), 0);
	KEEPS_ERRNO(sem_destroy(&semaphore), 0);
	KEEPS_ERRNO(pthread_once(&once, initialise_locks), 0);
	KEEPS_ERRNO(pthread_once(&once, initialise_locks), 0);
	return unused;
}

int main(void)
{
	pthread_t thread;

	use_everything(NULL);
	KEEPS_ERRNO(pthread_create(&thread, NULL, use_everything, NULL), 0);
	KEEPS_ERRNO(pthread_join(thread, NULL), 0);
	KEEPS_ERRNO(pthread_create(&thread, NULL, use_everything, NULL), 0);
	KEEPS_ERRNO(pthread_join(thread, NULL), 0);
	errno = MAGIC;
	free(malloc(100));
	CHECK_IS(errno, MAGIC);
	return guest_passed();
}
