/* Summaries of pages: who sets them, what takes them back, and that they hide no race. */
#include <stdlib.h>
#include <string.h>

#include "detect/race/race.h"
#include "detect/shadow/summary.h"
#include "detect/sync/mutex.h"
#include "racing.h"

#define PAGE 4096u

static struct thread *a, *b;

static void set_up(void)
{
	set_up_racing();
	racing_sites_are_old(true);
	a = racing_start(first);
	b = racing_start(first);
}

static struct sync_object *lock_at(uint32_t number)
{
	return lock_find(&judge, first, 0x7f0000000000 + number * 64ul, OBJECT_MUTEX, 0, 1);
}

static uint64_t summary_at(uint32_t offset)
{
	return summary_of(MEMORY_AT + offset)->word;
}

static void read_granules(struct thread *thread, uint32_t first_granule, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		reads(thread, 8 * (first_granule + i), 8);
}

/* The second page, and the granule behind it. */
static void read_by_both(void)
{
	read_granules(a, 512, 513);
	read_granules(b, 512, 513);
	ck_assert_uint_eq(summary_at(PAGE), *a->clocks.shared == SHADOW_NO_EPOCH
						    ? *b->clocks.shared
						    : *a->clocks.shared);
	ck_assert_uint_ne(summary_at(PAGE), 0);
}

START_TEST(full_page_of_one_set_has_a_summary)
{
	read_granules(a, 512, 513);
	ck_assert_uint_eq(summary_at(PAGE), 0);
	read_granules(b, 512, 512);
	ck_assert_uint_eq(summary_at(PAGE), 0);
	reads(b, 2 * PAGE, 8);
	ck_assert_uint_eq(summary_at(PAGE), *b->clocks.shared);
	ck_assert_uint_eq(summary_at(0), 0);
	ck_assert_uint_eq(summary_at(2 * PAGE), 0);
}
END_TEST

START_TEST(order_of_granules_does_not_matter)
{
	read_granules(a, 512, 513);
	for (uint32_t i = 0; i <= 512; i++)
		reads(b, PAGE + 8 * (i * 5 % 513), 8);
	ck_assert_uint_eq(summary_at(PAGE), *b->clocks.shared);
}
END_TEST

START_TEST(third_reader_makes_a_summary_of_its_own)
{
	struct thread *c = racing_start(first);
	uint64_t before;

	read_by_both();
	before = summary_at(PAGE);
	read_granules(c, 512, 513);
	ck_assert_uint_ne(summary_at(PAGE), before);
	ck_assert_uint_eq(summary_at(PAGE), *c->clocks.shared);
}
END_TEST

/* --- What takes it back -------------------------------------------------------------- */

static void store_all(uint32_t at)
{
	writes(b, at, 8);
}

static void store_part(uint32_t at)
{
	writes(b, at, 4);
}

static void read_part(uint32_t at)
{
	reads(racing_start(first), at, 4);
}

static struct access whole_access(uint32_t at)
{
	return (struct access){.address = MEMORY_AT + at, .size_bytes = 8,
			       .site = racing_site(SITE_READ | SITE_WRITE, 8),
			       .flags = SITE_READ | SITE_WRITE | SITE_LOCKED};
}

static void free_it(uint32_t at)
{
	struct access access = whole_access(at);

	access_memory_freed(&judge, b, &access);
}

static void begin_it(uint32_t at)
{
	access_memory_begins(&judge, b, MEMORY_AT + at, 8);
}

static void begin_part(uint32_t at)
{
	access_memory_begins(&judge, b, MEMORY_AT + at, 4);
}

static void begin_much(uint32_t at)
{
	(void)at;
	access_memory_begins(&judge, b, MEMORY_AT, MEMORY_BYTES);
}

static void promote(uint32_t at)
{
	struct access access = whole_access(at);
	struct atomic_location *location = access_synchronise_begin(&judge, b, &access);

	ck_assert(location);
	access_synchronise_end(&judge, b, location, &access, LOCKED_STORED);
}

/* All readers are over, and one reads again. */
static void read_later(uint32_t at)
{
	struct sync_object *lock = lock_at(0);

	for (unsigned i = 0; i < 2; i++) {
		struct thread *thread = i ? b : a;

		mutex_acquired(&judge, thread, lock, 1);
		mutex_releasing(&judge, thread, lock);
	}
	mutex_acquired(&judge, first, lock, 1);
	reads(first, at, 8);
}

static void (*const changes[])(uint32_t at) = {store_all, store_part, read_part, free_it, begin_it,
					       begin_part, begin_much, promote, read_later};

START_TEST(change_of_a_read_word_takes_it_back)
{
	read_by_both();
	changes[_i](PAGE + 8 * 77);
	ck_assert_uint_eq(summary_at(PAGE), 0);
}
END_TEST

