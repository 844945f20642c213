/*
 * A reader who writes (lost-update).
 *
 * What happens: look_up() only reads the table, so it takes the read lock.  It
 * also counts the hits, for the statistics.
 *
 * Why it is wrong: readers do not keep each other out, that is what the read
 * lock is for.  So any number of them count at the same time.
 *
 * See it: snarl run ./read_lock
 * Both updates, with table_lock held for reading.
 *
 * Fix: what readers change must be atomic, as in clean_read_lock.c, or have a
 * lock of its own.
 */
#include <pthread.h>
#include <stdio.h>

static pthread_rwlock_t table_lock = PTHREAD_RWLOCK_INITIALIZER;
static const int table[] = { 3, 1, 4, 1, 5 };
static long hit_count;

static int look_up(int index)
{
	int value;

	pthread_rwlock_rdlock(&table_lock);
	value = table[index];
	hit_count++; /* HERE: counts */
	pthread_rwlock_unlock(&table_lock);
	return value;
}

static void *ask(void *argument)
{
	int *number = argument;

	*number = look_up(*number);
	return NULL;
}

int main(void)
{
	pthread_t clients[2];
	int numbers[2] = { 2, 4 };

	for (int client = 0; client < 2; client++)
		pthread_create(&clients[client], NULL, ask, &numbers[client]);
	for (int client = 0; client < 2; client++)
		pthread_join(clients[client], NULL);
	printf("%d and %d, %ld hits\n", numbers[0], numbers[1], hit_count);
	return 0;
}
