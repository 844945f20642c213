/*
 * Concurrency Kit's lock of a queue on the waiters' stacks, handed over 9 000
 * times: a wait ends by a plain store into the frame of the one who waits.
 *
 * needs: /usr/include/ck_spinlock.h
 * build: -lck
 */
#include <ck_spinlock.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>

static ck_spinlock_mcs_t lock = CK_SPINLOCK_MCS_INITIALIZER;
static long sum;

static void *work(void *number)
{
	for (long turn = 0; turn < 3000; turn++) {
		ck_spinlock_mcs_context_t node;

		ck_spinlock_mcs_lock(&lock, &node);
		sum++;
		ck_spinlock_mcs_unlock(&lock, &node);
		if (turn % 7 == (long)number)
			sched_yield();
	}
	return NULL;
}

int main(void)
{
	pthread_t threads[3];

	for (long i = 0; i < 3; i++)
		pthread_create(&threads[i], NULL, work, (void *)i);
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	printf("%ld\n", sum);
	return 0;
}
