/*
 * The race engine under real threads: ordered accesses are never a race, unordered ones
 * always are, at least once for each place.
 */
#include <check.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "detect/race/record_fast.h"
#include "detect/shadow/read_set.h"
#include "detect/sync/mutex.h"
#include "detect/sync/rwlock.h"
#include "racing.h"

#define THREADS 4u
#define ROUNDS 20000u
#define SHARDS 8u
#define SHARD_BYTES 256u
#define SITES 64u

static struct thread *threads[THREADS];
static site_id readers[SITES], writers[SITES]; /* by size and a number */
static pthread_mutex_t real_mutexes[SHARDS];
static pthread_rwlock_t real_rwlocks[SHARDS];
static struct sync_object *mutexes[SHARDS], *rwlocks[SHARDS];

static const uint32_t sizes[] = {1, 2, 4, 8};

static void set_up(void)
{
	set_up_racing();
	racing_sites_are_old(true);
	for (uint32_t i = 0; i < THREADS; i++)
		threads[i] = racing_start(first);
	for (uint32_t i = 0; i < SITES; i++) {
		readers[i] = racing_site(SITE_READ, sizes[i % 4]);
		writers[i] = racing_site(SITE_WRITE, sizes[i % 4]);
	}
	for (uint32_t i = 0; i < SHARDS; i++) {
		ck_assert_int_eq(pthread_mutex_init(&real_mutexes[i], NULL), 0);
		ck_assert_int_eq(pthread_rwlock_init(&real_rwlocks[i], NULL), 0);
		mutexes[i] =
			lock_find(&judge, first, (uintptr_t)&real_mutexes[i], OBJECT_MUTEX, 0, 1);
		rwlocks[i] =
			lock_find(&judge, first, (uintptr_t)&real_rwlocks[i], OBJECT_RWLOCK, 0, 1);
	}
}

static void touch_place(struct thread *thread, uint32_t shard, unsigned *seed, bool may_write)
{
	for (uint32_t i = 0; i < 4; i++) {
		uint32_t kind = (uint32_t)rand_r(seed) % 4;
		uint32_t place = (uint32_t)rand_r(seed) % (SHARD_BYTES / sizes[kind]);
		bool is_write = may_write && rand_r(seed) % 2;

		quick_access(thread, is_write ? writers[kind] : readers[kind],
			     shard * SHARD_BYTES + place * sizes[kind], sizes[kind]);
	}
}

static void use_mutex(struct thread *thread, uint32_t shard, unsigned *seed)
{
	pthread_mutex_lock(&real_mutexes[shard]);
	mutex_acquired(&judge, thread, mutexes[shard], 1);
	touch_place(thread, shard, seed, true);
	mutex_releasing(&judge, thread, mutexes[shard]);
	pthread_mutex_unlock(&real_mutexes[shard]);
}

static void use_rwlock(struct thread *thread, uint32_t shard, unsigned *seed)
{
	bool to_write = rand_r(seed) % 4 == 0;

	if (to_write)
		pthread_rwlock_wrlock(&real_rwlocks[shard]);
	else
		pthread_rwlock_rdlock(&real_rwlocks[shard]);
	rwlock_acquired(&judge, thread, rwlocks[shard], to_write ? LOCK_EXCLUSIVE : LOCK_SHARED, 1);
	touch_place(thread, SHARDS + shard, seed, to_write);
	rwlock_releasing(&judge, thread, rwlocks[shard]);
	pthread_rwlock_unlock(&real_rwlocks[shard]);
}

static void *run_ordered(void *argument)
{
	uint32_t number = (uint32_t)(uintptr_t)argument;
	unsigned seed = number + 1;

	for (uint32_t round = 0; round < ROUNDS; round++) {
		uint32_t shard = (uint32_t)rand_r(&seed) % SHARDS;

		if (rand_r(&seed) % 2)
			use_mutex(threads[number], shard, &seed);
		else
			use_rwlock(threads[number], shard, &seed);
	}
	memory_flush(&judge, threads[number]);
	return NULL;
}

static void run_all(void *(*function)(void *))
{
	pthread_t real[THREADS];

	for (uintptr_t i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&real[i], NULL, function, (void *)i), 0);
	for (uint32_t i = 0; i < THREADS; i++)
		pthread_join(real[i], NULL);
}

START_TEST(what_locks_order_is_no_race)
{
	set_up();
	run_all(run_ordered);
	ck_assert_uint_eq(finding_count, 0);
	ck_assert_uint_eq(judge.counters[COUNTER_LOST_ACCESSES], 0);
	ck_assert_uint_eq(judge.counters[COUNTER_LOST_READERS], 0);
	ck_assert_uint_eq(judge.counters[COUNTER_LOST_EDGES], 0);
	ck_assert_uint_eq(judge.counters[COUNTER_LOST_MEMORY], 0);
}
END_TEST

