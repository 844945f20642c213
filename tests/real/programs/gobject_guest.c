/*
 * What libraries of the system order for a program: locks and queues of GLib, the
 * reference count of an object whose last user frees it, a task and its result.
 */
#include <gio/gio.h>

#define WORKERS 4

static GMutex mutex;
static GCond condition;
static GRWLock rwlock;
static GAsyncQueue *queue;
static int total, shared, finalized;

/* --- An object with memory of its own ------------------------------------------- */

typedef struct {
	GObject parent;
	int *data;
} Thing;

typedef struct {
	GObjectClass parent;
} ThingClass;

G_DEFINE_TYPE(Thing, thing, G_TYPE_OBJECT)

static void thing_finalize(GObject *object)
{
	int *data = ((Thing *)object)->data;

	*data = 0;
	g_free(data);
	g_atomic_int_inc(&finalized);
	G_OBJECT_CLASS(thing_parent_class)->finalize(object);
}

static void thing_class_init(ThingClass *class)
{
	G_OBJECT_CLASS(class)->finalize = thing_finalize;
}

static void thing_init(Thing *thing)
{
	thing->data = g_new(int, 1);
	*thing->data = 3;
}

static gpointer use_thing(gpointer thing)
{
	int data = *((Thing *)thing)->data;

	g_object_unref(thing);
	return GINT_TO_POINTER(data);
}

static int share_things(void)
{
	int sum = 0;

	for (int round = 0; round < 100; round++) {
		Thing *thing = g_object_new(thing_get_type(), NULL);
		GThread *threads[WORKERS];

		for (int i = 0; i < WORKERS; i++)
			threads[i] = g_thread_new("user", use_thing, g_object_ref(thing));
		sum += *thing->data;
		g_object_unref(thing);
		for (int i = 0; i < WORKERS; i++)
			sum += GPOINTER_TO_INT(g_thread_join(threads[i]));
	}
	return sum;
}

/* --- Locks and a queue ------------------------------------------------------------ */

static gpointer do_work(gpointer unused)
{
	int *block = g_new(int, 1);

	for (int i = 0; i < 2000; i++) {
		g_mutex_lock(&mutex);
		total++;
		g_cond_signal(&condition);
		g_mutex_unlock(&mutex);
		g_rw_lock_writer_lock(&rwlock);
		shared++;
		g_rw_lock_writer_unlock(&rwlock);
	}
	*block = 5;
	g_async_queue_push(queue, block);
	return unused;
}

static int lock_and_queue(void)
{
	GThread *threads[WORKERS];
	int sum = 0;

	queue = g_async_queue_new();
	for (int i = 0; i < WORKERS; i++)
		threads[i] = g_thread_new("worker", do_work, NULL);
	g_mutex_lock(&mutex);
	while (total < 3000)
		g_cond_wait(&condition, &mutex);
	g_mutex_unlock(&mutex);
	for (int i = 0; i < WORKERS; i++) {
		int *block = g_async_queue_pop(queue);

		sum += *block;
		g_free(block);
	}
	for (int i = 0; i < WORKERS; i++)
		g_thread_join(threads[i]);
	return sum;
}

/* --- A task ------------------------------------------------------------------------- */

static void add_one(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
	int *result = g_new(int, 1);

	(void)source;
	(void)cancellable;
	*result = *(int *)data + 1;
	g_task_return_pointer(task, result, g_free);
}

static void print_result(GObject *source, GAsyncResult *result, gpointer loop)
{
	int *number = g_task_propagate_pointer(G_TASK(result), NULL);

	(void)source;
	g_print("%d\n", *number);
	g_free(number);
	g_main_loop_quit(loop);
}

static void run_task(void)
{
	GMainLoop *loop = g_main_loop_new(NULL, FALSE);
	GTask *task = g_task_new(NULL, NULL, print_result, loop);
	int *number = g_new(int, 1);

	*number = 41;
	g_task_set_task_data(task, number, g_free);
	g_task_run_in_thread(task, add_one);
	g_object_unref(task);
	g_main_loop_run(loop);
	g_main_loop_unref(loop);
}

int main(void)
{
	int things = share_things();
	int blocks = lock_and_queue();

	g_print("%d %d %d %d %d\n", things, finalized, blocks, total, shared);
	run_task();
	return 0;
}
