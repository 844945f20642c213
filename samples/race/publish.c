/*
 * Published first, filled in later (data-race).
 *
 * What happens: the loader hands the settings over by an atomic pointer, and
 * only then writes what is in them.  The server, quick enough, reads zeros.
 *
 * Why it is wrong: an atomic pointer orders what stands before its store.  What
 * is written after it may be seen at any time, or not at all.
 *
 * See it: snarl run ./publish
 * The write and the read of the settings; of the pointer it says nothing.
 *
 * Fix: fill in first, hand over last: clean_publish.c.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

struct settings {
	long timeout_ms, retry_count, buffer_bytes, client_count;
};

static _Atomic(struct settings *) published;

static void *load(void *defaults)
{
	struct settings *settings = calloc(1, sizeof *settings);

	if (!settings)
		abort();
	atomic_store(&published, settings);
	*settings = *(const struct settings *)defaults; /* HERE: fills */
	return NULL;
}

static void *serve(void *unused)
{
	struct settings *settings;

	(void)unused;
	while (!(settings = atomic_load(&published)))
		sched_yield();
	printf("timeout %ld ms\n", settings->timeout_ms); /* HERE: uses */
	return NULL;
}

int main(void)
{
	struct settings defaults = { 500, 3, 4096, 100 };
	pthread_t loader, server;

	pthread_create(&loader, NULL, load, &defaults);
	pthread_create(&server, NULL, serve, NULL);
	pthread_join(loader, NULL);
	pthread_join(server, NULL);
	free(published);
	return 0;
}
