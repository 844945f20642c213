/*
 * Three faults with names, for fingerprints: a lost update, two locks in both orders, and
 * a field of a heap block that is written without a lock.  -DSHIFT moves what follows by
 * lines and code; -DMORE adds an update of another variable.
 */
#include <pthread.h>
#include <stdlib.h>

struct account {
	long number;
	long balance;
};

#ifdef SHIFT
int shift(int by);
int shift(int by)
{
	volatile int sum = by;

	for (int i = 0; i < 100; i++)
		sum += i * by;
	return sum;
}
static volatile int padding[64];
#endif

static pthread_mutex_t first = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t second = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t start;
static long visits;
static long views;
static struct account *account;

__attribute__((noinline)) static void open_account(void)
{
	account = calloc(1, sizeof(*account));
}

static void count_visit(void)
{
	visits++;
}

static void draw_money(void)
{
	account->balance -= 10;
}

static void lock_both(pthread_mutex_t *outer, pthread_mutex_t *inner)
{
	pthread_mutex_lock(outer);
	pthread_mutex_lock(inner);
	pthread_mutex_unlock(inner);
	pthread_mutex_unlock(outer);
}

static void lock_forwards(void)
{
	lock_both(&first, &second);
}

static void lock_backwards(void)
{
	lock_both(&second, &first);
}

static void *work(void *is_second)
{
	pthread_barrier_wait(&start);
	count_visit();
	draw_money();
#ifdef MORE
	views++;
#endif
	/* One after the other: the program is to end. */
	if (!is_second)
		lock_forwards();
	pthread_barrier_wait(&start);
	return NULL;
}

static void *work_late(void *unused)
{
	work(&start);
	lock_backwards();
	return unused;
}

int main(void)
{
	pthread_t threads[2];

#ifdef SHIFT
	padding[0] = shift(3);
#endif
	open_account();
	pthread_barrier_init(&start, NULL, 2);
	pthread_create(&threads[0], NULL, work, NULL);
	pthread_create(&threads[1], NULL, work_late, NULL);
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);
	free(account);
	return views > 2;
}
