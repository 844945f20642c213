/*
 * RULES, 'neighbouring bytes' and 'data-race': vectorised loops that load all and drop a part
 * by a constant, which is a mask or the control of a shuffle, or by what a condition says: of
 * that it is not known which part.  Also with AVX2, where there is that.
 */
#include "cases.h"

#if defined(__OPTIMIZE__) && !defined(__clang__)
#pragma GCC optimize("O3")
#endif

/* gcc makes one function of those that are equal. */
#ifdef __clang__
#define APART NOINLINE
#else
#define APART __attribute__((noipa))
#endif

#define COUNT 1024
#define ALWAYS static inline __attribute__((always_inline))

struct pair {
	long first, second;
};

struct results {
	int ints[COUNT];
	struct pair pairs[COUNT / 2];
	unsigned char flags[COUNT];
	unsigned char bytes[COUNT];
	float floats[COUNT];
};

static struct results results;

ALWAYS void odd_loop(const unsigned char *restrict from, struct results *restrict to)
{
	for (long i = 0; i < COUNT / 2; i++)
		to->bytes[i] = from[2 * i + 1];
}

ALWAYS void fourth_loop(const unsigned char *restrict from, struct results *restrict to)
{
	for (long i = 0; i < COUNT / 4; i++)
		to->ints[i] = from[4 * i] + from[4 * i + 2];
}

ALWAYS void third_loop(const unsigned char *restrict from, struct results *restrict to)
{
	for (long i = 0; i < COUNT / 3; i++)
		to->bytes[i] = (unsigned char)((from[3 * i] + 2 * from[3 * i + 1]) / 3);
}

ALWAYS void pair_loop(const short *restrict from, struct results *restrict to)
{
	for (long i = 0; i < COUNT / 4; i++)
		to->ints[i] = from[4 * i] + from[4 * i + 1];
}

ALWAYS void column_loop(const float *restrict from, struct results *restrict to)
{
	for (long i = 0; i < COUNT / 8; i++)
		to->floats[i] = from[8 * i + 3] + from[8 * i + 4];
}

ALWAYS void real_loop(const float *restrict from, struct results *restrict to)
{
	for (long i = 0; i < COUNT / 3; i++)
		to->floats[i] = from[3 * i] * 3;
}

/* The upper bytes of products are dropped. */
ALWAYS void product_loop(const unsigned char *restrict from, struct results *restrict to)
{
	unsigned char sum = 0;

	for (long i = 0; i < COUNT / 2; i++)
		sum += (unsigned char)(from[2 * i] * to->flags[2 * i]);
	to->bytes[0] = sum;
}

/* Packed from numbers of four bytes. */
ALWAYS void packed_loop(const unsigned char *restrict from, struct results *restrict to)
{
	unsigned char sum = 0;

	for (long i = 0; i < COUNT / 4; i++)
		sum += (unsigned char)(from[4 * i] * to->flags[4 * i]);
	to->bytes[0] = sum;
}

/* So many vectors at once that some are put on the stack. */
ALWAYS void spilled_loop(const int *restrict from, struct results *restrict to)
{
	int sum = 0;

	for (long i = 0; i < COUNT / 4; i++)
		sum += from[4 * i] * to->ints[4 * i];
	to->ints[0] = sum;
}

/* Flags stand at even places. */
ALWAYS void picked_loop(const int *restrict from, struct results *restrict to)
{
	for (long i = 0; i < COUNT; i++)
		if (to->flags[i])
			to->ints[i] = from[i];
}

/* Loads all of a structure, whatever becomes of it. */
ALWAYS void whole_loop(const struct pair *restrict from, struct results *restrict to)
{
	for (long i = 0; i < COUNT / 2; i++) {
		struct pair pair = from[i];

		KEEP(*from);
		if (to->flags[i])
			to->pairs[i] = pair;
	}
}

/* One thread runs @loop, while the other stores to each element @at of so many. */
#define SHUFFLE(name, type, loop, period, at)                                                      \
	static type name##_array[COUNT];                                                           \
	__attribute__((target("avx2"))) static APART void name##_far(const type *from,             \
								     struct results *to)           \
	{                                                                                          \
		loop(from, to);                                                                    \
	}                                                                                          \
	static APART void name##_near(const type *from, struct results *to)                        \
	{                                                                                          \
		loop(from, to);                                                                    \
	}                                                                                          \
	static void *name##_write(void *unused)                                                    \
	{                                                                                          \
		for (int i = 0; i + (period) < COUNT; i += (period)) {                             \
			name##_array[i + (at)] = 1;                                                \
			KEEP(name##_array);                                                        \
		}                                                                                  \
		return unused;                                                                     \
	}                                                                                          \
	static void *name##_read(void *has_avx)                                                    \
	{                                                                                          \
		struct results *to = &results;                                                     \
                                                                                                   \
		KEEP(to);                                                                          \
		if (has_avx)                                                                       \
			name##_far(name##_array, to);                                              \
		name##_near(name##_array, to);                                                     \
		return has_avx;                                                                    \
	}                                                                                          \
	static void name##_case(void)                                                              \
	{                                                                                          \
		run_both(name##_write, name##_read,                                                \
			 __builtin_cpu_supports("avx2") ? &results : NULL);                        \
	}

#define BOTH_SIDES(name, type, period, used, gap)                                                  \
	SHUFFLE(name##_used, type, name##_loop, period, used)                                      \
	SHUFFLE(name##_gap, type, name##_loop, period, gap)

BOTH_SIDES(odd, unsigned char, 2, 1, 0)
BOTH_SIDES(fourth, unsigned char, 4, 2, 1)
BOTH_SIDES(third, unsigned char, 3, 1, 2)
BOTH_SIDES(pair, short, 4, 1, 2)
BOTH_SIDES(column, float, 8, 4, 7)
BOTH_SIDES(real, float, 3, 0, 1)
BOTH_SIDES(product, unsigned char, 2, 0, 1)
BOTH_SIDES(packed, unsigned char, 4, 0, 1)
BOTH_SIDES(spilled, int, 4, 0, 3)
BOTH_SIDES(picked, int, 2, 0, 1)

static struct pair whole_pairs[COUNT / 2];

static APART void whole_copy(const struct pair *from, struct results *to)
{
	whole_loop(from, to);
}

static void *whole_write(void *unused)
{
	for (int i = 1; i < COUNT / 2; i += 2)
		whole_pairs[i].second = 1;
	return unused;
}

static void *whole_read(void *unused)
{
	struct results *to = &results;

	KEEP(to);
	whole_copy(whole_pairs, to);
	return unused;
}

RACE(whole)

#define BOTH(name) CASE(name##_used, "data-race:error"), CASE(name##_gap, "silent")

static const struct race_case cases[] = {
	BOTH(odd),
	BOTH(fourth),
	BOTH(third),
	BOTH(pair),
	BOTH(column),
	BOTH(real),
	BOTH(product),
	BOTH(packed),
	BOTH(spilled),
	CASE(picked_used, "data-race"),
	CASE(picked_gap, "data-race:warning?"),
	CASE(whole, "data-race:error"),
};

int main(int argc, char **argv)
{
	for (int i = 0; i < COUNT; i += 2)
		results.flags[i] = 1;
	return RUN_CASES(cases, argc, argv);
}
