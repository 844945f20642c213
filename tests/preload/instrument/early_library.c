/* See early_library.h. */
#include "early_library.h"
#include "../guest.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static pthread_t worker;
static int locked_count, thread_count, may_end;

static void *do_work(void *unused)
{
	CHECK_IS(pthread_mutex_lock(&mutex), 0);
	thread_count++;
	while (!may_end)
		CHECK_IS(pthread_cond_wait(&changed, &mutex), 0);
	CHECK_IS(pthread_mutex_unlock(&mutex), 0);
	return unused;
}

__attribute__((constructor)) static void construct(void)
{
	CHECK_IS(pthread_mutex_lock(&mutex), 0);
	locked_count++;
	worker = guest_start(do_work, NULL);
	CHECK_IS(pthread_mutex_unlock(&mutex), 0);
}

__attribute__((destructor)) static void destroy(void)
{
	CHECK_IS(pthread_mutex_lock(&mutex), 0);
	CHECK_IS(pthread_mutex_unlock(&mutex), 0);
}

void early_finish(void)
{
	CHECK_IS(pthread_mutex_lock(&mutex), 0);
	may_end = 1;
	CHECK_IS(pthread_cond_signal(&changed), 0);
	CHECK_IS(pthread_mutex_unlock(&mutex), 0);
	guest_join(worker);
}

int early_locked_count(void)
{
	return locked_count;
}

int early_thread_count(void)
{
	return thread_count;
}
