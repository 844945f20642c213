/*
 * Two locks in blocks of the heap that nobody initialises, taken in both orders.  With an
 * argument another thread takes the first of them first: who does is chance.
 */
#include <pthread.h>
#include <stdlib.h>

static pthread_mutex_t *outer, *inner;

__attribute__((noinline)) static pthread_mutex_t *grow_outer(void)
{
	return calloc(1, sizeof(*outer));
}

__attribute__((noinline)) static pthread_mutex_t *grow_inner(void)
{
	return calloc(1, sizeof(*inner));
}

static void *look(void *unused)
{
	pthread_mutex_lock(inner);
	pthread_mutex_unlock(inner);
	pthread_mutex_lock(outer);
	pthread_mutex_unlock(outer);
	return unused;
}

static void *go_in(void *unused)
{
	pthread_mutex_lock(outer);
	pthread_mutex_lock(inner);
	pthread_mutex_unlock(inner);
	pthread_mutex_unlock(outer);
	return unused;
}

static void *go_out(void *unused)
{
	pthread_mutex_lock(inner);
	pthread_mutex_lock(outer);
	pthread_mutex_unlock(outer);
	pthread_mutex_unlock(inner);
	return unused;
}

/* One after the other, so that the program ends. */
static void run(void *(*routine)(void *))
{
	pthread_t thread;

	pthread_create(&thread, NULL, routine, NULL);
	pthread_join(thread, NULL);
}

int main(int argc, char **argv)
{
	void *(*const routines[])(void *) = {look, go_in, go_out, look};

	(void)argv;
	outer = grow_outer();
	inner = grow_inner();
	if (!outer || !inner)
		return 1;
	for (int i = 0; i < 3; i++)
		run(routines[argc > 1 ? i : i + 1]);
	return 0;
}
