/*
 * RULES, 'Plain or atomic': accesses that the compiler puts where the source has none.  Both load
 * ahead of a loop what it uses in some of its rounds; clang leaves that without a line, and one
 * access that it has made of several.
 */
#include "cases.h"

/* An atomic access that is said to be at a statement without it, as a moved one is. */
static int marked_value, marked_other, marked_seen;

static NOINLINE void marked_store(int value)
{
	_Static_assert(__LINE__ == 13, "as below");
	marked_other += value;
#line 14
	__atomic_store_n(&marked_value, value, __ATOMIC_RELAXED);
#line 18
}

/* Before there are threads. */
static void __attribute__((constructor)) marked_begin(void)
{
	marked_value = 1;
}

static void *marked_write(void *unused)
{
	marked_store(7);
	return unused;
}

static void *marked_read(void *unused)
{
	marked_seen = __atomic_load_n(&marked_value, __ATOMIC_RELAXED);
	return unused;
}

RACE(marked)

/* Each thread has an element of its own, and loads both. */
static long ahead_values[2];

static NOINLINE void ahead_count(long *values, int first, int last)
{
	for (int i = first; i <= last; i++)
		switch (i) {
		case 0:
			values[0]++;
			break;
		case 1:
			values[1]++;
			break;
		}
}

static void *ahead_write(void *unused)
{
	(void)unused;
	ahead_count(ahead_values, 0, 0);
	return NULL;
}

static void *ahead_read(void *unused)
{
	(void)unused;
	ahead_count(ahead_values, 1, 1);
	return NULL;
}

RACE(ahead)

/* This load goes ahead of the loop, too, but is needed. */
static long needed_value, needed_sum;

static void *needed_write(void *unused)
{
	(void)unused;
	needed_value = 7;
	return NULL;
}

static NOINLINE void needed_add(const long *value, int first, int last)
{
	for (int i = first; i <= last; i++) {
		needed_sum += *value;
		KEEP(first);
	}
}

static void *needed_read(void *unused)
{
	(void)unused;
	needed_add(&needed_value, 0, 3);
	return NULL;
}

RACE(needed)

/* One thread has one member of each point, and the other the other; vectors load both. */
struct point {
	int x, y;
};

static struct point beside_points[256];

static NOINLINE int beside_sum(const struct point *points)
{
	int sum = 0;

	for (int i = 0; i < 256; i++)
		sum += points[i].x;
	return sum;
}

static void *beside_write(void *unused)
{
	for (int i = 0; i < 256; i++)
		beside_points[i].y = i;
	return unused;
}

static void *beside_read(void *unused)
{
	return beside_sum(beside_points) ? unused : NULL;
}

RACE(beside)

/* The same member. */
static struct point within_points[256];

static NOINLINE int within_sum(const struct point *points)
{
	int sum = 0;

	for (int i = 0; i < 256; i++)
		sum += points[i].y;
	return sum;
}

static void *within_write(void *unused)
{
	for (int i = 0; i < 256; i++)
		within_points[i].y = i;
	return unused;
}

static void *within_read(void *unused)
{
	return within_sum(within_points) ? unused : NULL;
}

RACE(within)

/* Of two stores one is made. */
static int merged_flag;
static unsigned merged_sum, merged_other;

static NOINLINE void merged_store(int is_odd)
{
	if (is_odd) {
		merged_sum += 3;
		merged_flag = 1;
	} else {
		merged_other += 5;
		merged_flag = 1;
	}
}

static void *merged_write(void *unused)
{
	merged_store(unused == NULL);
	return unused;
}

static void *merged_read(void *unused)
{
	return __atomic_load_n(&merged_flag, __ATOMIC_RELAXED) == 5 ? &merged_flag : unused;
}

RACE(merged)

/* The same with atomic stores. */
static int merged_atomic_flag, merged_atomic_seen;

static NOINLINE void merged_atomic_store(int is_odd)
{
	if (is_odd) {
		merged_sum += 3;
		__atomic_store_n(&merged_atomic_flag, 1, __ATOMIC_RELAXED);
	} else {
		merged_other += 5;
		__atomic_store_n(&merged_atomic_flag, 1, __ATOMIC_RELAXED);
	}
}

static void *merged_atomic_write(void *unused)
{
	merged_atomic_store(unused == NULL);
	return unused;
}

static void *merged_atomic_read(void *unused)
{
	merged_atomic_seen = __atomic_load_n(&merged_atomic_flag, __ATOMIC_RELAXED);
	return unused;
}

RACE(merged_atomic)

/* Through a pointer: what the function accesses it does itself. */
static int through_flag, through_seen;

static NOINLINE void through_store(int *flag, int is_odd)
{
	if (is_odd) {
		merged_sum += 3;
		*flag = 1;
	} else {
		merged_other += 5;
		*flag = 1;
	}
}

static void *through_write(void *unused)
{
	through_store(&through_flag, unused == NULL);
	return unused;
}

static void *through_read(void *unused)
{
	through_seen = __atomic_load_n(&through_flag, __ATOMIC_RELAXED);
	return unused;
}

RACE(through)

