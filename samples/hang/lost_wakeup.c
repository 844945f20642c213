/*
 * A signal sent before anyone waits (lost-wakeup, and then hang).
 *
 * What happens: the loader says 'loaded' and signals.  Only then does the
 * viewer come to wait, without a look at 'loaded'.  A condition variable keeps
 * no memory of signals, so the viewer sleeps for ever.
 *
 * Why: a wait must ask a question under the mutex (is it loaded?), not rely
 * on being there in time.  On most days the viewer is faster than the loader
 * and nobody notices; the semaphore makes it the slower one.
 *
 * See it: snarl run ./lost_wakeup
 * The stack of the signal that nobody heard and of the wait that needed it.
 *
 * Fix: clean_lost_wakeup.c waits in a loop: while (!is_loaded).  The loop also
 * covers spurious wake-ups, for which an 'if' would not do.
 */
#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdio.h>

static pthread_mutex_t picture_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t picture_loaded = PTHREAD_COND_INITIALIZER;
static bool is_loaded;
static int shown_count;
static sem_t loader_is_done;

static void *load_picture(void *unused)
{
	(void)unused;
	pthread_mutex_lock(&picture_lock);
	is_loaded = true;
	pthread_cond_signal(&picture_loaded); /* HERE: signal */
	pthread_mutex_unlock(&picture_lock);
	sem_post(&loader_is_done);
	return NULL;
}

static void *show_picture(void *unused)
{
	(void)unused;
	sem_wait(&loader_is_done);
	pthread_mutex_lock(&picture_lock);
	pthread_cond_wait(&picture_loaded, &picture_lock); /* HERE: wait */
	shown_count += is_loaded;
	pthread_mutex_unlock(&picture_lock);
	return NULL;
}

int main(void)
{
	pthread_t loader, viewer;

	sem_init(&loader_is_done, 0, 0);
	pthread_create(&loader, NULL, load_picture, NULL);
	pthread_create(&viewer, NULL, show_picture, NULL);
	pthread_join(loader, NULL);
	pthread_join(viewer, NULL);
	printf("%d picture shown\n", shown_count);
	return 0;
}
