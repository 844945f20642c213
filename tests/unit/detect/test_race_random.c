/*
 * Random programs, simulated: the engine must find races at the same bytes as a
 * detector that keeps every access and compares each pair.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "detect/race/record_fast.h"
#include "detect/shadow/read_set.h"
#include "detect/sync/mutex.h"
#include "detect/sync/rwlock.h"
#include "racing.h"

#define THREADS 5u
#define LOCKS 3u
#define BYTES 40u /* of memory, so that accesses meet often */
#define STEPS 120u
#define HISTORY 256u

/* --- The naive detector ---------------------------------------------------- */

struct past {
	uint32_t thread;
	uint32_t offset, size_bytes;
	bool is_write;
	uint64_t epoch;
};

/* Each thread's clock; that of what was given to a lock by writers and readers. */
struct naive {
	uint64_t clocks[THREADS][THREADS];
	uint64_t written[2 * LOCKS][THREADS];
	uint64_t read[2 * LOCKS][THREADS];
	struct past past[HISTORY];
	uint32_t past_count;
	uint8_t racing[BYTES];
};

static struct naive naive;

static void join_clocks(uint64_t *into, const uint64_t *from)
{
	for (uint32_t i = 0; i < THREADS; i++)
		if (into[i] < from[i])
			into[i] = from[i];
}

static void naive_access(uint32_t thread, uint32_t offset, uint32_t size_bytes, bool is_write)
{
	const uint64_t *clock = naive.clocks[thread];

	for (uint32_t i = 0; i < naive.past_count; i++) {
		const struct past *past = &naive.past[i];

		if (past->thread == thread || (!past->is_write && !is_write) ||
		    clock[past->thread] >= past->epoch)
			continue;
		for (uint32_t at = offset; at < offset + size_bytes; at++)
			if (at >= past->offset && at < past->offset + past->size_bytes)
				naive.racing[at] = 1;
	}
	naive.past[naive.past_count++] =
		(struct past){thread, offset, size_bytes, is_write, clock[thread]};
}

/* --- Random programs ------------------------------------------------------- */

static struct thread *threads[THREADS];
static struct sync_object *locks[2 * LOCKS]; /* mutexes, then rwlocks */
static int holders[2 * LOCKS];		     /* 0: free, -1: of one, n: of n readers */
static uint8_t held[THREADS][2 * LOCKS];     /* 1: for writing, 2: for reading */

static bool is_rwlock(uint32_t lock)
{
	return lock >= LOCKS;
}

static void take_lock(uint32_t thread, uint32_t lock, bool to_read)
{
	if (is_rwlock(lock))
		rwlock_acquired(&judge, threads[thread], locks[lock],
				to_read ? LOCK_SHARED : LOCK_EXCLUSIVE, 1);
	else
		mutex_acquired(&judge, threads[thread], locks[lock], 1);
	join_clocks(naive.clocks[thread], naive.written[lock]);
	if (!to_read)
		join_clocks(naive.clocks[thread], naive.read[lock]);
	held[thread][lock] = to_read ? 2 : 1;
	holders[lock] = to_read ? holders[lock] + 1 : -1;
}

static void leave_lock(uint32_t thread, uint32_t lock)
{
	bool has_read = held[thread][lock] == 2;

	if (is_rwlock(lock))
		rwlock_releasing(&judge, threads[thread], locks[lock]);
	else
		mutex_releasing(&judge, threads[thread], locks[lock]);
	join_clocks(has_read ? naive.read[lock] : naive.written[lock], naive.clocks[thread]);
	naive.clocks[thread][thread]++;
	held[thread][lock] = 0;
	holders[lock] = has_read ? holders[lock] - 1 : 0;
}

static void do_lock(uint32_t thread, unsigned *seed)
{
	uint32_t lock = (uint32_t)rand_r(seed) % (2 * LOCKS);
	bool to_read = is_rwlock(lock) && rand_r(seed) % 2;

	if (held[thread][lock])
		leave_lock(thread, lock);
	else if (holders[lock] == 0 || (to_read && holders[lock] > 0))
		take_lock(thread, lock, to_read);
}

static void do_access(uint32_t thread, unsigned *seed)
{
	static const uint32_t sizes[] = {1, 1, 2, 4, 4, 8, 8, 16, 3, 24, 32};
	uint32_t size = sizes[(uint32_t)rand_r(seed) % ARRAY_LENGTH(sizes)];
	uint32_t offset = (uint32_t)rand_r(seed) % (BYTES - size + 1);
	bool is_write = rand_r(seed) % 3 == 0;

	/* Mostly aligned, as accesses are. */
	if (rand_r(seed) % 8 && size <= 8)
		offset -= offset % (size == 3 ? 1 : size);
	if (is_write)
		writes(threads[thread], offset, size);
	else
		reads(threads[thread], offset, size);
	naive_access(thread, offset, size, is_write);
}

static void begin_run(void)
{
	set_up_racing();
	memset(&naive, 0, sizeof(naive));
	memset(holders, 0, sizeof(holders));
	memset(held, 0, sizeof(held));
	for (uint32_t i = 0; i < THREADS; i++) {
		threads[i] = racing_start(first);
		naive.clocks[i][i] = 1;
	}
	for (uint32_t i = 0; i < 2 * LOCKS; i++)
		locks[i] = lock_find(&judge, first, 0x7f0000000000 + i * 64ul,
				     is_rwlock(i) ? OBJECT_RWLOCK : OBJECT_MUTEX, 0, 1);
}

static void run_seed(unsigned seed)
{
	unsigned state = seed;
	unsigned lock_share = 1 + seed % 4;

	begin_run();
	/* Words get lines at once, late or never. */
	if (seed % 3)
		judge.lines_after = seed % 3 == 1 ? 1 : UINT32_MAX;
	racing_sites_are_old(seed % 2);
	for (uint32_t i = 0; i < STEPS; i++) {
		uint32_t thread = (uint32_t)rand_r(&state) % THREADS;

		/* Collect what is not named any more at every step. */
		if (seed % 25 == 0)
			judge.read_sets->collect_at = 0;
		if ((unsigned)rand_r(&state) % 5 < lock_share)
			do_lock(thread, &state);
		else
			do_access(thread, &state);
	}
	for (uint32_t i = 0; i < THREADS; i++)
		memory_flush(&judge, threads[i]);
	for (uint32_t i = 0; i < BYTES; i++)
		ck_assert_msg(racing[i] == naive.racing[i], "seed %u, byte %u: found %u, is %u",
			      seed, i, racing[i], naive.racing[i]);
	ck_assert_uint_eq(judge.counters[COUNTER_LOST_ACCESSES], 0);
	ck_assert_uint_eq(judge.counters[COUNTER_LOST_READERS], 0);
}

START_TEST(both_find_races_at_the_same_bytes)
{
	for (unsigned seed = (unsigned)_i * 100; seed < (unsigned)_i * 100 + 100; seed++)
		run_seed(seed);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("race_random");

	tcase_set_timeout(tests, 60);
	tcase_add_loop_test(tests, both_find_races_at_the_same_bytes, 0, 30);
	return racing_run(tests);
}
