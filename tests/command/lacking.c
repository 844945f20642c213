/*
 * One function lacks the lock that another has: what its callees do to a structure is one
 * bug, an update that is lost and fields that nobody touches under the lock among it.
 * Another function that lacks it, too, is another.
 */
#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>

#define KEY_BYTES 7 /* behind an entry */

struct entry {
	struct entry *next, *prev;
	long refs, used, spare, uses;
};

static struct entry *entry;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static long seen;

static __attribute__((noinline)) long read_refs(void)
{
	return entry->refs;
}

static __attribute__((noinline)) void unlink_next(void)
{
	entry->next = NULL;
}

static __attribute__((noinline)) void unlink_prev(void)
{
	entry->prev = NULL;
}

static __attribute__((noinline)) void look_up(void)
{
	pthread_mutex_lock(&lock);
	seen += read_refs();
	unlink_next();
	unlink_prev();
	entry->used = 1;
	pthread_mutex_unlock(&lock);
}

static __attribute__((noinline)) void set_refs(void)
{
	entry->refs = 1;
}

static __attribute__((noinline)) void link_next(void)
{
	entry->next = entry;
}

static __attribute__((noinline)) void link_prev(void)
{
	entry->prev = entry;
}

/* The type of the memory does not show here. */
static __attribute__((noinline)) void set_spare(long *words)
{
	words[offsetof(struct entry, spare) / sizeof(*words)] = 1;
}

static __attribute__((noinline)) void count_use(void)
{
	entry->uses++;
}

static __attribute__((noinline)) void let_go(void)
{
	set_refs();
	link_next();
	link_prev();
	set_spare((long *)entry);
	count_use();
}

static __attribute__((noinline)) void forget(void)
{
	entry->used = 0;
}

static void *work(void *argument)
{
	look_up();
	let_go();
	forget();
	return argument;
}

static __attribute__((noinline)) void *new_block(void)
{
	return calloc(1, sizeof(struct entry) + KEY_BYTES);
}

int main(void)
{
	pthread_t threads[2];

	entry = new_block();
	if (!entry)
		return 1;
	for (int i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, work, NULL);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	return 0;
}
