/*
 * A variable that two threads count in without a lock, and read: the lost update and the race
 * are one bug.  Another one that is read under a lock and written under it again, which
 * loses a write in between, and is also read without the lock: these are two.
 */
#include <pthread.h>
#include <semaphore.h>

static long seen;
static long stock = 5;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static sem_t has_read, has_written;

static __attribute__((noinline)) void count(void)
{
	seen++;
}

static __attribute__((noinline)) long show(void)
{
	return seen;
}

static void *sell(void *sum)
{
	long old;

	count();
	*(long *)sum += show();
	pthread_mutex_lock(&lock);
	old = stock;
	pthread_mutex_unlock(&lock);
	sem_post(&has_read);
	sem_wait(&has_written);
	pthread_mutex_lock(&lock);
	stock = old - 1;
	pthread_mutex_unlock(&lock);
	return NULL;
}

static void *deliver(void *sum)
{
	count();
	*(long *)sum += show();
	sem_wait(&has_read);
	pthread_mutex_lock(&lock);
	stock = 9;
	pthread_mutex_unlock(&lock);
	sem_post(&has_written);
	return NULL;
}

static void *look(void *sum)
{
	*(long *)sum += stock;
	return NULL;
}

int main(void)
{
	void *(*const routines[])(void *) = {sell, deliver, look};
	pthread_t threads[3];
	long sums[3] = {0};

	sem_init(&has_read, 0, 0);
	sem_init(&has_written, 0, 0);
	for (int i = 0; i < 3; i++)
		pthread_create(&threads[i], NULL, routines[i], &sums[i]);
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	return 0;
}
