/*
 * Double-checked locking with a plain pointer (data-race).
 *
 * What happens: who comes first loads the settings, under the lock.  Who comes
 * later sees the pointer set and spares himself the lock.
 *
 * Why it is wrong: the first look is not ordered with the write.  The compiler
 * and many processors may let the pointer be seen before what it points to, so
 * that the second thread uses settings that are not there yet.
 *
 * See it: snarl run ./lazy_init
 * The look without the lock, and the write under it.  The machine code is that
 * of the twin; that the pointer is no atomic shows in the source.
 *
 * Fix: store with release, look with acquire, as in clean_lazy_init.c; or
 * pthread_once().
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

struct settings {
	int timeout_ms;
};

static pthread_mutex_t settings_lock = PTHREAD_MUTEX_INITIALIZER;
static struct settings *settings;

static struct settings *load_settings(void)
{
	struct settings *loaded = malloc(sizeof *loaded);

	if (!loaded)
		abort();
	loaded->timeout_ms = 500;
	return loaded;
}

static struct settings *get_settings(void)
{
	struct settings *current = settings; /* HERE: looks */

	if (current)
		return current;
	pthread_mutex_lock(&settings_lock);
	current = settings;
	if (!current) {
		current = load_settings();
		settings = current; /* HERE: publishes */
	}
	pthread_mutex_unlock(&settings_lock);
	return current;
}

static void *serve(void *timeout_ms)
{
	*(int *)timeout_ms = get_settings()->timeout_ms;
	return NULL;
}

int main(void)
{
	pthread_t servers[2];
	int timeouts_ms[2];

	for (int server = 0; server < 2; server++)
		pthread_create(&servers[server], NULL, serve, &timeouts_ms[server]);
	for (int server = 0; server < 2; server++)
		pthread_join(servers[server], NULL);
	printf("%d and %d ms\n", timeouts_ms[0], timeouts_ms[1]);
	free(settings);
	return 0;
}