START_TEST(change_behind_the_page_takes_it_back)
{
	read_by_both();
	changes[_i](2 * PAGE);
	ck_assert_uint_eq(summary_at(PAGE), 0);
}
END_TEST

START_TEST(change_farther_behind_leaves_it)
{
	read_by_both();
	if (changes[_i] == begin_much)
		return;
	changes[_i](2 * PAGE + 8);
	ck_assert_uint_ne(summary_at(PAGE), 0);
}
END_TEST

START_TEST(forks_child_has_none)
{
	read_by_both();
	summaries_forked();
	ck_assert_uint_eq(summary_at(PAGE), 0);
}
END_TEST

/* --- Random programs, with checks that ask for summaries and without --------------------- */

#define THREADS 3u
#define LOCKS 2u
#define STEPS 60u

static struct thread *threads[THREADS];
static bool has_lock[THREADS][LOCKS], is_held[LOCKS];
static uint32_t skipped;
static site_id sites[1025]; /* of reads, by granule */

/* A read as a clone makes it. */
static void read_as_clone(struct thread *thread, uint32_t offset, bool asks)
{
	if (asks && summary_at(offset) && summary_at(offset) == *thread->clocks.shared)
		skipped++;
	else
		accesses_at(thread, sites[offset / 8], offset, 8);
}

static void use_lock(uint32_t thread, uint32_t number)
{
	struct sync_object *lock = lock_at(number);

	if (has_lock[thread][number])
		mutex_releasing(&judge, threads[thread], lock);
	else if (!is_held[number])
		mutex_acquired(&judge, threads[thread], lock, 1);
	else
		return;
	has_lock[thread][number] ^= true;
	is_held[number] ^= true;
}

static void do_step(uint32_t thread, unsigned *seed, bool asks)
{
	uint32_t what = (uint32_t)rand_r(seed) % 16;
	uint32_t at = 8 * ((uint32_t)rand_r(seed) % 1024);
	uint32_t number = (uint32_t)rand_r(seed) % LOCKS;

	switch (what) {
	case 0:
		writes(threads[thread], at, 8);
		break;
	case 1:
		writes(threads[thread], at + 4, 4);
		break;
	case 2:
		access_memory_begins(&judge, threads[thread], MEMORY_AT + at, 16);
		break;
	case 3:
	case 4:
	case 5:
		use_lock(thread, number);
		break;
	default:
		for (uint32_t i = 0; i <= 1024; i++)
			read_as_clone(threads[thread], 8 * i, asks);
		break;
	}
}

static void run_program(unsigned seed, bool asks)
{
	set_up();
	memset(has_lock, 0, sizeof(has_lock));
	memset(is_held, 0, sizeof(is_held));
	for (uint32_t i = 0; i < THREADS; i++)
		threads[i] = racing_start(first);
	for (uint32_t i = 0; i < ARRAY_LENGTH(sites); i++)
		sites[i] = racing_site(SITE_READ, 8);
	for (uint32_t i = 0; i < STEPS; i++)
		do_step((uint32_t)rand_r(&seed) % THREADS, &seed, asks);
	for (uint32_t i = 0; i < THREADS; i++)
		memory_flush(&judge, threads[i]);
}

START_TEST(summaries_hide_no_race)
{
	static uint8_t without[MEMORY_BYTES];
	uint32_t racing_bytes = 0;

	skipped = 0;
	for (unsigned seed = 1; seed <= 40; seed++) {
		run_program(seed, false);
		memcpy(without, racing, sizeof(without));
		run_program(seed, true);
		ck_assert_msg(!memcmp(without, racing, sizeof(without)), "seed %u", seed);
		for (uint32_t i = 0; i < MEMORY_BYTES; i++)
			racing_bytes += racing[i];
	}
	ck_assert_uint_gt(skipped, 100000);
	ck_assert_uint_gt(racing_bytes, 100);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("summary");

	tcase_set_timeout(tests, 120);
	tcase_add_checked_fixture(tests, set_up, NULL);
	tcase_add_test(tests, full_page_of_one_set_has_a_summary);
	tcase_add_test(tests, order_of_granules_does_not_matter);
	tcase_add_test(tests, third_reader_makes_a_summary_of_its_own);
	tcase_add_loop_test(tests, change_of_a_read_word_takes_it_back, 0,
			    (int)ARRAY_LENGTH(changes));
	tcase_add_loop_test(tests, change_behind_the_page_takes_it_back, 0,
			    (int)ARRAY_LENGTH(changes));
	tcase_add_loop_test(tests, change_farther_behind_leaves_it, 0, (int)ARRAY_LENGTH(changes));
	tcase_add_test(tests, forks_child_has_none);
	tcase_add_test(tests, summaries_hide_no_race);
	return racing_run(tests);
}
