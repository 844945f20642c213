/*
 * Two locks, taken in opposite orders (lock-order-inversion).
 *
 * What happens: the soup is seasoned with salt, then pepper; the stew with
 * pepper, then salt.  In this run the stew comes second, so all goes well.
 *
 * Why it is wrong: the day both cooks hold their first lock at the same time,
 * each waits for the other's, for ever.  Tests rarely meet that moment.
 *
 * See it: snarl run ./two_locks
 * It names both locks and shows four stacks: where each cook took his first
 * lock, and where he took the second while holding the first.
 *
 * Fix: one order for all.  clean_two_locks.c takes salt first everywhere.
 */
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>

static pthread_mutex_t salt_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t pepper_lock = PTHREAD_MUTEX_INITIALIZER;
static int salt_used, pepper_used;

static pthread_mutex_t progress_lock = PTHREAD_MUTEX_INITIALIZER;
static bool is_soup_done;

/*
 * Luck, made repeatable: the stew waits for the soup, but loses patience in
 * the end.  So nothing keeps the two apart, they only happen not to meet.
 */
static void wait_for_luck(void)
{
	bool is_lucky = false;

	for (int patience = 1000000; patience > 0 && !is_lucky; patience--) {
		sched_yield();
		pthread_mutex_lock(&progress_lock);
		is_lucky = is_soup_done;
		pthread_mutex_unlock(&progress_lock);
	}
}

static void *season_soup(void *unused)
{
	(void)unused;
	pthread_mutex_lock(&salt_lock);   /* HERE: soup_salt */
	pthread_mutex_lock(&pepper_lock); /* HERE: soup_pepper */
	salt_used += 1;
	pepper_used += 2;
	pthread_mutex_unlock(&pepper_lock);
	pthread_mutex_unlock(&salt_lock);

	pthread_mutex_lock(&progress_lock);
	is_soup_done = true;
	pthread_mutex_unlock(&progress_lock);
	return NULL;
}

static void *season_stew(void *unused)
{
	(void)unused;
	wait_for_luck();
	pthread_mutex_lock(&pepper_lock); /* HERE: stew_pepper */
	pthread_mutex_lock(&salt_lock);   /* HERE: stew_salt */
	salt_used += 3;
	pepper_used += 1;
	pthread_mutex_unlock(&salt_lock);
	pthread_mutex_unlock(&pepper_lock);
	return NULL;
}

int main(void)
{
	pthread_t soup, stew;

	pthread_create(&soup, NULL, season_soup, NULL);
	pthread_create(&stew, NULL, season_stew, NULL);
	pthread_join(soup, NULL);
	pthread_join(stew, NULL);
	printf("%d of salt, %d of pepper\n", salt_used, pepper_used);
	return 0;
}
