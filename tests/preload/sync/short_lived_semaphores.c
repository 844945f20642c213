/*
 * A semaphore for each wait, as Python's conditions make them: taken by who is going to
 * wait, taken again, which blocks, posted by another thread, destroyed.  Memory must not
 * grow with the number of waits.
 */
#include <semaphore.h>

#include "../guest.h"

#define WARM_UP 2000
#define ROUNDS 10000
#define GROWTH_MAX_PAGES 1024 /* a kilobyte for each wait were twice as many */

static pthread_mutex_t guard = PTHREAD_MUTEX_INITIALIZER;
static sem_t *waiter; /* of the thread that waits for its turn */
static int turn;

static void wait_for_change(void)
{
	sem_t *own = malloc(sizeof(*own));

	CHECK_IS(sem_init(own, 0, 1), 0);
	CHECK_IS(sem_wait(own), 0);
	waiter = own;
	CHECK_IS(pthread_mutex_unlock(&guard), 0);
	CHECK_IS(sem_wait(own), 0);
	CHECK_IS(pthread_mutex_lock(&guard), 0);
	CHECK_IS(sem_destroy(own), 0);
	free(own);
}

static void take_turns(int own, int count)
{
	for (int i = 0; i < count; i++) {
		CHECK_IS(pthread_mutex_lock(&guard), 0);
		while (turn != own)
			wait_for_change();
		turn = !own;
		if (waiter)
			CHECK_IS(sem_post(waiter), 0);
		waiter = NULL;
		CHECK_IS(pthread_mutex_unlock(&guard), 0);
	}
}

static void *take_other_turns(void *unused)
{
	(void)unused;
	take_turns(1, WARM_UP + ROUNDS);
	return NULL;
}

static long resident_pages(void)
{
	FILE *file = fopen("/proc/self/statm", "r");
	long pages = 0;

	CHECK_IS(fscanf(file, "%*d %ld", &pages), 1);
	fclose(file);
	return pages;
}

int main(void)
{
	pthread_t other = guest_start(take_other_turns, NULL);
	long before;

	take_turns(0, WARM_UP);
	before = resident_pages();
	take_turns(0, ROUNDS);
	CHECK(resident_pages() - before < GROWTH_MAX_PAGES);
	guest_join(other);
	return guest_passed();
}
