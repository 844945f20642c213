/*
 * RULES, 'neighbouring bytes' and 'data-race': loops over every second element, or one
 * member of each structure of an array.  Vectorised, they load all and drop the rest,
 * which is no access of the source.
 */
#include "cases.h"

#if defined(__OPTIMIZE__) && !defined(__clang__)
#pragma GCC optimize("O3")
#endif

#define COUNT 256

struct four {
	int first, second, third, fourth;
};

struct point {
	double x, y;
};

struct entry {
	long key;
	int value, weight;
};

static int total;
static double products[COUNT];

static NOINLINE void second_loop(const int *array)
{
	int sum = 0;

	for (long i = 0; i < COUNT; i += 2)
		sum += array[i];
	total = sum;
}

static NOINLINE void fourth_loop(const int *array)
{
	int sum = 0;

	for (long i = 3; i < COUNT; i += 4)
		sum += array[i];
	total = sum;
}

/* Each element becomes wider. */
static NOINLINE void wider_loop(const int *array)
{
	long sum = 0;

	for (long i = 0; i < COUNT; i += 2)
		sum += array[i];
	total = sum != 0;
}

static NOINLINE void larger_loop(const int *array)
{
	int sum = 0;

	for (long i = 0; i < COUNT; i += 2)
		sum += array[i] > 5;
	total = sum;
}

static NOINLINE void member_loop(const struct four *array)
{
	int sum = 0;

	for (long i = 0; i < COUNT; i++)
		sum += array[i].second;
	total = sum;
}

static NOINLINE void three_loop(const struct four *array)
{
	int first = 0, second = 0, third = 0;

	for (long i = 0; i < COUNT; i++) {
		first += array[i].first;
		second += array[i].second;
		third += array[i].third;
	}
	total = first + 2 * second + 3 * third;
}

static NOINLINE void key_loop(const struct entry *array)
{
	long sum = 0;

	for (long i = 0; i < COUNT; i++)
		sum += array[i].key;
	total = sum != 0;
}

static NOINLINE void real_loop(const struct point *array)
{
	for (long i = 0; i < COUNT; i++)
		products[i] = array[i].x * 3;
}

/* One thread runs @loop, while the other stores to a part of every fourth element. */
#define STRIDE(name, type, loop, stored)                                                           \
	static type name##_array[COUNT];                                                           \
	static void *name##_write(void *unused)                                                    \
	{                                                                                          \
		for (int i = 0; i < COUNT; i += 4) {                                               \
			type *at = &name##_array[i];                                               \
                                                                                                   \
			stored;                                                                    \
			KEEP(at);                                                                  \
		}                                                                                  \
		return unused;                                                                     \
	}                                                                                          \
	static void *name##_read(void *unused)                                                     \
	{                                                                                          \
		loop(name##_array);                                                                \
		KEEP(total);                                                                       \
		KEEP(products);                                                                    \
		return unused;                                                                     \
	}                                                                                          \
	RACE(name)

/* Case NAME_used: @used is read by the loop; NAME_gap: @gap is not. */
#define BOTH_SIDES(name, type, used, gap)                                                          \
	STRIDE(name##_used, type, name##_loop, used)                                               \
	STRIDE(name##_gap, type, name##_loop, gap)

/* clang leaves the reads of the last elements without a line, so these writes are the side that
 * is plain by its source: they stand in no macro. */
static inline void store_last(int *four)
{
	four[3] = 1;
}

static inline void store_others(int *four)
{
	four[0] = four[1] = four[2] = 1;
}

static inline void store_x(struct point *point)
{
	point->x = 1;
}

static inline void store_y(struct point *point)
{
	point->y = 1;
}

BOTH_SIDES(second, int, at[2] = 1, at[1] = at[3] = 1)
BOTH_SIDES(fourth, int, store_last(at), store_others(at))
BOTH_SIDES(wider, int, at[2] = 1, at[1] = at[3] = 1)
BOTH_SIDES(larger, int, at[0] = 1, at[1] = at[3] = 1)
BOTH_SIDES(member, struct four, at->second = 1, at->first = at->third = at->fourth = 1)
BOTH_SIDES(three, struct four, at->third = 1, at->fourth = 1)
BOTH_SIDES(key, struct entry, at->key = 1, at->value = at->weight = 1)
BOTH_SIDES(real, struct point, store_x(at), store_y(at))

/* Both threads update elements of their own. */
static double colours_array[COUNT];

static NOINLINE void colours_smooth(double *array, long first)
{
	for (long i = first; i < COUNT - 2; i += 2)
		array[i] = (array[i - 2] + array[i + 2]) / 2;
}

static void *colours_write(void *unused)
{
	colours_smooth(colours_array, 2);
	return unused;
}

static void *colours_read(void *unused)
{
	colours_smooth(colours_array, 3);
	return unused;
}

RACE(colours)

#define BOTH(name) CASE(name##_used, "data-race:error"), CASE(name##_gap, "silent")

static const struct race_case cases[] = {
	BOTH(second),
	BOTH(wider),
	BOTH(larger),
	BOTH(member),
	BOTH(three),
	BOTH(key),
	BOTH(real),
	BOTH(fourth),
	CASE(colours, "silent"),
};

int main(int argc, char **argv)
{
	return RUN_CASES(cases, argc, argv);
}
