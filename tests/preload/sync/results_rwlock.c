/*
 * Every way in which a reader-writer lock or a spin lock refuses.
 *
 * snarl-expect: status=0 kinds=self-lock-refused,wait-holding-lock?
 */
#include "../guest.h"

#include <semaphore.h>

static pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_spinlock_t spin;
static sem_t is_held, may_release;

static void *hold_lock(void *wants_write)
{
	CHECK_IS(wants_write ? pthread_rwlock_wrlock(&lock) : pthread_rwlock_rdlock(&lock), 0);
	CHECK_IS(pthread_spin_lock(&spin), 0);
	CHECK_IS(sem_post(&is_held), 0);
	CHECK_IS(sem_wait(&may_release), 0);
	CHECK_IS(pthread_spin_unlock(&spin), 0);
	CHECK_IS(pthread_rwlock_unlock(&lock), 0);
	return NULL;
}

static void check_writing_refused(void)
{
	struct timespec past = {1, 0}, wrong = {1, -1}, soon;

	CHECK_IS(pthread_rwlock_trywrlock(&lock), EBUSY);
	CHECK_IS(pthread_rwlock_timedwrlock(&lock, &past), ETIMEDOUT);
	CHECK_IS(pthread_rwlock_timedwrlock(&lock, &wrong), EINVAL);
	CHECK_IS(pthread_rwlock_clockwrlock(&lock, CLOCK_MONOTONIC, &past), ETIMEDOUT);
	CHECK_IS(pthread_rwlock_clockwrlock(&lock, CLOCK_THREAD_CPUTIME_ID, &past), EINVAL);
	soon = guest_deadline(CLOCK_MONOTONIC, 5);
	CHECK_IS(pthread_rwlock_clockwrlock(&lock, CLOCK_MONOTONIC, &soon), ETIMEDOUT);
	CHECK(guest_is_past(CLOCK_MONOTONIC, soon));
}

static void check_reading_refused(void)
{
	struct timespec past = {1, 0}, wrong = {1, 1000000000}, soon;

	CHECK_IS(pthread_rwlock_tryrdlock(&lock), EBUSY);
	CHECK_IS(pthread_rwlock_timedrdlock(&lock, &past), ETIMEDOUT);
	CHECK_IS(pthread_rwlock_timedrdlock(&lock, &wrong), EINVAL);
	CHECK_IS(pthread_rwlock_clockrdlock(&lock, CLOCK_MONOTONIC, &past), ETIMEDOUT);
	CHECK_IS(pthread_rwlock_clockrdlock(&lock, CLOCK_THREAD_CPUTIME_ID, &past), EINVAL);
	soon = guest_deadline(CLOCK_REALTIME, 5);
	CHECK_IS(pthread_rwlock_timedrdlock(&lock, &soon), ETIMEDOUT);
	CHECK(guest_is_past(CLOCK_REALTIME, soon));
}

static void check_against_holder(int wants_write)
{
	static int yes;
	pthread_t holder = guest_start(hold_lock, wants_write ? &yes : NULL);

	CHECK_IS(sem_wait(&is_held), 0);
	CHECK_IS(pthread_spin_trylock(&spin), EBUSY);
	check_writing_refused();
	if (wants_write) {
		check_reading_refused();
	} else {
		CHECK_IS(pthread_rwlock_rdlock(&lock), 0);
		CHECK_IS(pthread_rwlock_tryrdlock(&lock), 0);
		CHECK_IS(pthread_rwlock_unlock(&lock), 0);
		CHECK_IS(pthread_rwlock_unlock(&lock), 0);
	}
	CHECK_IS(sem_post(&may_release), 0);
	guest_join(holder);
}

int main(void)
{
	CHECK_IS(sem_init(&is_held, 0, 0), 0);
	CHECK_IS(sem_init(&may_release, 0, 0), 0);
	CHECK_IS(pthread_spin_init(&spin, PTHREAD_PROCESS_PRIVATE), 0);

	check_against_holder(0);
	check_against_holder(1);

	/* The writer itself is told, in whichever mode it asks again. */
	CHECK_IS(pthread_rwlock_wrlock(&lock), 0);
	CHECK_IS(pthread_rwlock_wrlock(&lock), EDEADLK);
	CHECK_IS(pthread_rwlock_rdlock(&lock), EDEADLK);
	CHECK_IS(pthread_rwlock_unlock(&lock), 0);

	CHECK_IS(pthread_spin_trylock(&spin), 0);
	CHECK_IS(pthread_spin_unlock(&spin), 0);
	CHECK_IS(pthread_spin_destroy(&spin), 0);
	CHECK_IS(pthread_rwlock_destroy(&lock), 0);
	return guest_passed();
}
