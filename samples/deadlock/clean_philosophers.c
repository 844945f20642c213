/*
 * The fixed twin of order/philosophers.c and philosophers.c: everyone
 * takes the fork with the lower number first.
 *
 * For the last philosopher that is the fork on his right.  He competes with his
 * neighbour for his first fork, not for his second, and the ring is open.
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
	int right = (seat + 1) % SEAT_COUNT;
	int first = seat < right ? seat : right;
	int second = seat < right ? right : seat;

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
