/*
 * Dining philosophers who happen not to starve (lock-order-cycle).
 *
 * What happens: five philosophers sit round a table, one fork between any
 * two.  Each takes the fork on his left, then the one on his right.  In this
 * run they eat one after the other.
 *
 * Why it is wrong: five lock orders, 0-1, 1-2, 2-3, 3-4 and 4-0, none of them
 * the reverse of another, make a ring.  The day all five hold their left fork,
 * all five wait for ever: see deadlock/philosophers.c.
 *
 * See it: snarl run ./philosophers
 * One finding with all five edges of the ring, each with both its stacks.
 *
 * Fix: number the forks and take the lower one first, as in
 * deadlock/clean_philosophers.c; only the last philosopher does anything new.
 */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>

#define SEAT_COUNT 5

static pthread_mutex_t forks[SEAT_COUNT] = {
	[0 ... SEAT_COUNT - 1] = PTHREAD_MUTEX_INITIALIZER
};
static int seats[SEAT_COUNT] = { 0, 1, 2, 3, 4 };

static pthread_mutex_t progress_lock = PTHREAD_MUTEX_INITIALIZER;
static int meal_count;

/*
 * Luck, made repeatable: each waits until those before him have eaten, but
 * loses patience in the end.  So nothing keeps them apart.
 */
static void wait_for_luck(int meals_before)
{
	int meals = 0;

	for (int patience = 1000000; patience > 0 && meals < meals_before; patience--) {
		sched_yield();
		pthread_mutex_lock(&progress_lock);
		meals = meal_count;
		pthread_mutex_unlock(&progress_lock);
	}
}

static void *dine(void *argument)
{
	int seat = *(const int *)argument;
	int first = seat;
	int second = (seat + 1) % SEAT_COUNT;

	wait_for_luck(seat);
	pthread_mutex_lock(&forks[first]);  /* HERE: first_fork */
	pthread_mutex_lock(&forks[second]); /* HERE: second_fork */
	pthread_mutex_unlock(&forks[second]);
	pthread_mutex_unlock(&forks[first]);

	pthread_mutex_lock(&progress_lock);
	meal_count++;
	pthread_mutex_unlock(&progress_lock);
	return NULL;
}

int main(void)
{
	pthread_t philosophers[SEAT_COUNT];

	for (int seat = 0; seat < SEAT_COUNT; seat++)
		pthread_create(&philosophers[seat], NULL, dine, &seats[seat]);
	for (int seat = 0; seat < SEAT_COUNT; seat++)
		pthread_join(philosophers[seat], NULL);
	printf("%d meals\n", meal_count);
	return 0;
}
