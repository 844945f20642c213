/* Three fields of one structure lack one lock, and so does a variable beside it. */
#include <pthread.h>

struct score {
	int hits, misses, points;
};

static struct score score;
static int games;

static void *play(void *unused)
{
	for (int i = 0; i < 1000; i++) {
		score.hits++;
		score.misses++;
		score.points += i;
		games++;
	}
	return unused;
}

int main(void)
{
	pthread_t threads[2];

	for (int i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, play, NULL);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	return 0;
}
