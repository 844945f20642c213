/*
 * The fixed twin of read_lock.c: the count that all readers change is
 * atomic, and the table that they only read needs no more than the read lock.
 */
#include <pthread.h>
#include <stdio.h>

static pthread_rwlock_t table_lock = PTHREAD_RWLOCK_INITIALIZER;
static const int table[] = { 3, 1, 4, 1, 5 };
static _Atomic long hit_count;

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
