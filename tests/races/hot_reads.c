/*
 * Words that threads read in each of their short critical sections: who writes one later is
 * ordered after all reads but the last, or after all of them.
 */
#include "cases.h"

#define TURNS 20 /* so that both read while the other does */
#define ROUNDS 100

static pthread_mutex_t locks[2] = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER};
static pthread_barrier_t all_warm;

static int part_word;

static NOINLINE int part_get(void)
{
	return part_word != 0;
}

static NOINLINE void part_set(void)
{
	part_word = 1;
}

static long whole_word;

static NOINLINE int whole_get(void)
{
	return whole_word != 0;
}

static NOINLINE void whole_set(void)
{
	whole_word = 1;
}

static int part_ordered_word;

static NOINLINE int part_ordered_get(void)
{
	return part_ordered_word != 0;
}

static NOINLINE void part_ordered_set(void)
{
	part_ordered_word = 1;
}

static long whole_ordered_word;

static NOINLINE int whole_ordered_get(void)
{
	return whole_ordered_word != 0;
}

static NOINLINE void whole_ordered_set(void)
{
	whole_ordered_word = 1;
}

/* A reader that reads often, and once more when the writer knows of all that; and the writer,
 * which reads as often. */
#define HOT_READS(name, is_ordered)                                                                \
	static NOINLINE void name##_round(pthread_mutex_t *lock)                                   \
	{                                                                                          \
		pthread_mutex_lock(lock);                                                          \
		MUST(!name##_get());                                                               \
		pthread_mutex_unlock(lock);                                                        \
	}                                                                                          \
                                                                                                   \
	static void name##_rounds(pthread_mutex_t *lock)                                           \
	{                                                                                          \
		for (int turn = 0; turn < TURNS; turn++) {                                         \
			for (int i = 0; i < ROUNDS; i++)                                           \
				name##_round(lock);                                                \
			pthread_barrier_wait(&all_warm);                                           \
		}                                                                                  \
	}                                                                                          \
                                                                                                   \
	static void *name##_read(void *unused)                                                     \
	{                                                                                          \
		name##_rounds(&locks[0]);                                                          \
		name##_round(&locks[0]);                                                           \
		return unused;                                                                     \
	}                                                                                          \
                                                                                                   \
	static void *name##_write(void *unused)                                                    \
	{                                                                                          \
		name##_rounds(&locks[1]);                                                          \
		await_first();                                                                     \
		if (is_ordered)                                                                    \
			pthread_mutex_lock(&locks[0]);                                             \
		name##_set();                                                                      \
		if (is_ordered)                                                                    \
			pthread_mutex_unlock(&locks[0]);                                           \
		return unused;                                                                     \
	}                                                                                          \
                                                                                                   \
	static void name##_case(void)                                                              \
	{                                                                                          \
		MUST(pthread_barrier_init(&all_warm, NULL, 2) == 0);                               \
		run_both(name##_read, name##_write, NULL);                                         \
		pthread_barrier_destroy(&all_warm);                                                \
	}

HOT_READS(part, 0)
HOT_READS(whole, 0)
HOT_READS(part_ordered, 1)
HOT_READS(whole_ordered, 1)

static const struct race_case cases[] = {
	CASE(part, "data-race:error"),
	CASE(whole, "data-race:error"),
	CASE(part_ordered, "silent"),
	CASE(whole_ordered, "silent"),
};

int main(int argc, char **argv)
{
	return RUN_CASES(cases, argc, argv);
}
