/*
 * Accesses of 32 bytes, which thunks settle where all bytes are known: of each granule that is not,
 * the access is recorded.  Where the processor has none, two of 16 bytes do.
 */
#include <stdbool.h>
#include <string.h>

#include "warm.h"

#define INLINE inline __attribute__((always_inline))

typedef long two __attribute__((vector_size(16), aligned(1), may_alias));
typedef long four __attribute__((vector_size(32), aligned(1), may_alias));

static bool has_avx;

static INLINE void get_two(volatile two *at)
{
	two value = *at;

	KEEP(value);
}

/* name##_get(at) and name##_put(at): 32 bytes. */
#define WIDE(name)                                                                                 \
	__attribute__((target("avx"))) static NOINLINE void name##_get_four(volatile four *at)     \
	{                                                                                          \
		four value = *at;                                                                  \
                                                                                                   \
		KEEP(name##_data);                                                                 \
		__asm__ volatile("" ::"x"(value));                                                 \
	}                                                                                          \
	__attribute__((target("avx"))) static NOINLINE void name##_put_four(volatile four *at)     \
	{                                                                                          \
		KEEP(name##_data);                                                                 \
		*at = (four){1, 1, 1, 1};                                                          \
	}                                                                                          \
	static NOINLINE void name##_get_twice(volatile two *at)                                    \
	{                                                                                          \
		KEEP(name##_data);                                                                 \
		get_two(&at[0]);                                                                   \
		get_two(&at[1]);                                                                   \
	}                                                                                          \
	static NOINLINE void name##_put_twice(volatile two *at)                                    \
	{                                                                                          \
		KEEP(name##_data);                                                                 \
		at[0] = at[1] = (two){1, 1};                                                       \
	}                                                                                          \
	static void name##_get(void *at)                                                           \
	{                                                                                          \
		if (has_avx)                                                                       \
			name##_get_four(at);                                                       \
		else                                                                               \
			name##_get_twice(at);                                                      \
	}                                                                                          \
	static void name##_put(void *at)                                                           \
	{                                                                                          \
		if (has_avx)                                                                       \
			name##_put_four(at);                                                       \
		else                                                                               \
			name##_put_twice(at);                                                      \
	}

/* In one epoch the thread accesses 32 bytes from @before on, and 32 others 8 bytes behind them;
 * then those from @offset on twice, so that they are known.  Then the other one comes to @byte. */
#define AFTER(name, access, before, offset, byte, then, enter, leave)                              \
	MEMORY(name, 128)                                                                          \
	WIDE(name)                                                                                 \
	static void name##_turn(char *at, int epoch)                                               \
	{                                                                                          \
		(void)epoch;                                                                       \
		(void)name##_get;                                                                  \
		(void)name##_put;                                                                  \
		name##_##access(at + (before));                                                    \
		name##_##access(at + (before) + 40);                                               \
		name##_##access(at + (offset));                                                    \
		name##_##access(at + (offset));                                                    \
	}                                                                                          \
	TURNS(name, 1)                                                                             \
	THEN(name, then(name##_data[byte]), enter, leave)

#define READ(byte) ((void)(byte))
#define WRITE(byte) ((byte) = 1)
#define RACES(name, access, before, offset, byte, then)                                            \
	AFTER(name, access, before, offset, byte, then, NOTHING, NOTHING)
#define LOCKED(name, access, before, offset, byte, then)                                           \
	AFTER(name, access, before, offset, byte, then, LOCK, UNLOCK)

RACES(get_last, get, 0, 3, 34, WRITE)
RACES(get_behind, get, 0, 3, 35, WRITE)
RACES(get_first, get, 16, 13, 13, WRITE)
RACES(get_before, get, 16, 13, 12, WRITE)
RACES(get_middle, get, 0, 16, 34, WRITE)
LOCKED(get_locked, get, 0, 3, 34, WRITE)
RACES(put_last, put, 0, 3, 34, READ)
RACES(put_behind, put, 0, 3, 35, READ)
RACES(put_first, put, 16, 13, 13, READ)
RACES(put_before, put, 16, 13, 12, READ)
RACES(put_middle, put, 0, 16, 34, READ)
LOCKED(put_locked, put, 0, 3, 34, READ)

/* What the thread has written itself in the same epoch it reads: the write is known. */
#define WRITTEN(name, written, offset, byte, then, enter, leave)                                   \
	MEMORY(name, 4096)                                                                         \
	WIDE(name)                                                                                 \
	static void name##_turn(char *at, int epoch)                                               \
	{                                                                                          \
		(void)epoch;                                                                       \
		(void)name##_put;                                                                  \
		memset(at, 1, written);                                                            \
		name##_get(at + (offset));                                                         \
	}                                                                                          \
	TURNS(name, 1)                                                                             \
	THEN(name, then(name##_data[byte]), enter, leave)

WRITTEN(in_page, 4096, 1003, 1010, READ, NOTHING, NOTHING)
WRITTEN(in_page_locked, 4096, 1003, 1010, WRITE, LOCK, UNLOCK)
WRITTEN(over_end, 2048, 2019, 2050, WRITE, NOTHING, NOTHING)
WRITTEN(over_end_behind, 2048, 2019, 2051, WRITE, NOTHING, NOTHING)
WRITTEN(over_few, 64, 35, 66, WRITE, NOTHING, NOTHING)
WRITTEN(over_few_behind, 64, 35, 67, WRITE, NOTHING, NOTHING)

/* What it has written in the epoch before says nothing of the read. */
MEMORY(before_epoch, 4096)
WIDE(before_epoch)

static void before_epoch_touch(char *at)
{
	(void)before_epoch_put;
	pthread_mutex_lock(&lock);
	memset(at, 1, 4096);
	pthread_mutex_unlock(&lock);
	before_epoch_before = 1;
	before_epoch_get(at + 1003);
}

static void *before_epoch_first(void *unused)
{
	for (int round = 0; round < WARM; round++)
		before_epoch_touch(before_epoch_warm);
	before_epoch_touch((char *)before_epoch_data);
	return unused;
}

THEN(before_epoch, WRITE(before_epoch_data[1010]), LOCK, UNLOCK)

static const struct race_case cases[] = {
	CASE(get_last, "data-race"),
	CASE(get_behind, "silent"),
	CASE(get_first, "data-race"),
	CASE(get_before, "silent"),
	CASE(get_middle, "data-race"),
	CASE(get_locked, "silent"),
	CASE(put_last, "data-race"),
	CASE(put_behind, "silent"),
	CASE(put_first, "data-race"),
	CASE(put_before, "silent"),
	CASE(put_middle, "data-race"),
	CASE(put_locked, "silent"),
	CASE(in_page, "data-race"),
	CASE(in_page_locked, "silent"),
	CASE(over_end, "data-race"),
	CASE(over_end_behind, "silent"),
	CASE(over_few, "data-race"),
	CASE(over_few_behind, "silent"),
	CASE(before_epoch, "data-race"),
};

int main(int argc, char **argv)
{
	has_avx = __builtin_cpu_supports("avx");
	return RUN_CASES(cases, argc, argv);
}
