#include "kernel.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *kernel_memory(uint64_t size_bytes)
{
	void *memory = calloc(1, size_bytes);

	if (!memory) {
		perror("kernels");
		exit(1);
	}
	return memory;
}

static void *run_part(void *argument)
{
	const struct kernel_part *part = argument;

	part->work(part);
	return NULL;
}

void kernel_run(void (*work)(const struct kernel_part *part), void *data)
{
	struct kernel_part parts[KERNEL_THREADS];
	pthread_t threads[KERNEL_THREADS];

	for (unsigned int i = 0; i < KERNEL_THREADS; i++) {
		parts[i] = (struct kernel_part){work, i, data};
		if (pthread_create(&threads[i], NULL, run_part, &parts[i]) != 0)
			exit(1);
	}
	for (unsigned int i = 0; i < KERNEL_THREADS; i++)
		pthread_join(threads[i], NULL);
}

static const struct {
	const char *name;
	uint64_t (*run)(uint64_t size);
	uint64_t size; /* for about a second */
} kernels[] = {
	{"matmul", kernel_matmul, 512},	   {"hash", kernel_hash, 10000000},
	{"sort", kernel_sort, 8000000},	   {"scan", kernel_scan, 256u << 20},
	{"stencil", kernel_stencil, 1024}, {"tree", kernel_tree, 1000000},
	{"bodies", kernel_bodies, 1500},
};

/* kernels NAME [PARTS]: runs one, on its size divided by PARTS. */
int main(int count, char **arguments)
{
	uint64_t parts = count > 2 ? strtoull(arguments[2], NULL, 10) : 1;

	for (unsigned int i = 0; count > 1 && i < sizeof(kernels) / sizeof(*kernels); i++) {
		if (strcmp(kernels[i].name, arguments[1]) != 0)
			continue;
		printf("%s %llu\n", kernels[i].name,
		       (unsigned long long)kernels[i].run(kernels[i].size / (parts ? parts : 1)));
		return 0;
	}
	fputs("usage: kernels matmul|hash|sort|scan|stencil|tree|bodies [PARTS]\n", stderr);
	return 2;
}
