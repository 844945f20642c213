/* Two threads that surely take two locks crosswise, and hang. */
#include <pthread.h>

static pthread_mutex_t first = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t second = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t both_hold_one;

static void *lock_forward(void *unused)
{
	pthread_mutex_lock(&first);
	pthread_barrier_wait(&both_hold_one);
	pthread_mutex_lock(&second);
	return unused;
}

static void *lock_backward(void *unused)
{
	pthread_mutex_lock(&second);
	pthread_barrier_wait(&both_hold_one);
	pthread_mutex_lock(&first);
	return unused;
}

int main(void)
{
	pthread_t threads[2];

	pthread_barrier_init(&both_hold_one, NULL, 2);
	pthread_create(&threads[0], NULL, lock_forward, NULL);
	pthread_create(&threads[1], NULL, lock_backward, NULL);
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);
	return 0;
}
