/* A count that one thread adds to by an atomic operation, and the other not. */
#include <pthread.h>

static long count;

static void *add(void *unused)
{
	for (int i = 0; i < 1000; i++)
		__atomic_fetch_add(&count, 1, __ATOMIC_SEQ_CST);
	return unused;
}

static void *add_plainly(void *unused)
{
	for (int i = 0; i < 1000; i++) {
		count++;
		__asm__ volatile("" : : : "memory");
	}
	return unused;
}

int main(void)
{
	pthread_t threads[2];

	pthread_create(&threads[0], NULL, add, NULL);
	pthread_create(&threads[1], NULL, add_plainly, NULL);
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);
	return count == 0;
}
