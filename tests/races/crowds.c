/*
 * Two threads among many: more than one chunk of a clock has entries (src/detect/data/vclock.h).
 * What a lock keeps shares such chunks with the clocks.  It knows what its last owner did before,
 * not what that one does later.
 */
#include <semaphore.h>
#include <unistd.h>

#include "cases.h"

#define CROWD 150
#define WARM 200 /* the first accesses of each line keep their callers */

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;

static void *idle(void *unused)
{
	pthread_mutex_lock(&gate);
	pthread_mutex_unlock(&gate);
	return unused;
}

static void run_both_among_many(thread_body *first, thread_body *second)
{
	pthread_t threads[CROWD];

	pthread_mutex_lock(&gate);
	for (int i = 0; i < CROWD; i++)
		MUST(pthread_create(&threads[i], NULL, idle, NULL) == 0);
	run_both(first, second, NULL);
	pthread_mutex_unlock(&gate);
	for (int i = 0; i < CROWD; i++)
		pthread_join(threads[i], NULL);
}

static pthread_mutex_t update_lock = PTHREAD_MUTEX_INITIALIZER;
static long update_guarded, update_data;

static void *update_first(void *unused)
{
	for (int i = 0; i < 3; i++) {
		pthread_mutex_lock(&update_lock);
		update_guarded++;
		pthread_mutex_unlock(&update_lock);
	}
	update_data++;
	return unused;
}

static void *update_second(void *unused)
{
	usleep(50000); /* so that the other one's last release is taken */
	return update_first(unused);
}

static void update_case(void)
{
	run_both_among_many(update_first, update_second);
	KEEP(update_guarded);
	KEEP(update_data);
}

/*
 * The first thread has just learnt something, so what it gives the lock is new and shares its
 * chunks; then it stores by a line that has often begun an epoch before.
 */
static pthread_mutex_t store_lock = PTHREAD_MUTEX_INITIALIZER;
static sem_t store_turns[2];
static long store_guarded, store_data, store_warm;

static NOINLINE void store_put(long *at)
{
	KEEP(store_data);
	*(volatile long *)at = 1;
}

static void store_guard(long value)
{
	pthread_mutex_lock(&store_lock);
	store_guarded = value;
	pthread_mutex_unlock(&store_lock);
}

static void *store_first(void *unused)
{
	for (int round = 0; round < WARM; round++) {
		store_guard(round);
		store_put(&store_warm);
	}
	sem_post(&store_turns[0]);
	sem_wait(&store_turns[1]);
	store_guard(WARM);
	store_put(&store_data);
	return unused;
}

static void *store_second(void *unused)
{
	sem_wait(&store_turns[0]);
	store_guard(-1);
	sem_post(&store_turns[1]);
	await_threads(2 + CROWD);
	store_guard(-2);
	store_data = 2;
	return unused;
}

static void store_case(void)
{
	MUST(sem_init(&store_turns[0], 0, 0) == 0 && sem_init(&store_turns[1], 0, 0) == 0);
	run_both_among_many(store_first, store_second);
	KEEP(store_guarded);
}

static const struct race_case cases[] = {
	CASE(update, "lost-update:error"),
	CASE(store, "data-race:error"),
};

int main(int argc, char **argv)
{
	return RUN_CASES(cases, argc, argv);
}
