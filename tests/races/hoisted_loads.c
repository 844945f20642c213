/*
 * RULES, 'Plain or atomic': loads that compilers move out of a loop, where the source makes them
 * under a condition.  The reader's condition never holds, so the source does not read at all: no
 * error.  What each round reads is read by the source, too, wherever the load is: an error.
 *
 * Levels: 0 1 2 3
 */
#include "cases.h"

#define COUNT 64

static const int none[COUNT];
static long results;

/* What compilers do not know. */
static int three(void)
{
	int value = 3;

	__asm__ volatile("" : "+r"(value));
	return value;
}

static const int *unknown(const int *flags)
{
	__asm__ volatile("" : "+r"(flags));
	return flags;
}

#define THREADS(name)                                                                              \
	static void *name##_write(void *unused)                                                    \
	{                                                                                          \
		name##_value = three();                                                            \
		return unused;                                                                     \
	}                                                                                          \
	static void *name##_read(void *unused)                                                     \
	{                                                                                          \
		int count = COUNT;                                                                 \
		__asm__ volatile("" : "+r"(count));                                                \
		name##_work(unknown(none), count);                                                 \
		KEEP(results);                                                                     \
		return unused;                                                                     \
	}                                                                                          \
	RACE(name)

/* What is computed of it for all rounds is no need of it. */
static int times_value;

static NOINLINE void times_work(const int *flags, int count)
{
	long sum = 1;

	for (int i = 0; i < count; i++)
		if (flags[i])
			sum = sum * 3 + times_value * (i + 1);
	results = sum;
}

THREADS(times)

static int inner_value;

static NOINLINE void inner_work(const int *flags, int count)
{
	long sum = 0;

	for (int i = 0; i < count; i++)
		for (int j = 0; j < flags[i]; j++)
			sum = sum * 5 + inner_value + j;
	results = sum;
}

THREADS(inner)

/* Jumps into the loop, and within it. */
static int search_value;

static NOINLINE void search_work(const int *flags, int count)
{
	int i = 0;

	while (i < count) {
		if (flags[i] == 0) {
			i++;
			continue;
		}
		if (search_value == i)
			break;
		i += 2;
	}
	results = i;
}

THREADS(search)

static double real_value;

static NOINLINE void real_work(const int *flags, int count)
{
	double sum = 0;

	for (int i = 0; i < count; i++)
		if (flags[i])
			sum += real_value * i;
	results = (long)sum;
}

THREADS(real)

/* A jump table. */
static int select_value;

static NOINLINE void select_work(const int *flags, int count)
{
	long sum = 0;

	for (int i = 0; i < count; i++)
		switch (flags[i]) {
		case 0:
			sum += i;
			break;
		case 1:
			sum += select_value;
			break;
		case 2:
			sum -= select_value;
			break;
		case 3:
			sum ^= select_value;
			break;
		case 4:
			sum |= select_value;
			break;
		case 7:
			sum = 0;
			break;
		}
	results = sum;
}

THREADS(select)

/* The branch that it decides is moved as well: there are two loops then. */
static int leave_value;

static NOINLINE void leave_work(const int *flags, int count)
{
	long sum = 0;

	for (int i = 0; i < count; i++) {
		if (flags[i] && leave_value > 100)
			break;
		sum += i * sum + 1;
	}
	results = sum;
}

THREADS(leave)

/* Nothing else in the loop is at its line. */
static int goes_value;

static NOINLINE void goes_work(const int *flags, int count)
{
	long sum = 0;

	for (int i = 0; i < count; i++) {
		if (!flags[i])
			goto next;
		if (sum > 100)
			goto next;
		sum += goes_value;
	next:
		sum++;
	}
	results = sum;
}

THREADS(goes)

/* It is moved to the beginning of the function, and has the line of that. */
static int until_value;

static NOINLINE void until_work(const int *flags, int count)
{
	long sum = 0;
	int i = 0;

	do {
		sum += i;
		if (flags[i] == 0)
			continue;
		sum ^= until_value;
	} while (++i < count);
	results = sum;
}

THREADS(until)

/* It decides a branch that only picks what another condition throws away. */
static int limit_value;

static NOINLINE void limit_work(const int *flags, int count)
{
	long sum = 0;

	for (int i = 0; i < count; i++) {
		int flag = flags[i];

		if (flag && sum < limit_value)
			sum += i;
		else
			sum += flag;
	}
	results = sum;
}

THREADS(limit)

/* Vectors and masks; the loop may have gone altogether. */
static int masked_value;

static NOINLINE void masked_work(const int *flags, int count)
{
	int chosen[COUNT];

	for (int i = 0; i < count; i++)
		chosen[i] = flags[i] ? masked_value : i;
	for (int i = 0; i < count; i++)
		results += chosen[i] ^ i;
}

THREADS(masked)

/* More than there are registers. */
static unsigned many_value;

