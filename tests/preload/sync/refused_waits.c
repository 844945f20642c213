/*
 * Waits that end before they have begun: a condition wait that fails with EPERM,
 * which is a warning as the program was told, and a join whose thread was cancelled
 * before.  The program goes on.
 *
 * snarl-expect: status=0 kinds=wait-without-lock
 * guest-bare: yes
 */
#include "../guest.h"

static pthread_mutex_t main_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_t locker;
static int is_cancelled;

static void wait_with(int type)
{
	pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
	pthread_mutexattr_t attributes;
	pthread_mutex_t mutex;

	CHECK_IS(pthread_mutexattr_init(&attributes), 0);
	CHECK_IS(pthread_mutexattr_settype(&attributes, type), 0);
	CHECK_IS(pthread_mutex_init(&mutex, &attributes), 0);
	CHECK_IS(pthread_cond_wait(&condition, &mutex), EPERM);
}

static void *lock_mutex(void *unused)
{
	CHECK_IS(pthread_mutex_lock(&main_lock), 0);
	CHECK_IS(pthread_mutex_unlock(&main_lock), 0);
	return unused;
}

static void *join_locker(void *unused)
{
	(void)unused;
	while (!__atomic_load_n(&is_cancelled, __ATOMIC_ACQUIRE))
		; /* nothing that a cancellation could end */
	pthread_join(locker, NULL);
	return NULL;
}

int main(void)
{
	pthread_t joiner;

	wait_with(PTHREAD_MUTEX_ERRORCHECK);
	wait_with(PTHREAD_MUTEX_RECURSIVE);
	CHECK_IS(pthread_mutex_lock(&main_lock), 0);
	locker = guest_start(lock_mutex, NULL);
	joiner = guest_start(join_locker, NULL);
	CHECK_IS(pthread_cancel(joiner), 0);
	__atomic_store_n(&is_cancelled, 1, __ATOMIC_RELEASE);
	CHECK(guest_join(joiner) == PTHREAD_CANCELED);
	CHECK_IS(pthread_mutex_unlock(&main_lock), 0);
	guest_join(locker);
	return guest_passed();
}
