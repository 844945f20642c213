/* See locking_library.h. */
#include "locking_library.h"
#include "../guest.h"

static pthread_mutex_t own = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t own_rwlock = PTHREAD_RWLOCK_INITIALIZER;
static int call_count;

__attribute__((constructor)) static void construct(void)
{
	CHECK_IS(pthread_mutex_lock(&own), 0);
	call_count = 100;
	CHECK_IS(pthread_mutex_unlock(&own), 0);
}

__attribute__((destructor)) static void destroy(void)
{
	CHECK_IS(pthread_rwlock_wrlock(&own_rwlock), 0);
	CHECK_IS(pthread_mutex_lock(&own), 0);
	CHECK_IS(pthread_mutex_unlock(&own), 0);
	CHECK_IS(pthread_rwlock_unlock(&own_rwlock), 0);
}

int locking_library_count(void)
{
	int count;

	CHECK_IS(pthread_rwlock_rdlock(&own_rwlock), 0);
	CHECK_IS(pthread_mutex_lock(&own), 0);
	count = ++call_count;
	CHECK_IS(pthread_mutex_unlock(&own), 0);
	CHECK_IS(pthread_rwlock_unlock(&own_rwlock), 0);
	return count;
}

int locking_library_lock(pthread_mutex_t *mutex)
{
	return pthread_mutex_lock(mutex);
}

int locking_library_unlock(pthread_mutex_t *mutex)
{
	return pthread_mutex_unlock(mutex);
}

int locking_library_wait(pthread_cond_t *condition, pthread_mutex_t *mutex)
{
	return pthread_cond_wait(condition, mutex);
}

static void *count_in_thread(void *unused)
{
	locking_library_count();
	return unused;
}

void locking_library_run_thread(void)
{
	guest_run_in_thread(count_in_thread, NULL);
}
