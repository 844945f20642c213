/*
 * One function lacks the lock that another has: what its callees do to a structure is one
 * bug.  Another function that lacks it, too, is another.
 */
#include <pthread.h>
#include <stddef.h>

struct entry {
	struct entry *next, *prev;
	long refs, used;
};

static struct entry entry;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static long seen;

static __attribute__((noinline)) long read_refs(void)
{
	return entry.refs;
}

static __attribute__((noinline)) void unlink_next(void)
{
	entry.next = NULL;
}

static __attribute__((noinline)) void unlink_prev(void)
{
	entry.prev = NULL;
}

static __attribute__((noinline)) void look_up(void)
{
	pthread_mutex_lock(&lock);
	seen += read_refs();
	unlink_next();
	unlink_prev();
	entry.used = 1;
	pthread_mutex_unlock(&lock);
}

static __attribute__((noinline)) void set_refs(void)
{
	entry.refs = 1;
}

static __attribute__((noinline)) void link_next(void)
{
	entry.next = &entry;
}

static __attribute__((noinline)) void link_prev(void)
{
	entry.prev = &entry;
}

static __attribute__((noinline)) void let_go(void)
{
	set_refs();
	link_next();
	link_prev();
}

static __attribute__((noinline)) void forget(void)
{
	entry.used = 0;
}

static void *work(void *argument)
{
	look_up();
	let_go();
	forget();
	return argument;
}

int main(void)
{
	pthread_t threads[2];

	for (int i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, work, NULL);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	return 0;
}
