/*
 * Kernels for the laboratory, as compilers make them: built several times with
 * different options, each time under another prefix.  Integers only: constants
 * in memory would not be copied with the code.
 */
#include <stdint.h>

#define JOIN2(a, b) a##_##b
#define JOIN(a, b) JOIN2(a, b)
#define TEXT2(a) #a
#define TEXT(a) TEXT2(a)

/* A function, and its row in the table of names; its end is marked by the next. */
#define KERNEL(name)                                                                               \
	__attribute__((section("lab_text"), noinline, used)) void JOIN(KERNEL_NAME, name)(         \
		uint8_t * a, uint8_t * b, uint64_t count);                                         \
	static const struct lab_kernel JOIN(row, name)                                             \
		__attribute__((section("lab_kernels"), used, aligned(8))) = {                      \
			TEXT(JOIN(KERNEL_NAME, name)), JOIN(KERNEL_NAME, name)};                   \
	void JOIN(KERNEL_NAME, name)(uint8_t * a, uint8_t * b, uint64_t count)

struct lab_kernel {
	const char *name;
	void (*start)(uint8_t *a, uint8_t *b, uint64_t count);
};

KERNEL(sum)
{
	uint32_t *words = (uint32_t *)a;
	uint32_t total = 0;

	for (uint64_t i = 0; i < 16 * count; i++)
		total += words[i];
	*(uint32_t *)b = total;
}

KERNEL(sort)
{
	for (uint64_t i = 1; i < 8 * count; i++)
		for (uint64_t k = i; k && a[k - 1] > a[k]; k--) {
			uint8_t swapped = a[k];

			a[k] = a[k - 1];
			a[k - 1] = swapped;
			b[swapped & 63]++;
		}
}

KERNEL(hash)
{
	uint64_t *table = (uint64_t *)b, h = 1;

	for (uint64_t i = 0; i < 32 * count; i++) {
		h = (h ^ a[i]) * 0x100000001b3;
		if (h & 1)
			table[h >> 57] += h;
		else if (table[h >> 56 & 127])
			table[h >> 56 & 127]--;
	}
}

KERNEL(multiply)
{
	uint32_t *x = (uint32_t *)a, *y = (uint32_t *)b, *z = (uint32_t *)(a + 4096);

	for (uint64_t i = 0; i < 4; i++)
		for (uint64_t j = 0; j < 4; j++) {
			z[6 * i + j] = (uint32_t)count;
			for (uint64_t k = 0; k < 6; k++)
				z[6 * i + j] += x[6 * i + k] * y[6 * k + j];
		}
}

struct node {
	uint16_t flags;
	uint8_t kind, depth;
	uint32_t weight;
	uint64_t left, right;
};

KERNEL(fields)
{
	struct node *nodes = (struct node *)a;
	uint64_t *out = (uint64_t *)b;

	for (uint64_t i = 0; i < 4 * count; i++) {
		struct node *node = &nodes[i];

		if (node->flags & 1)
			node->kind = (uint8_t)(node->depth + 1);
		node->weight = node->weight * 2 + node->kind;
		node->left ^= node->right;
		node->right = node->left + node->weight;
		out[i & 7] = node->flags + node->right;
	}
}

KERNEL(text)
{
	uint64_t words = 0;

	for (uint64_t i = 0; i < 64 * count; i++)
		if ((a[i] & 15) == 0 && (a[i + 1] & 15) != 0)
			words++;
		else if (a[i] > 200)
			b[i] = (uint8_t)(a[i] - 32);
	*(uint64_t *)(b + 1024) = words;
}
