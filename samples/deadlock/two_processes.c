/*
 * Two processes that wait for each other's lock (deadlock).
 *
 * What happens: two process-shared mutexes lie in memory that parent and child
 * share.  The parent holds the stock and wants the orders, the child the other
 * way round; the barrier, shared too, lets each take its first before either
 * tries its second.
 *
 * Why: the same missing order as between two threads, but no debugger and no
 * single process shows the circle: each has one half of it.
 *
 * See it: snarl run ./two_processes
 * Both processes, with the stacks of what they hold and what they wait for.
 *
 * Fix: one order for all: clean_two_processes.c takes the stock first.
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

struct warehouse {
	pthread_mutex_t stock_lock, orders_lock;
	pthread_barrier_t both_are_there;
	int stock, orders;
};

static struct warehouse *open_warehouse(void)
{
	struct warehouse *warehouse = mmap(NULL, sizeof *warehouse, PROT_READ | PROT_WRITE,
					   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pthread_mutexattr_t shared_mutex;
	pthread_barrierattr_t shared_barrier;

	if (warehouse == MAP_FAILED)
		abort();
	pthread_mutexattr_init(&shared_mutex);
	pthread_mutexattr_setpshared(&shared_mutex, PTHREAD_PROCESS_SHARED);
	pthread_mutex_init(&warehouse->stock_lock, &shared_mutex);
	pthread_mutex_init(&warehouse->orders_lock, &shared_mutex);
	pthread_barrierattr_init(&shared_barrier);
	pthread_barrierattr_setpshared(&shared_barrier, PTHREAD_PROCESS_SHARED);
	pthread_barrier_init(&warehouse->both_are_there, &shared_barrier, 2);
	return warehouse;
}

static void ship_orders(struct warehouse *warehouse)
{
	pthread_mutex_lock(&warehouse->stock_lock); /* HERE: ship_holds */
	pthread_barrier_wait(&warehouse->both_are_there);
	pthread_mutex_lock(&warehouse->orders_lock); /* HERE: ship_waits */
	warehouse->stock--;
	warehouse->orders--;
	pthread_mutex_unlock(&warehouse->orders_lock);
	pthread_mutex_unlock(&warehouse->stock_lock);
}

static void take_orders(struct warehouse *warehouse)
{
	pthread_mutex_lock(&warehouse->orders_lock); /* HERE: order_holds */
	pthread_barrier_wait(&warehouse->both_are_there);
	pthread_mutex_lock(&warehouse->stock_lock); /* HERE: order_waits */
	warehouse->orders++;
	warehouse->stock++;
	pthread_mutex_unlock(&warehouse->stock_lock);
	pthread_mutex_unlock(&warehouse->orders_lock);
}

int main(void)
{
	struct warehouse *warehouse = open_warehouse();
	pid_t child = fork();
	int status = 0;

	if (child == 0) {
		/* Whoever ends the parent shall not have to look for us. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		take_orders(warehouse);
		_exit(0);
	}
	ship_orders(warehouse);
	waitpid(child, &status, 0);
	printf("stock %d, orders %d\n", warehouse->stock, warehouse->orders);
	return WEXITSTATUS(status);
}
