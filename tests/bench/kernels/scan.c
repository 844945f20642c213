#include <stdbool.h>

#include "kernel.h"

struct text {
	uint64_t size;
	char *bytes;
	uint64_t words[KERNEL_THREADS][8]; /* a cache line each */
};

static void count_words(const struct kernel_part *part)
{
	struct text *text = part->data;
	uint64_t share = text->size / KERNEL_THREADS;
	const char *byte = text->bytes + part->index * share;
	uint64_t words = 0;
	bool in_word = false;

	for (const char *end = byte + share; byte != end; byte++) {
		bool is_space = *byte == ' ' || *byte == '\n';

		words += !is_space && !in_word;
		in_word = !is_space;
	}
	text->words[part->index][0] += words;
}

uint64_t kernel_scan(uint64_t size)
{
	struct text *text = kernel_memory(sizeof(*text));
	uint64_t state = 1;

	text->size = size / KERNEL_THREADS * KERNEL_THREADS / 8;
	text->bytes = kernel_memory(text->size);
	for (uint64_t i = 0; i < text->size; i++)
		text->bytes[i] = kernel_random(&state) % 6 ? 'a' : ' ';
	for (unsigned int round = 0; round < 24; round++)
		kernel_run(count_words, text);
	return text->words[0][0] + text->words[1][0];
}
