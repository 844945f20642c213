/*
 * Accesses that are of several granules: each of these is compared with what others do, however
 * often the access has been made before.
 */
#include "warm.h"

#define PAGE_WORDS 512

#define INLINE inline __attribute__((always_inline))

typedef long pair __attribute__((vector_size(16), aligned(8), may_alias));
typedef long odd_long __attribute__((aligned(1), may_alias));
typedef long odd_pair __attribute__((vector_size(16), aligned(1), may_alias));

static pthread_barrier_t all_warm;

static INLINE void put_pair(volatile pair *at)
{
	*at = (pair){1, 1};
}

static INLINE void get_pair(volatile pair *at)
{
	pair value = *at;

	KEEP(value);
}

static INLINE void put_odd(volatile odd_long *at)
{
	*at = 1;
}

static INLINE void get_odd(volatile odd_long *at)
{
	odd_long value = *at;

	KEEP(value);
}

static INLINE void put_three(volatile odd_pair *at)
{
	*at = (odd_pair){1, 1};
}

static INLINE void get_three(volatile odd_pair *at)
{
	odd_pair value = *at;

	KEEP(value);
}

/* The first thread makes the access, to where nobody has been yet; then the second one makes its
 * own to byte @byte, under the lock, as the first did, or not. */
#define SPAN(name, access, offset, byte, then, enter, leave)                                       \
	MEMORY(name, 32)                                                                           \
	static NOINLINE void name##_touch(void *at)                                                \
	{                                                                                          \
		KEEP(name##_data);                                                                 \
		access(at);                                                                        \
	}                                                                                          \
	static void name##_turn(char *at, int epoch)                                               \
	{                                                                                          \
		(void)epoch;                                                                       \
		name##_touch(at + (offset));                                                       \
	}                                                                                          \
	TURNS(name, 1)                                                                             \
	THEN(name, then(name##_data[byte]), enter, leave)

#define READ(byte) ((void)(byte))
#define WRITE(byte) ((byte) = 1)
#define RACES(name, access, offset, byte, then)                                                    \
	SPAN(name, access, offset, byte, then, NOTHING, NOTHING)
#define LOCKED(name, access, offset, byte, then)                                                   \
	SPAN(name, access, offset, byte, then, LOCK, UNLOCK)

RACES(put_pair_first, put_pair, 8, 9, READ)
RACES(put_pair_second, put_pair, 8, 18, READ)
RACES(get_pair_first, get_pair, 8, 9, WRITE)
RACES(get_pair_second, get_pair, 8, 18, WRITE)
RACES(put_odd_first, put_odd, 4, 6, READ)
RACES(put_odd_second, put_odd, 4, 10, READ)
RACES(get_odd_first, get_odd, 4, 6, WRITE)
RACES(get_odd_second, get_odd, 4, 10, WRITE)
LOCKED(put_pair_locked, put_pair, 8, 18, READ)
LOCKED(get_pair_locked, get_pair, 8, 18, WRITE)
LOCKED(put_odd_locked, put_odd, 4, 10, READ)
LOCKED(get_odd_locked, get_odd, 4, 10, WRITE)
RACES(put_three_first, put_three, 4, 6, READ)
RACES(put_three_second, put_three, 4, 10, READ)
RACES(put_three_third, put_three, 4, 18, READ)
RACES(get_three_first, get_three, 4, 6, WRITE)
RACES(get_three_second, get_three, 4, 10, WRITE)
RACES(get_three_third, get_three, 4, 18, WRITE)
LOCKED(put_three_locked, put_three, 4, 18, READ)
LOCKED(get_three_locked, get_three, 4, 18, WRITE)
RACES(before_odd, put_odd, 4, 3, READ)
RACES(behind_odd, put_odd, 4, 12, READ)

/* Of a page that the thread has just read as a whole. */
static long read_page_data[2 * PAGE_WORDS] __attribute__((aligned(8 * PAGE_WORDS)));
static long read_page_warm[4];

static NOINLINE void read_page_put(void *at)
{
	KEEP(read_page_data);
	put_pair(at);
}

static NOINLINE long read_page_sum(void)
{
	long sum = 0;

	for (int i = 0; i < 2 * PAGE_WORDS; i++)
		sum += read_page_data[i];
	return sum;
}

static void *read_page_first(void *unused)
{
	for (int round = 0; round < WARM; round++) {
		pthread_mutex_lock(&lock);
		read_page_put(read_page_warm + 1);
		pthread_mutex_unlock(&lock);
		MUST(read_page_sum() == 0);
	}
	read_page_put(read_page_data + 99);
	return unused;
}

static void *read_page_second(void *unused)
{
	await_first();
	READ(*(volatile long *)&read_page_data[100]);
	return unused;
}

static void read_page_case(void)
{
	run_both(read_page_first, read_page_second, NULL);
}

/* The second of the granules was written in parts before, by one thread each. */
static volatile char parts_data[32] __attribute__((aligned(16)));
static char parts_warm[32] __attribute__((aligned(16)));

static NOINLINE void parts_put(void *at)
{
	KEEP(parts_data);
	put_pair(at);
}

static void *parts_first(void *unused)
{
	for (int round = 0; round < WARM; round++) {
		pthread_mutex_lock(&lock);
		parts_put(parts_warm + 8);
		pthread_mutex_unlock(&lock);
	}
	parts_data[16] = 1;
	pthread_barrier_wait(&all_warm);
	pthread_barrier_wait(&all_warm);
	parts_put((char *)parts_data + 8);
	return unused;
}

static void *parts_second(void *unused)
{
	pthread_barrier_wait(&all_warm);
	parts_data[17] = 1;
	pthread_barrier_wait(&all_warm);
	await_first();
	READ(parts_data[18]);
	return unused;
}

static void parts_case(void)
{
	MUST(pthread_barrier_init(&all_warm, NULL, 2) == 0);
	run_both(parts_first, parts_second, NULL);
	pthread_barrier_destroy(&all_warm);
}

/* A byte of the second one was written just before, the others never, and it has cells. */
static volatile char some_data[32] __attribute__((aligned(16)));
static char some_warm[32] __attribute__((aligned(16)));

static NOINLINE void some_put(void *at)
{
	KEEP(some_data);
	put_odd(at);
}

static NOINLINE void some_put_byte(char *at)
{
	KEEP(some_data);
	*(volatile char *)at = 1;
}

static void *some_first(void *unused)
{
	for (int round = 0; round < WARM; round++) {
		pthread_mutex_lock(&lock);
		some_put_byte(some_warm + 17);
		some_put(some_warm + 12);
		pthread_mutex_unlock(&lock);
	}
	for (int i = 16; i < 18; i++) {
		pthread_mutex_lock(&lock);
		some_put_byte((char *)some_data + i);
		pthread_mutex_unlock(&lock);
	}
	some_put_byte((char *)some_data + 17);
	some_put((char *)some_data + 12);
	return unused;
}

static void *some_second(void *unused)
{
	await_first();
	READ(some_data[18]);
	return unused;
}

static void some_case(void)
{
	run_both(some_first, some_second, NULL);
}

static const struct race_case cases[] = {
	CASE(put_pair_first, "data-race:error"),
	CASE(put_pair_second, "data-race:error"),
	CASE(get_pair_first, "data-race:error"),
	CASE(get_pair_second, "data-race:error"),
	CASE(put_odd_first, "data-race"),
	CASE(put_odd_second, "data-race"),
	CASE(get_odd_first, "data-race"),
	CASE(get_odd_second, "data-race"),
	CASE(put_pair_locked, "silent"),
	CASE(get_pair_locked, "silent"),
	CASE(put_odd_locked, "silent"),
	CASE(get_odd_locked, "silent"),
	CASE(put_three_first, "data-race"),
	CASE(put_three_second, "data-race"),
	CASE(put_three_third, "data-race"),
	CASE(get_three_first, "data-race"),
	CASE(get_three_second, "data-race"),
	CASE(get_three_third, "data-race"),
	CASE(put_three_locked, "silent"),
	CASE(get_three_locked, "silent"),
	CASE(before_odd, "silent"),
	CASE(behind_odd, "silent"),
	CASE(parts, "data-race:error"),
	CASE(some, "data-race"),
	CASE(read_page, "data-race:error"),
};

int main(int argc, char **argv)
{
	return RUN_CASES(cases, argc, argv);
}
