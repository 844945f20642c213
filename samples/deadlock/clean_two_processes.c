/*
 * The fixed twin of two_processes.c: both processes take the stock's
 * lock first.
 *
 * The barrier stands before the first lock now: with one order they can no
 * longer both be between their two locks.
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
	pthread_barrier_wait(&warehouse->both_are_there);
	pthread_mutex_lock(&warehouse->stock_lock); /* HERE: ship_holds */
	pthread_mutex_lock(&warehouse->orders_lock); /* HERE: ship_waits */
	warehouse->stock--;
	warehouse->orders--;
	pthread_mutex_unlock(&warehouse->orders_lock);
	pthread_mutex_unlock(&warehouse->stock_lock);
}

static void take_orders(struct warehouse *warehouse)
{
	pthread_barrier_wait(&warehouse->both_are_there);
	pthread_mutex_lock(&warehouse->stock_lock); /* HERE: order_waits */
	pthread_mutex_lock(&warehouse->orders_lock); /* HERE: order_holds */
	warehouse->orders++;
	warehouse->stock++;
	pthread_mutex_unlock(&warehouse->orders_lock);
	pthread_mutex_unlock(&warehouse->stock_lock);
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