/* Functions that it calls do, and are atomic. */
static int called_flag, called_seen;

static inline void called_set(int *flag)
{
	__atomic_store_n(flag, 1, __ATOMIC_RELAXED);
}

static inline void called_raise(int *flag)
{
	__atomic_store_n(flag, 1, __ATOMIC_RELEASE);
}

static NOINLINE void called_store(int *flag, int is_odd)
{
	if (is_odd) {
		merged_sum += 3;
		called_set(flag);
	} else {
		merged_other += 5;
		called_raise(flag);
	}
}

static void *called_write(void *unused)
{
	called_store(&called_flag, unused == NULL);
	return unused;
}

static void *called_read(void *unused)
{
	int seen = __atomic_load_n(&called_flag, __ATOMIC_RELAXED);

	called_set(&called_seen);
	called_raise(&called_seen);
	return seen == 5 ? &called_seen : unused;
}

RACE(called)

/* Of the loads in the condition of a loop one is made for all rounds. */
static unsigned rounds_head, rounds_tail;
static long rounds_items[4];

static void *rounds_write(void *unused)
{
	__atomic_store_n(&rounds_head, 3, __ATOMIC_RELAXED);
	return unused;
}

static void *rounds_read(void *unused)
{
	long sum = 0;

	while (rounds_tail < rounds_head && rounds_tail < 20) {
		sum += rounds_items[rounds_tail % 4];
		rounds_tail++;
	}
	return sum ? rounds_items : unused;
}

RACE(rounds)

/* What is inlined into a loop goes before and behind it, to lines of the loop's function. */
static int highest_value;

static inline void highest_note(int value)
{
	if (value > highest_value)
		highest_value = value;
}

static NOINLINE void highest_work(unsigned state)
{
	for (int i = 0; i < 100; i++) {
		state = state * 1103515245u + 12345u;
		highest_note((int)(state >> 8) % 1000);
	}
}

static void *highest_write(void *unused)
{
	(void)unused;
	highest_work(1);
	return NULL;
}

static void *highest_read(void *unused)
{
	(void)unused;
	highest_work(2);
	return NULL;
}

RACE(highest)

/* A load that no round needs may go before the loop as well. */
static int unneeded_value;

static inline int unneeded_get(int i)
{
	return i > 200 ? unneeded_value : i;
}

static NOINLINE int unneeded_sum(int count)
{
	int sum = 0;

	for (int i = 0; i < count; i++)
		sum += unneeded_get(i);
	return sum;
}

static void *unneeded_write(void *unused)
{
	(void)unused;
	unneeded_value = 1;
	return NULL;
}

static void *unneeded_read(void *unused)
{
	int count = 100;

	KEEP(count);
	return unneeded_sum(count) < 0 ? &unneeded_value : unused;
}

RACE(unneeded)

/* The pointer is loaded once for all rounds, and kept as it is swapped: without a line. */
static long swapped_buffers[2][64];
static long *swapped_front = swapped_buffers[0], *swapped_back = swapped_buffers[1];
static pthread_mutex_t swapped_mutex = PTHREAD_MUTEX_INITIALIZER;

static void *swapped_write(void *unused)
{
	for (int round = 0; round < 3; round++) {
		long *next;

		for (int i = 0; i < 64; i++)
			swapped_back[i] = round;
		pthread_mutex_lock(&swapped_mutex);
		next = swapped_front;
		swapped_front = swapped_back;
		swapped_back = next;
		pthread_mutex_unlock(&swapped_mutex);
	}
	return unused;
}

static void *swapped_read(void *unused)
{
	long sum = 0;

	for (int i = 0; i < 64; i++)
		sum += swapped_buffers[0][i] + swapped_buffers[1][i];
	KEEP(sum);
	return unused;
}

RACE(swapped)

/* One that each round needs, and the source makes. */
static int used_value;

static NOINLINE int used_sum(int count)
{
	int sum = 0;

	for (int i = 0; i < count; i++) {
		sum = (sum ^ used_value) + i;
		__asm__ volatile("" : "+r"(sum)); /* no vectors */
	}
	return sum;
}

static void *used_write(void *unused)
{
	(void)unused;
	used_value = 1;
	return NULL;
}

static void *used_read(void *unused)
{
	int count = 101;

	KEEP(count);
	return used_sum(count) < 0 ? &used_value : unused;
}

RACE(used)

static const struct race_case cases[] = {
	CASE(highest, "data-race:error|lost-update:error"),
	CASE(marked, "data-race:warning"),
	CASE(unneeded, "silent data-race:warning?"), CASE(used, "data-race:error"),
	CASE(ahead, "data-race:warning?"),  CASE(needed, "data-race:error"),
	CASE(beside, "data-race:warning?"), CASE(within, "data-race:error"),
	CASE(merged, "data-race:error"),    CASE(merged_atomic, "data-race:warning?"),
	CASE(through, "data-race:error"),   CASE(called, "data-race:warning?"),
	CASE(rounds, "data-race:error"),    CASE(swapped, "data-race:error"),
};

int main(int argc, char **argv)
{
	return run_cases(cases, sizeof(cases) / sizeof(*cases), argc, argv);
}
