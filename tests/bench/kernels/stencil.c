#include <pthread.h>

#include "kernel.h"

#define PHASES 800u

struct grid {
	uint64_t n;
	double *now, *next;
	pthread_barrier_t barrier;
};

static void smooth_rows(const struct grid *grid, uint64_t from, uint64_t to)
{
	uint64_t n = grid->n;

	for (uint64_t y = from; y < to; y++)
		for (uint64_t x = 1; x + 1 < n; x++)
			grid->next[y * n + x] =
				(grid->now[y * n + x - 1] + grid->now[y * n + x + 1] +
				 grid->now[(y - 1) * n + x] + grid->now[(y + 1) * n + x]) / 4;
}

static void smooth_part(const struct kernel_part *part)
{
	struct grid *grid = part->data;
	uint64_t share = (grid->n - 2) / KERNEL_THREADS;
	uint64_t from = 1 + part->index * share;

	for (unsigned int phase = 0; phase < PHASES; phase++) {
		smooth_rows(grid, from, from + share);
		if (pthread_barrier_wait(&grid->barrier) == PTHREAD_BARRIER_SERIAL_THREAD) {
			double *swapped = grid->now;

			grid->now = grid->next;
			grid->next = swapped;
		}
		pthread_barrier_wait(&grid->barrier);
	}
}

uint64_t kernel_stencil(uint64_t size)
{
	struct grid grid = {.n = size < 8 ? 8 : size / 2 * 2};
	uint64_t cells = grid.n * grid.n;
	double sum = 0;

	grid.now = kernel_memory(cells * sizeof(double));
	grid.next = kernel_memory(cells * sizeof(double));
	for (uint64_t i = 0; i < grid.n; i++)
		grid.now[i] = grid.next[i] = 1000;
	pthread_barrier_init(&grid.barrier, 0, KERNEL_THREADS);
	kernel_run(smooth_part, &grid);
	for (uint64_t i = 0; i < cells; i++)
		sum += grid.now[i];
	return (uint64_t)sum;
}
