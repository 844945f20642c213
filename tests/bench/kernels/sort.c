#include <string.h>

#include "kernel.h"

struct numbers {
	uint64_t count;
	uint32_t *values, *room;
};

static void merge_runs(uint32_t *out, const uint32_t *a, uint64_t a_count, const uint32_t *b,
		       uint64_t b_count)
{
	while (a_count && b_count) {
		if (*b < *a) {
			*out++ = *b++;
			b_count--;
		} else {
			*out++ = *a++;
			a_count--;
		}
	}
	for (; a_count; a_count--)
		*out++ = *a++;
	for (; b_count; b_count--)
		*out++ = *b++;
}

static void sort_range(uint32_t *values, uint32_t *room, uint64_t count)
{
	uint64_t half = count / 2;

	if (count < 2)
		return;
	sort_range(values, room, half);
	sort_range(values + half, room, count - half);
	merge_runs(room, values, half, values + half, count - half);
	memcpy(values, room, count * sizeof(*values));
}

static void sort_part(const struct kernel_part *part)
{
	const struct numbers *numbers = part->data;
	uint64_t share = numbers->count / KERNEL_THREADS;

	sort_range(numbers->values + part->index * share, numbers->room + part->index * share,
		   share);
}

uint64_t kernel_sort(uint64_t size)
{
	struct numbers numbers = {.count = size / KERNEL_THREADS * KERNEL_THREADS};
	uint64_t half = numbers.count / 2;
	uint64_t state = 1;
	uint64_t sum = 0;

	numbers.values = kernel_memory(size * sizeof(uint32_t));
	numbers.room = kernel_memory(size * sizeof(uint32_t));
	for (uint64_t i = 0; i < numbers.count; i++)
		numbers.values[i] = (uint32_t)kernel_random(&state);
	kernel_run(sort_part, &numbers);
	merge_runs(numbers.room, numbers.values, half, numbers.values + half, half);
	for (uint64_t i = 0; i < numbers.count; i++)
		sum += numbers.room[i] * (i % 7);
	return sum;
}
