/*
 * Parts of a granule that is accessed in parts only, each in an epoch of its own: all of them are
 * remembered, whatever comes to the others, and compared with what others do.
 */
#include "warm.h"

typedef int odd_int __attribute__((may_alias));
typedef short odd_short __attribute__((may_alias));

/* What is done to a granule in turn. */
enum part { LOWER, UPPER, ONE, NEXT, OVER, PARTS };

#define WRITES(at, to) (*(volatile to *)(at) = 1)
#define READS(at, to) ((void)*(volatile to *)(at))

/* The first thread accesses the parts; then the second one accesses byte @byte, under the lock, as
 * the first did, or not. */
#define PARTLY(name, access, byte, then, enter, leave)                                             \
	MEMORY(name, 8)                                                                            \
	static NOINLINE void name##_turn(char *at, enum part part)                                 \
	{                                                                                          \
		KEEP(name##_data);                                                                 \
		switch (part) {                                                                    \
		case LOWER:                                                                        \
			access(at, odd_int);                                                       \
			break;                                                                     \
		case UPPER:                                                                        \
			access(at + 4, odd_int);                                                   \
			break;                                                                     \
		case ONE:                                                                          \
			access(at + 1, char);                                                      \
			break;                                                                     \
		case NEXT:                                                                         \
			access(at + 2, char);                                                      \
			break;                                                                     \
		default:                                                                           \
			access(at + 4, odd_short);                                                 \
		}                                                                                  \
	}                                                                                          \
	TURNS(name, PARTS)                                                                         \
	THEN(name, then(name##_data + (byte), char), enter, leave)

#define RACES(name, access, byte, then) PARTLY(name, access, byte, then, NOTHING, NOTHING)
#define LOCKED(name, access, byte, then) PARTLY(name, access, byte, then, LOCK, UNLOCK)

RACES(written_0, WRITES, 0, READS)
RACES(written_1, WRITES, 1, READS)
RACES(written_2, WRITES, 2, READS)
RACES(written_3, WRITES, 3, READS)
RACES(written_5, WRITES, 5, READS)
RACES(written_7, WRITES, 7, READS)
LOCKED(written_locked, WRITES, 2, READS)
RACES(read_0, READS, 0, WRITES)
RACES(read_2, READS, 2, WRITES)
RACES(read_3, READS, 3, WRITES)
RACES(read_5, READS, 5, WRITES)
RACES(read_7, READS, 7, WRITES)
LOCKED(read_locked, READS, 2, WRITES)

/*
 * In the first two epochs a half of the granule, in the third all of it, by one site: one word
 * says that.
 */
#define WHOLE(name, access, byte, then)                                                            \
	MEMORY(name, 8)                                                                            \
	static NOINLINE void name##_touch(char *at)                                                \
	{                                                                                          \
		KEEP(name##_data);                                                                 \
		access(at, odd_int);                                                               \
	}                                                                                          \
	static void name##_turn(char *at, int epoch)                                               \
	{                                                                                          \
		if (epoch != 1)                                                                    \
			name##_touch(at);                                                          \
		if (epoch != 0)                                                                    \
			name##_touch(at + 4);                                                      \
	}                                                                                          \
	TURNS(name, 3)                                                                             \
	THEN(name, then(name##_data + (byte), char), NOTHING, NOTHING)

WHOLE(whole_written_1, WRITES, 1, READS)
WHOLE(whole_written_5, WRITES, 5, READS)
WHOLE(whole_read_1, READS, 1, WRITES)
WHOLE(whole_read_5, READS, 5, WRITES)

/*
 * Two parts of a granule, in each of two epochs one; in the third one both, by a site each: what
 * is said of the first part tells of its own site.
 */
#define BY_TWO(name, type, second_at)                                                              \
	MEMORY(name, 8)                                                                            \
	static NOINLINE void name##_early(char *at)                                                \
	{                                                                                          \
		KEEP(name##_data);                                                                 \
		WRITES(at, type);                                                                  \
	}                                                                                          \
	static NOINLINE void name##_put(char *at)                                                  \
	{                                                                                          \
		KEEP(name##_before);                                                               \
		WRITES(at, type);                                                                  \
	}                                                                                          \
	static NOINLINE void name##_other_put(char *at)                                            \
	{                                                                                          \
		KEEP(name##_warm);                                                                 \
		WRITES(at + (second_at), type);                                                    \
	}                                                                                          \
	static void name##_turn(char *at, int epoch)                                               \
	{                                                                                          \
		if (epoch < 2) {                                                                   \
			name##_early(at + 4 * epoch);                                              \
		} else {                                                                           \
			name##_put(at);                                                            \
			name##_other_put(at);                                                      \
		}                                                                                  \
	}                                                                                          \
	TURNS(name, 3)                                                                             \
	THEN(name, READS(name##_data, char), NOTHING, NOTHING)                                     \
	/* What names the other site is a finding of this case. */                                 \
	static void name##_other_case(void)                                                        \
	{                                                                                          \
	}

BY_TWO(halves, odd_int, 4)
BY_TWO(bytes, char, 1)

/* The second has done the same elsewhere, and goes over what the first has left. */
static volatile char others_data[8] __attribute__((aligned(8)));
static pthread_mutex_t second_lock = PTHREAD_MUTEX_INITIALIZER;
static char others_warm[2][8] __attribute__((aligned(8)));

static NOINLINE void others_put(char *at)
{
	KEEP(others_data);
	WRITES(at, char);
}

/* Each in an epoch of its own. */
static void others_put_all(char *at, pthread_mutex_t *own)
{
	for (int i = 0; i < 4; i++) {
		pthread_mutex_lock(own);
		others_put(at + i);
		pthread_mutex_unlock(own);
	}
}

static void *others_first(void *unused)
{
	for (int round = 0; round < WARM; round++)
		others_put_all(others_warm[0], &lock);
	others_put_all((char *)others_data, &lock);
	return unused;
}

static void *others_second(void *unused)
{
	for (int round = 0; round < WARM; round++)
		others_put_all(others_warm[1], &second_lock);
	await_first();
	others_put((char *)others_data + 2);
	return unused;
}

static void others_case(void)
{
	run_both(others_first, others_second, NULL);
}

static const struct race_case cases[] = {
	CASE(written_0, "data-race"),
	CASE(written_1, "data-race"),
	CASE(written_2, "data-race"),
	CASE(written_3, "data-race"),
	CASE(written_5, "data-race"),
	CASE(written_7, "data-race"),
	CASE(written_locked, "silent"),
	CASE(read_0, "data-race"),
	CASE(read_2, "data-race"),
	CASE(read_3, "data-race"),
	CASE(read_5, "data-race"),
	CASE(read_7, "data-race"),
	CASE(read_locked, "silent"),
	CASE(whole_written_1, "data-race"),
	CASE(whole_written_5, "data-race"),
	CASE(whole_read_1, "data-race"),
	CASE(whole_read_5, "data-race"),
	CASE(halves, "data-race"),
	CASE(halves_other, "silent"),
	CASE(bytes, "data-race"),
	CASE(bytes_other, "silent"),
	CASE(others, "data-race"),
};

int main(int argc, char **argv)
{
	return RUN_CASES(cases, argc, argv);
}
