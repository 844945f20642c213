/*
 * The fixed twin of double_unlock.c: the unlock at the common exit is
 * the only one.
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>

#define CAPACITY 2

static pthread_mutex_t table_lock = PTHREAD_MUTEX_INITIALIZER;
static int table[CAPACITY], used_count;

static bool insert(int value)
{
	bool has_room;

	pthread_mutex_lock(&table_lock);
	has_room = used_count < CAPACITY;
	if (has_room)
		table[used_count++] = value;
	pthread_mutex_unlock(&table_lock); /* HERE: second_unlock */
	return has_room;
}

static void *fill_table(void *unused)
{
	int value = 1;

	(void)unused;
	while (insert(value)) /* HERE: calls */
		value++;
	return NULL;
}

int main(void)
{
	pthread_t filler;

	pthread_create(&filler, NULL, fill_table, NULL);
	pthread_join(filler, NULL);
	printf("%d in the table, the last is %d\n", used_count, table[CAPACITY - 1]);
	return 0;
}
