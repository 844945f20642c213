/*
 * RULES, 'Lost updates', of what compilers move by vector registers: structures that are
 * copied whole, and numbers with a point.  Each with what looks like it and is none.
 */
#include "cases.h"

/* Both threads have read before either writes. */
static pthread_barrier_t both_have_read;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

struct longs {
	long first, second;
};

struct ints {
	int first, second, third, fourth;
};

/* A case in which both threads copy NAME_shared in one section, and @write in another what
 * they @make of the copy. */
#define SPLIT(name, type, make, write)                                                             \
	static type name##_shared;                                                                 \
	static NOINLINE void name##_both(long turn)                                                \
	{                                                                                          \
		type copy;                                                                         \
                                                                                                   \
		pthread_mutex_lock(&lock);                                                         \
		copy = name##_shared;                                                              \
		pthread_mutex_unlock(&lock);                                                       \
		pthread_barrier_wait(&both_have_read);                                             \
		make;                                                                              \
		pthread_mutex_lock(&lock);                                                         \
		write;                                                                             \
		pthread_mutex_unlock(&lock);                                                       \
		KEEP(turn);                                                                        \
	}                                                                                          \
	static void *name##_first(void *unused)                                                    \
	{                                                                                          \
		name##_both(1);                                                                    \
		return unused;                                                                     \
	}                                                                                          \
	static void *name##_second(void *unused)                                                   \
	{                                                                                          \
		name##_both(2);                                                                    \
		return unused;                                                                     \
	}                                                                                          \
	static void name##_case(void)                                                              \
	{                                                                                          \
		run_both(name##_first, name##_second, NULL);                                       \
		KEEP(name##_shared);                                                               \
	}

SPLIT(pair, struct longs, (copy.first++, copy.second += 2), pair_shared = copy)
SPLIT(one_of_pair, struct longs, copy.second++, one_of_pair_shared = copy)
SPLIT(one_of_four, struct ints, copy.third++, one_of_four_shared = copy)
SPLIT(number, double, copy += (double)turn, number_shared = copy)
SPLIT(small_number, float, copy += (float)turn, small_number_shared = copy)

/* What is stored does not rest on what was loaded. */
SPLIT(anew, struct longs, KEEP(copy); copy.first = copy.second = turn, anew_shared = copy)

/* Each thread stores to a field of its own. */
SPLIT(own_fields, struct longs, (copy.first++, copy.second++),
      if (turn == 1) own_fields_shared.first = copy.first;
      else own_fields_shared.second = copy.second)

/* The second section loads again. */
SPLIT(loaded_again, struct longs, KEEP(copy),
      (copy = loaded_again_shared, copy.first++, copy.second++, loaded_again_shared = copy))

/* Another place is stored to. */
static struct longs elsewhere_other;
SPLIT(elsewhere, struct longs, (copy.first++, copy.second++), elsewhere_other = copy)

/* Without a lock. */
static double total_shared;

static void *total_work(void *unused)
{
	total_shared += unused ? 2.5 : 1.5;
	return NULL;
}

static void total_case(void)
{
	run_both(total_work, total_work, NULL);
	KEEP(total_shared);
}

/* What is shifted by vectors is stored again, but a vector that is loaded is no atomic's. */
static long shifted_words[401];

static void *shifted_write(void *unused)
{
	memset(shifted_words, 1, sizeof shifted_words);
	return unused;
}

static NOINLINE void shifted_down(long *words)
{
	for (int i = 0; i < 400; i++)
		words[i] = words[i + 1] + 1;
}

static void *shifted_read(void *unused)
{
	await_first();
	shifted_down(shifted_words);
	return unused;
}

RACE(shifted)

static const struct race_case cases[] = {
	CASE(pair, "lost-update:error lost-update:warning?"),
	CASE(one_of_pair, "lost-update:error lost-update:warning?"),
	CASE(one_of_four, "lost-update:error lost-update:warning?"),
	CASE(number, "lost-update:error"),
	CASE(small_number, "lost-update:error"),
	CASE(anew, "silent"),
	CASE(own_fields, "silent"),
	CASE(loaded_again, "silent"),
	CASE(elsewhere, "silent"),
	CASE(total, "lost-update:error"),
	CASE(shifted, "data-race:error"),
};

int main(int argc, char **argv)
{
	pthread_barrier_init(&both_have_read, NULL, 2);
	return RUN_CASES(cases, argc, argv);
}
