/*
 * A program of one thread that has locked by many stacks: what it takes then is known by the
 * call site, but where a mutex was used first by the whole stack.
 */
#include <pthread.h>

#define STACKS 600

static pthread_mutex_t often = PTHREAD_MUTEX_INITIALIZER, late = PTHREAD_MUTEX_INITIALIZER;

static __attribute__((noinline)) void take(pthread_mutex_t *mutex)
{
	pthread_mutex_lock(mutex);
}

static __attribute__((noinline)) int descend(int depth)
{
	int below = depth ? descend(depth - 1) : 0;

	if (depth)
		return below + 1;
	take(&often);
	return pthread_mutex_unlock(&often);
}

static __attribute__((noinline)) int use_first(void)
{
	take(&late);
	return pthread_mutex_unlock(&late);
}

static __attribute__((noinline)) int use_again(void)
{
	take(&late);
	return pthread_mutex_destroy(&late);
}

int main(void)
{
	int sum = 0;

	for (int depth = 0; depth < STACKS; depth++)
		sum += descend(depth);
	sum += use_first();
	sum += use_again();
	return sum < 0;
}
