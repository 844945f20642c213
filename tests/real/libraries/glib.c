/*
 * GLib: a pool of threads, an asynchronous queue, once, a main loop that others post to.
 *
 * needs: /usr/include/glib-2.0/glib.h pkg-config
 * build: $(pkg-config --cflags --libs glib-2.0)
 */
#include <glib.h>
#include <stdio.h>

#define ITEMS 100
#define POSTS 20

static GMutex mutex;
static GCond condition;
static GAsyncQueue *queue;
static GMainLoop *loop;
static char *lazy;
static gsize once;
static gint references;
static long total;
static int done, posted;

static void work(gpointer item, gpointer unused)
{
	(void)unused;
	if (g_once_init_enter(&once)) {
		lazy = g_strdup("lazy");
		g_once_init_leave(&once, 1);
	}
	if (lazy[0] != 'l')
		g_error("not made");
	g_mutex_lock(&mutex);
	total += *(long *)item;
	done++;
	g_cond_signal(&condition);
	g_mutex_unlock(&mutex);
	g_async_queue_push(queue, item);
	g_atomic_int_inc(&references);
}

static gpointer free_items(gpointer unused)
{
	for (int i = 0; i < ITEMS; i++) {
		long *item = g_async_queue_pop(queue);

		*item = -1;
		g_free(item);
	}
	return unused;
}

static gboolean take_post(gpointer post)
{
	posted += *(int *)post;
	g_free(post);
	if (posted == POSTS)
		g_main_loop_quit(loop);
	return G_SOURCE_REMOVE;
}

static gpointer send_posts(gpointer unused)
{
	for (int i = 0; i < POSTS; i++) {
		int *post = g_new(int, 1);

		*post = 1;
		g_idle_add(take_post, post);
	}
	return unused;
}

int main(void)
{
	GThread *other;
	GThreadPool *pool;

	queue = g_async_queue_new();
	loop = g_main_loop_new(NULL, FALSE);
	pool = g_thread_pool_new(work, NULL, 4, FALSE, NULL);
	other = g_thread_new("free", free_items, NULL);
	for (int i = 0; i < ITEMS; i++) {
		long *item = g_new(long, 1);

		*item = i;
		g_thread_pool_push(pool, item, NULL);
	}
	g_mutex_lock(&mutex);
	while (done < ITEMS)
		g_cond_wait(&condition, &mutex);
	g_mutex_unlock(&mutex);
	g_thread_join(other);
	other = g_thread_new("post", send_posts, NULL);
	g_main_loop_run(loop);
	g_thread_join(other);
	g_thread_pool_free(pool, FALSE, TRUE);
	g_main_loop_unref(loop);
	printf("%ld %d\n", total, references);
	return 0;
}