#define PLACES 4000u
#define PAIRS 2000u

static pthread_barrier_t start_line;

/* Two threads write each place, at places in the code of their own. */
static void *run_racing(void *argument)
{
	uint32_t number = (uint32_t)(uintptr_t)argument;
	uint32_t half = number / 2;

	pthread_barrier_wait(&start_line);
	for (uint32_t i = 0; i < PLACES; i++) {
		uint32_t place = half * PLACES + (number % 2 ? PLACES - 1 - i : i);
		uint32_t at = number % 2 ? PLACES - 1 - i : i;

		quick_access(threads[number], 1 + 2 * SITES + number * PLACES + at, place * 8, 8);
	}
	memory_flush(&judge, threads[number]);
	return NULL;
}

/* Are places that loops touch accessed one by one by every other thread? */
static bool is_one_singly;

/* The same in pairs of granules, which loops are about to touch. */
static void *run_racing_loops(void *argument)
{
	uint32_t number = (uint32_t)(uintptr_t)argument;
	uint32_t half = number / 2;

	pthread_barrier_wait(&start_line);
	for (uint32_t i = 0; i < PAIRS; i++) {
		uint32_t at = number % 2 ? PAIRS - 1 - i : i;

		site_id site = 1 + 2 * SITES + number * PAIRS + at;
		uint32_t place = (half * PAIRS + at) * 16;

		if (is_one_singly && number % 2) {
			quick_access(threads[number], site, place, 8);
			quick_access(threads[number], site, place + 8, 8);
		} else {
			loops_over(threads[number], site, place, 16);
		}
	}
	memory_flush(&judge, threads[number]);
	return NULL;
}

#define MEETINGS 8000u

static uint32_t arrived;

/* Two threads come to each granule at one time, one with a loop. */
static void *run_meeting(void *argument)
{
	uint32_t number = (uint32_t)(uintptr_t)argument;

	for (uint32_t i = 0; number < 2 && i < MEETINGS; i++) {
		site_id site = 1 + 2 * SITES + number * MEETINGS + i;

		fetch_add_acq_rel(&arrived, 1u);
		for (uint32_t tries = 1; load_acquire(&arrived) < 2 * (i + 1); tries++)
			if (tries % 1024 == 0)
				sched_yield();
		if (number == 0)
			loops_over(threads[number], site, i * 8, 8);
		else
			quick_access(threads[number], site, i * 8, 8);
	}
	return NULL;
}

static uint32_t collect_often;

static void *run_collecting(void *argument)
{
	while (load_relaxed(&collect_often))
		store_relaxed(&judge.read_sets->collect_at, 64u);
	return argument;
}

/* While others use them, sets are collected all the time. */
START_TEST(what_is_in_use_is_never_collected)
{
	pthread_t collector;

	set_up();
	collect_often = 1;
	ck_assert_int_eq(pthread_create(&collector, NULL, run_collecting, NULL), 0);
	run_all(run_ordered);
	store_relaxed(&collect_often, 0u);
	pthread_join(collector, NULL);
	ck_assert_uint_eq(finding_count, 0);
	ck_assert_uint_eq(judge.counters[COUNTER_LOST_ACCESSES], 0);
	ck_assert_uint_eq(judge.counters[COUNTER_LOST_READERS], 0);
	ck_assert_uint_lt(judge.read_sets->by_members.count, 20000);
}
END_TEST

START_TEST(lines_lose_no_order)
{
	set_up();
	judge.lines_after = 1;
	run_all(run_ordered);
	ck_assert_uint_eq(finding_count, 0);
	ck_assert_uint_eq(judge.counters[COUNTER_LOST_ACCESSES], 0);
	ck_assert_uint_eq(judge.counters[COUNTER_LOST_READERS], 0);
	ck_assert_uint_eq(judge.counters[COUNTER_LOST_SHADOW], 0);
}
END_TEST

START_TEST(each_place_that_races_is_found)
{
	set_up();
	for (uint32_t i = 0; i < THREADS * PLACES; i++)
		ck_assert_uint_eq(racing_site(SITE_WRITE, 8), 1 + 2 * SITES + i);
	ck_assert_int_eq(pthread_barrier_init(&start_line, NULL, THREADS), 0);
	run_all(run_racing);
	for (uint32_t i = 0; i < THREADS / 2 * PLACES * 8; i++)
		ck_assert_msg(racing[i], "byte %u", i);
}
END_TEST

