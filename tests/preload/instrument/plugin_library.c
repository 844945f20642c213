/* A library that a guest opens: see opened_accesses.c. */
#include <string.h>

#include "plugin_library.h"

static long table[64];
static char text[128];
static long (*volatile turns)(long) = plugin_turn;

__attribute__((constructor)) static void begin(void)
{
	for (long i = 0; i < 64; i++)
		table[i] = i * i;
	memset(text, 'a', sizeof(text) - 1);
}

long plugin_turn(long by)
{
	for (int i = 0; i < 64; i++)
		table[i] += table[(i + by) & 63];
	return table[by & 63];
}

long plugin_call(long count)
{
	long sum = 0;
	char copy[128];

	for (long i = 0; i < count; i++) {
		sum = sum * 31 + turns(i);
		memcpy(copy, text + i % 7, 64);
		sum += copy[i & 63];
	}
	return sum;
}
