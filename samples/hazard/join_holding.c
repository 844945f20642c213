/*
 * A lock held over the join of a thread that takes it (wait-holding-lock).
 *
 * What happens: main joins the saver while holding document_lock.  The saver
 * takes that lock too, but in this run was through with it before.
 *
 * Why it is wrong: had the saver been a little later, main would wait for its
 * end and the saver for main's lock: see deadlock/join.c.
 *
 * See it: snarl run ./join_holding
 * A warning with main's lock, main's join, and the saver's lock.
 *
 * Fix: let go before the join: clean_join_holding.c.
 */
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>

static pthread_mutex_t document_lock = PTHREAD_MUTEX_INITIALIZER;
static int saved_count;

static pthread_mutex_t progress_lock = PTHREAD_MUTEX_INITIALIZER;
static bool is_saved;

/* Luck, made repeatable: main comes second, but would not wait for ever. */
static void wait_for_luck(void)
{
	bool is_lucky = false;

	for (int patience = 1000000; patience > 0 && !is_lucky; patience--) {
		sched_yield();
		pthread_mutex_lock(&progress_lock);
		is_lucky = is_saved;
		pthread_mutex_unlock(&progress_lock);
	}
}

static void *save_document(void *unused)
{
	(void)unused;
	pthread_mutex_lock(&document_lock); /* HERE: saver_locks */
	saved_count++;
	pthread_mutex_unlock(&document_lock);

	pthread_mutex_lock(&progress_lock);
	is_saved = true;
	pthread_mutex_unlock(&progress_lock);
	return NULL;
}

static void close_document(pthread_t saver)
{
	pthread_mutex_lock(&document_lock); /* HERE: main_locks */
	saved_count++;
	pthread_join(saver, NULL); /* HERE: main_joins */
	pthread_mutex_unlock(&document_lock);
}

int main(void)
{
	pthread_t saver;

	pthread_create(&saver, NULL, save_document, NULL);
	wait_for_luck();
	close_document(saver); /* HERE: calls */
	printf("saved %d times\n", saved_count);
	return 0;
}