static NOINLINE void many_work(const int *flags, int count)
{
	unsigned a = 1, b = 2, c = 3, d = 4, e = 5, f = 6, g = 7, h = 8, k = 9, l = 10, m = 11;
	unsigned n = 12, o = 13, p = 14;

	for (int i = 0; i < count; i++) {
		a += b * 3;
		b ^= c + a;
		c += d * 5;
		d ^= e + c;
		e += f * 7;
		f ^= g + e;
		g += h * 11;
		h ^= k + g;
		k += l * 13;
		l ^= m + k;
		m += n * 17;
		n ^= o + m;
		o += p * 19;
		p ^= a + o;
		if (flags[i])
			a += many_value;
	}
	results = a ^ b ^ c ^ d ^ e ^ f ^ g ^ h ^ k ^ l ^ m ^ n ^ o ^ p;
}

THREADS(many)

/* In each round. */
static int each_value;

static NOINLINE void each_work(const int *flags, int count)
{
	long sum = *flags;

	for (int i = 0; i < count; i++)
		sum = sum * 3 + each_value;
	results = sum;
}

THREADS(each)

/* ... of the first loop; several rounds at a time, which looks as if there may be none. */
static int twice_value;

static NOINLINE void twice_work(const int *flags, int count)
{
	long sum = 0;

	for (int i = 0; i < count; i++)
		sum = sum * 5 + twice_value;
	for (int i = 0; i < count; i++)
		sum = sum * 7 + flags[i];
	results = sum;
}

THREADS(twice)

/* ... of the inner loop. */
static int nested_value;

static NOINLINE void nested_work(const int *flags, int count)
{
	long sum = *flags;

	for (int i = 0; i < count; i++)
		for (int j = 0; j < COUNT; j++)
			sum = sum * 5 + nested_value + j;
	results = sum;
}

THREADS(nested)

/* By vectors. */
static float scaled_value;

static NOINLINE void scaled_work(const int *flags, int count)
{
	float scaled[COUNT];

	for (int i = 0; i < count; i++)
		scaled[i] = (float)flags[i] * scaled_value;
	for (int i = 0; i < count; i++)
		results += (long)scaled[i];
}

THREADS(scaled)

/* To compare with. */
static int above_value;

static NOINLINE void above_work(const int *flags, int count)
{
	int above = 0;

	for (int i = 0; i < count; i++)
		if (flags[i] * i > above_value)
			above++;
	results = above;
}

THREADS(above)

/* Before the loop in the source, too. */
static int before_value;

static NOINLINE void before_work(const int *flags, int count)
{
	long sum = 0;
	int value = before_value;

	for (int i = 0; i < count; i++)
		if (flags[i] > 7)
			sum = sum * 3 + value;
	results = sum;
}

THREADS(before)

/* What gcc moves to the beginning of a function gets the line of its head, which may name the
 * variable's pointer. Here the load is put there; unoptimised code has it where it is written. */
static int head_value;

#if defined(__OPTIMIZE__) && !defined(__clang__)
#define HEAD_LOAD(value, place)                                                                    \
	__asm__ volatile(".loc 1 %c2\n\tmovl (%1), %0"                                             \
			 : "=r"(value)                                                             \
			 : "r"(place), "i"(HEAD_LINE))
#else
#define HEAD_LOAD(value, place) (value = wanted ? *(place) : 0)
#endif

#define HEAD_LINE (__LINE__ - 4) /* where it is used */
static NOINLINE void head_work(const int *place, int wanted)
{
	int value;

	HEAD_LOAD(value, place);
	if (wanted)
		results = value;
}

static void *head_write(void *unused)
{
	head_value = three();
	return unused;
}

static void *head_read(void *unused)
{
	int wanted = 0;

	__asm__ volatile("" : "+r"(wanted));
	head_work(&head_value, wanted);
	KEEP(results);
	return unused;
}

RACE(head)

#define DOUBTFUL "silent data-race:warning?"

static const struct race_case cases[] = {
	CASE(times, DOUBTFUL),	      CASE(inner, DOUBTFUL),	    CASE(search, DOUBTFUL),
	CASE(real, DOUBTFUL),	      CASE(select, DOUBTFUL),	    CASE(leave, DOUBTFUL),
	CASE(goes, DOUBTFUL),	      CASE(until, DOUBTFUL),	    CASE(limit, DOUBTFUL),
	CASE(masked, DOUBTFUL),	      CASE(many, DOUBTFUL),	    CASE(each, "data-race:error"),
	CASE(twice, "data-race:error"), CASE(nested, "data-race:error"),
	CASE(scaled, "data-race:error"), CASE(above, "data-race:error"),
	CASE(before, "data-race:error"), CASE(head, DOUBTFUL),
};

int main(int argc, char **argv)
{
	return RUN_CASES(cases, argc, argv);
}
