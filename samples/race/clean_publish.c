/*
 * The fixed twin of publish.c: the settings are complete when the pointer
 * is stored, so whoever loads the pointer sees all of them.
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
	*settings = *(const struct settings *)defaults; /* HERE: fills */
	atomic_store(&published, settings);
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
