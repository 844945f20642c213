/*
 * Fields of one structure lack one lock, each in a function of its own that one function
 * calls; but for a field that is updated under a lock of which others know nothing.
 */
#include <pthread.h>

struct score {
	long hits, misses, points, games;
};

static struct score score;
static pthread_mutex_t own[2] = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER};

static __attribute__((noinline)) void add_hit(void)
{
	score.hits++;
}

static __attribute__((noinline)) void add_miss(void)
{
	score.misses++;
}

static __attribute__((noinline)) void add_points(long points)
{
	score.points += points;
}

static __attribute__((noinline)) void add_game(void)
{
	score.games++;
}

static void *play(void *lock)
{
	for (int i = 0; i < 1000; i++) {
		add_hit();
		add_miss();
		add_points(i);
		pthread_mutex_lock(lock);
		add_game();
		pthread_mutex_unlock(lock);
	}
	return NULL;
}

int main(void)
{
	pthread_t threads[2];

	for (int i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, play, &own[i]);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	return 0;
}
