#include "kernel.h"

struct matrices {
	uint64_t n;
	double *a, *b, *c;
};

static void multiply_rows(const struct kernel_part *part)
{
	const struct matrices *m = part->data;
	uint64_t n = m->n;

	for (uint64_t i = part->index; i < n; i += KERNEL_THREADS) {
		for (uint64_t k = 0; k < n; k++) {
			double factor = m->a[i * n + k];

			for (uint64_t j = 0; j < n; j++)
				m->c[i * n + j] += factor * m->b[k * n + j];
		}
	}
}

uint64_t kernel_matmul(uint64_t size)
{
	struct matrices m = {.n = size};
	uint64_t state = 1;
	double sum = 0;

	m.a = kernel_memory(size * size * sizeof(double));
	m.b = kernel_memory(size * size * sizeof(double));
	m.c = kernel_memory(size * size * sizeof(double));
	for (uint64_t i = 0; i < size * size; i++) {
		m.a[i] = (double)(kernel_random(&state) % 16);
		m.b[i] = (double)(kernel_random(&state) % 16);
	}
	for (unsigned int round = 0; round < 12; round++)
		kernel_run(multiply_rows, &m);
	for (uint64_t i = 0; i < size * size; i++)
		sum += m.c[i];
	return (uint64_t)sum;
}
