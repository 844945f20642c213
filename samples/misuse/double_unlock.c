/*
 * A mutex unlocked twice (unlock-unlocked).
 *
 * What happens: on a full table insert() unlocks and then falls through to the
 * common exit, which unlocks again.
 *
 * Why it is wrong: the second unlock is undefined.  If another thread has
 * taken the lock in between, it is that thread's lock that is opened, and a
 * third thread walks in.  Alone, as here, nothing is to be seen.
 *
 * See it: snarl run ./double_unlock
 * The stack of the second unlock.
 *
 * Fix: one lock, one unlock: clean_double_unlock.c leaves it to the exit.
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
	else
		pthread_mutex_unlock(&table_lock);
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
