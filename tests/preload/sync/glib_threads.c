/*
 * GLib: its mutexes, conditions, queues, pools and once are made of atomics and
 * futexes inside of the library.  What threads hand over or protect by them is no race.
 *
 * guest-timeout: 60
 */
#include "../guest.h"

#if __has_include(<glib.h>)
#include <glib.h>

#define ITEMS 200

struct item {
	int number;
	long payload[4];
};

static GMutex mutex;
static GCond condition;
static GRWLock table_lock;
static GRecMutex recursive;
static GOnce once = G_ONCE_INIT;
static GPrivate private = G_PRIVATE_INIT(g_free);
static GAsyncQueue *queue;
static int is_ready, after_ready;
static long table[64], under_recursive, of_pool, plain_flagged;
static gint flag;

static struct item *make_item(int number)
{
	struct item *item = g_new0(struct item, 1);

	item->number = number;
	item->payload[2] = number * 3;
	return item;
}

static gpointer produce_items(gpointer data)
{
	for (int i = 0; i < ITEMS; i++)
		g_async_queue_push(queue, make_item(i));
	return data;
}

static gpointer consume_items(gpointer sum)
{
	for (int i = 0; i < ITEMS; i++) {
		struct item *item = g_async_queue_pop(queue);

		*(long *)sum += item->number + item->payload[2];
		g_free(item);
	}
	return NULL;
}

static gpointer wait_for_it(gpointer data)
{
	g_mutex_lock(&mutex);
	while (!is_ready)
		g_cond_wait(&condition, &mutex);
	after_ready++;
	g_mutex_unlock(&mutex);
	return data;
}

/* By the library's atomics alone. */
static gpointer see_flag(gpointer data)
{
	while (!g_atomic_int_get(&flag))
		g_thread_yield();
	after_ready += plain_flagged == 7;
	return data;
}

static gpointer make_once(gpointer data)
{
	int *made = g_new(int, 1);

	*made = 9;
	return data ? NULL : made;
}

static void do_work(gpointer data, gpointer unused)
{
	struct item *item = data;
	int *made = g_once(&once, make_once, unused);
	long *own = g_private_get(&private);

	if (!own) {
		own = g_new0(long, 1);
		g_private_set(&private, own);
	}
	++*own;
	g_mutex_lock(&mutex);
	of_pool += item->number + *made;
	g_mutex_unlock(&mutex);
	g_rw_lock_writer_lock(&table_lock);
	table[item->number % 64]++;
	g_rw_lock_writer_unlock(&table_lock);
	g_rw_lock_reader_lock(&table_lock);
	made = table[item->number % 64] ? made : NULL;
	g_rw_lock_reader_unlock(&table_lock);
	g_rec_mutex_lock(&recursive);
	g_rec_mutex_lock(&recursive);
	under_recursive += made != NULL;
	g_rec_mutex_unlock(&recursive);
	g_rec_mutex_unlock(&recursive);
	g_free(item);
}

static void use_queue(void)
{
	long sums[2] = {0, 0};
	GThread *threads[4];

	queue = g_async_queue_new();
	for (int i = 0; i < 2; i++) {
		threads[i] = g_thread_new("producer", produce_items, NULL);
		threads[2 + i] = g_thread_new("consumer", consume_items, &sums[i]);
	}
	for (int i = 0; i < 4; i++)
		g_thread_join(threads[i]);
	g_async_queue_unref(queue);
	printf("%ld\n", sums[0] + sums[1]);
}

static void use_condition(void)
{
	GThread *waiter = g_thread_new("waiter", wait_for_it, NULL);
	GThread *seer;

	g_mutex_lock(&mutex);
	is_ready = 1;
	g_cond_broadcast(&condition);
	g_mutex_unlock(&mutex);
	g_thread_join(waiter);
	seer = g_thread_new("seer", see_flag, NULL);
	plain_flagged = 7;
	g_atomic_int_set(&flag, 1);
	g_thread_join(seer);
	printf("%d\n", after_ready);
}

static void use_pool(void)
{
	GThreadPool *pool = g_thread_pool_new(do_work, NULL, 3, TRUE, NULL);

	for (int i = 0; i < ITEMS; i++)
		g_thread_pool_push(pool, make_item(i), NULL);
	g_thread_pool_free(pool, FALSE, TRUE);
	printf("%ld %ld\n", of_pool, under_recursive);
}

int main(void)
{
	use_queue();
	use_condition();
	use_pool();
	return guest_passed();
}
#else
int main(void)
{
	return guest_skip("built without GLib");
}
#endif
