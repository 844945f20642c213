/*
 * The fixed twin of lazy_init.c: the store of the pointer releases what
 * was written before it, and the look without the lock acquires it.
 *
 * The second look is under the lock, which orders enough: relaxed will do.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

struct settings {
	int timeout_ms;
};

static pthread_mutex_t settings_lock = PTHREAD_MUTEX_INITIALIZER;
static _Atomic(struct settings *) settings;

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
	struct settings *current = atomic_load_explicit(&settings, memory_order_acquire);

	if (current)
		return current;
	pthread_mutex_lock(&settings_lock);
	current = atomic_load_explicit(&settings, memory_order_relaxed);
	if (!current) {
		current = load_settings();
		atomic_store_explicit(&settings, current, memory_order_release);
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