START_TEST(each_pair_that_loops_race_for_is_found)
{
	set_up();
	is_one_singly = _i;
	/* The last of them reads. */
	for (uint32_t i = 0; i < THREADS * PAIRS; i++) {
		uint32_t number = i / PAIRS;
		site_id site = racing_site(number == THREADS - 1 ? SITE_READ : SITE_WRITE, 8);

		ck_assert_uint_eq(site, 1 + 2 * SITES + i);
		/* Told again with callers, a pair may be of the other granule. */
		racing_place(site, (number / 2 * PAIRS + i % PAIRS) * 16, 16);
	}
	ck_assert_int_eq(pthread_barrier_init(&start_line, NULL, THREADS), 0);
	run_all(run_racing_loops);
	for (uint32_t i = 0; i < THREADS / 2 * PAIRS * 16; i += 16)
		ck_assert_msg(racing[i] || racing[i + 8], "byte %u", i);
}
END_TEST

START_TEST(who_meets_a_loop_is_found)
{
	set_up();
	arrived = 0;
	for (uint32_t i = 0; i < 2 * MEETINGS; i++)
		ck_assert_uint_eq(racing_site(_i && i >= MEETINGS ? SITE_READ : SITE_WRITE, 8),
				  1 + 2 * SITES + i);
	run_all(run_meeting);
	for (uint32_t i = 0; i < MEETINGS * 8; i++)
		ck_assert_msg(racing[i], "byte %u", i);
}
END_TEST

/* --- Whose accesses findings tell of ---------------------------------------- */

#define GRANULES 8u
#define OWN_ROUNDS 300000u

static const struct {
	uint32_t offset, size_bytes;
} spots[] = {{0, 8}, {0, 4}, {4, 4}, {6, 1}};

#define SPOTS (uint32_t)ARRAY_LENGTH(spots)
#define FIRST_OWN (1 + 2 * SITES)

/* Each thread has sites of its own for each spot. */
static site_id own_site(uint32_t number, uint32_t granule, uint32_t spot, bool is_write)
{
	return FIRST_OWN + ((number * GRANULES + granule) * SPOTS + spot) * 2 + is_write;
}

static void check_whose(const struct finding_event *event)
{
	uint32_t index = racing_site_of(event->stack) - FIRST_OWN;
	uint32_t spot = index / 2 % SPOTS;
	uintptr_t start = MEMORY_AT + index / 2 / SPOTS % GRANULES * 8 + spots[spot].offset;

	ck_assert_uint_eq(threads[index / 2 / SPOTS / GRANULES]->id, event->thread);
	ck_assert(index % 2 ? event->action == ACTION_WRITE : event->action == ACTION_READ);
	ck_assert_uint_ge(event->address, start);
	ck_assert_uint_le(event->address + event->size_bytes, start + spots[spot].size_bytes);
}

static void *run_alone(void *argument)
{
	uint32_t number = (uint32_t)(uintptr_t)argument;
	unsigned seed = number + 1;

	for (uint32_t round = 0; round < OWN_ROUNDS; round++) {
		uint32_t granule = (uint32_t)rand_r(&seed) % GRANULES;
		uint32_t spot = (uint32_t)rand_r(&seed) % SPOTS;
		bool is_write = rand_r(&seed) % 4 == 0;

		quick_access(threads[number], own_site(number, granule, spot, is_write),
			     granule * 8 + spots[spot].offset, spots[spot].size_bytes);
		/* A lock that nobody else takes ends the epoch. */
		if (rand_r(&seed) % 8 == 0) {
			mutex_acquired(&judge, threads[number], mutexes[number], 1);
			mutex_releasing(&judge, threads[number], mutexes[number]);
		}
	}
	memory_flush(&judge, threads[number]);
	return NULL;
}

START_TEST(each_access_of_a_race_is_known_and_its_threads_own)
{
	set_up();
	for (uint32_t i = 0; i < THREADS * GRANULES * SPOTS; i++)
		for (uint32_t is_write = 0; is_write < 2; is_write++)
			ck_assert_uint_eq(racing_site(is_write ? SITE_WRITE : SITE_READ,
						      spots[i % SPOTS].size_bytes),
					  FIRST_OWN + 2 * i + is_write);
	racing_each = check_whose;
	run_all(run_alone);
	ck_assert_uint_ne(finding_count, 0);
	ck_assert_uint_eq(judge.counters[COUNTER_LOST_ORIGINS], 0);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("race_threads");

	tcase_set_timeout(tests, 100);
	tcase_add_test(tests, what_locks_order_is_no_race);
	tcase_add_test(tests, what_is_in_use_is_never_collected);
	tcase_add_test(tests, lines_lose_no_order);
	tcase_add_test(tests, each_place_that_races_is_found);
	tcase_add_loop_test(tests, each_pair_that_loops_race_for_is_found, 0, 2);
	tcase_add_loop_test(tests, who_meets_a_loop_is_found, 0, 2);
	tcase_add_test(tests, each_access_of_a_race_is_known_and_its_threads_own);
	return racing_run(tests);
}
