/*
 * Dining philosophers who starve (deadlock, five threads and five locks).
 *
 * What happens: each takes the fork on his left, all wait at the barrier
 * until everyone has one, and then each wants the fork on his right, which
 * his neighbour holds and will never lay down.
 *
 * Why: the five lock orders 0-1, 1-2, 2-3, 3-4 and 4-0 make a ring.  No two
 * philosophers disagree; it takes all five to see the fault.
 *
 * See it: snarl run ./philosophers
 * The program is ended at once with status 66; the report goes round the
 * table: who holds which fork, who waits for it, where.
 *
 * Fix: number the forks and take the lower one first, as in
 * clean_philosophers.c (also the twin of order/philosophers.c, the same fault
 * in a run that was lucky).
 */
#include <pthread.h>
#include <stdio.h>

#define SEAT_COUNT 5

static pthread_mutex_t forks[SEAT_COUNT] = {
	[0 ... SEAT_COUNT - 1] = PTHREAD_MUTEX_INITIALIZER
};
static int seats[SEAT_COUNT] = { 0, 1, 2, 3, 4 };
static pthread_barrier_t all_have_one;

static void *dine(void *argument)
{
	int seat = *(const int *)argument;
	int first = seat;
	int second = (seat + 1) % SEAT_COUNT;

	pthread_mutex_lock(&forks[first]); /* HERE: first_fork */
	pthread_barrier_wait(&all_have_one);
	pthread_mutex_lock(&forks[second]); /* HERE: second_fork */
	pthread_mutex_unlock(&forks[second]);
	pthread_mutex_unlock(&forks[first]);
	return NULL;
}

int main(void)
{
	pthread_t philosophers[SEAT_COUNT];

	pthread_barrier_init(&all_have_one, NULL, SEAT_COUNT);
	for (int seat = 0; seat < SEAT_COUNT; seat++)
		pthread_create(&philosophers[seat], NULL, dine, &seats[seat]);
	for (int seat = 0; seat < SEAT_COUNT; seat++)
		pthread_join(philosophers[seat], NULL);
	pthread_barrier_destroy(&all_have_one);
	puts("all have eaten");
	return 0;
}
