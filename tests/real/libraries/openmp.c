/*
 * OpenMP: loops, reductions, tasks, critical and ordered sections, locks.  gcc's code uses
 * libgomp, clang's libomp.
 *
 * needs: /usr/lib/gcc/x86_64-linux-gnu/12/include/omp.h /usr/lib/llvm-14/lib/libomp.so
 * build: -fopenmp
 */
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>

#define COUNT 5000

static long values[COUNT];

static long sum_values(void)
{
	long sum = 0;

#pragma omp parallel for
	for (int i = 0; i < COUNT; i++)
		values[i] = i;
#pragma omp parallel for reduction(+ : sum) schedule(dynamic, 17)
	for (int i = 0; i < COUNT; i++)
		sum += values[i];
	return sum;
}

static long run_tasks(void)
{
	long *shared = NULL, sum = 0;

#pragma omp parallel
	{
#pragma omp single
		{
			shared = malloc(100 * sizeof(*shared));
			for (int i = 0; i < 100; i++)
				shared[i] = i;
			for (int k = 0; k < 20; k++) {
#pragma omp task firstprivate(k) shared(sum)
				{
#pragma omp critical
					sum += shared[k];
				}
			}
#pragma omp taskwait
		}
#pragma omp barrier
#pragma omp atomic
		sum += shared[3] - 3;
	}
	free(shared);
	return sum;
}

static long lock_in_order(void)
{
	omp_lock_t lock;
	long locked = 0, ordered = 0;

	omp_init_lock(&lock);
#pragma omp parallel for ordered
	for (int i = 0; i < 50; i++) {
		omp_set_lock(&lock);
		locked++;
		omp_unset_lock(&lock);
#pragma omp ordered
		ordered += i;
	}
	omp_destroy_lock(&lock);
	return locked + ordered;
}

int main(void)
{
	printf("%ld %ld %ld\n", sum_values(), run_tasks(), lock_in_order());
	return 0;
}
