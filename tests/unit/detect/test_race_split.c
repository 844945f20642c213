/* Loads whose lock is released before a store to the same place. */
#include <check.h>

#include "detect/base/detector.h"
#include "detect/range/record_range.h"
#include "detect/sync/lock.h"
#include "detect/sync/mutex.h"
#include "racing.h"

static struct thread *a, *b;
static struct sync_object *lock;

static void set_up(void)
{
	set_up_racing();
	a = racing_start(first);
	b = racing_start(first);
	lock = lock_find(&judge, first, 0x7f0000000000, OBJECT_MUTEX, 0, 1);
}

static site_id of_group(uint32_t flags, uint32_t update_group)
{
	site_id site = racing_site(flags | SITE_PLAIN_MOVE, 8);

	site_get(&judge.sites, site)->update_group = update_group;
	return site;
}

/* A thread loads, another updates, the first stores, each in a section of its own. */
static void run_sections(uint32_t flags)
{
	site_id load = of_group(SITE_READ | SITE_MAY_BE_STALE | flags, 1);
	site_id store = of_group(SITE_WRITE | SITE_UPDATE, 1);
	site_id update = racing_site(SITE_READ | SITE_WRITE | SITE_UPDATE, 8);

	mutex_acquired(&judge, a, lock, 1);
	accesses_at(a, load, 0, 8);
	mutex_releasing(&judge, a, lock);
	mutex_acquired(&judge, b, lock, 1);
	accesses_at(b, update, 0, 8);
	mutex_releasing(&judge, b, lock);
	mutex_acquired(&judge, a, lock, 1);
	accesses_at(a, store, 0, 8);
	mutex_releasing(&judge, a, lock);
}

START_TEST(a_store_may_rest_on_a_load_of_an_earlier_section)
{
	run_sections(SITE_MAY_BE_SPLIT);
	ck_assert_uint_eq(finding_count, 1);
	ck_assert_uint_eq(last_finding.kind, FINDING_LOST_UPDATE);
}
END_TEST

START_TEST(a_store_that_no_call_comes_before_rests_on_a_load_that_was_not_seen)
{
	run_sections(0);
	ck_assert_uint_eq(finding_count, 0);
}
END_TEST

static uint8_t filter_at(uint32_t offset)
{
	return a->accesses.stale_read_filter[(MEMORY_AT + offset) / SHADOW_GRANULE %
					     STALE_READ_FILTER];
}

/* Granules that share a place of the filter. */
START_TEST(the_filter_of_a_thread_tells_granules_apart)
{
	static struct thread_accesses accesses;
	uintptr_t one = 0x7f0000001000, other = one + 0x1000, third = one + 0x3000;

	ck_assert(!stale_filter_may_have(&accesses, one, 4));
	stale_filter_put(&accesses, one + 4, 4);
	ck_assert(stale_filter_may_have(&accesses, one, 4));
	ck_assert(!stale_filter_may_have(&accesses, other, 4));
	stale_filter_put(&accesses, one, 4);
	ck_assert(!stale_filter_may_have(&accesses, other, 4));
	stale_filter_put(&accesses, other, 4);
	ck_assert(stale_filter_may_have(&accesses, one, 4));
	ck_assert(stale_filter_may_have(&accesses, other, 4));
	stale_filter_put(&accesses, third, 4);
	ck_assert(stale_filter_may_have(&accesses, one, 4));
}
END_TEST

START_TEST(the_filter_has_what_is_remembered)
{
	uint32_t same = STALE_READ_FILTER * SHADOW_GRANULE;
	site_id load = of_group(SITE_READ | SITE_MAY_BE_STALE | SITE_MAY_BE_SPLIT, 1);
	site_id store = racing_site(SITE_WRITE, 8);

	mutex_acquired(&judge, a, lock, 1);
	accesses_at(a, load, 0, 8);
	accesses_at(a, load, same, 8);
	accesses_at(a, load, 8, 8);
	accesses_at(a, store, 0, 8);
	ck_assert_uint_eq(filter_at(same), 1);
	ck_assert_uint_eq(filter_at(8), 1);
	accesses_at(a, store, same, 8);
	ck_assert_uint_eq(filter_at(same), 0);
	ck_assert_uint_eq(filter_at(8), 1);
	accesses_at(a, store, 8, 8);
	ck_assert_uint_eq(filter_at(8), 0);
}
END_TEST

/* Of two granules, as packed structures have them: who asks of one must not miss the other. */
START_TEST(the_filter_has_all_that_is_read)
{
	site_id load = of_group(SITE_READ | SITE_MAY_BE_STALE | SITE_MAY_BE_SPLIT, 1);
	site_id store;

	racing_sites_are_old(true);
	a->accesses.sample = 100;
	store = racing_site(SITE_WRITE, 4);
	mutex_acquired(&judge, a, lock, 1);
	accesses_at(a, load, 4, 8);
	ck_assert_uint_eq(a->accesses.stale_read_count, 1);
	ck_assert_uint_ne(filter_at(0), 0);
	ck_assert_uint_ne(filter_at(8), 0);
	quick_access(a, store, 8, 4);
	ck_assert_uint_eq(a->accesses.stale_read_count, 0);
	accesses_at(a, load, 4, 8);
	accesses_at(a, load, 20, 8);
	quick_access(a, store, 8, 4);
	ck_assert_uint_eq(filter_at(0), 0);
	ck_assert_uint_ne(filter_at(16), 0);
	ck_assert_uint_ne(filter_at(24), 0);
}
END_TEST

START_TEST(a_store_to_two_granules_is_over_what_was_read_in_each)
{
	site_id load = of_group(SITE_READ | SITE_MAY_BE_STALE | SITE_MAY_BE_SPLIT, 1);
	site_id store;

	racing_sites_are_old(true);
	a->accesses.sample = 100;
	store = racing_site(SITE_WRITE, 8);
	mutex_acquired(&judge, a, lock, 1);
	accesses_at(a, load, 8, 8);
	quick_access(a, store, 4, 8);
	ck_assert_uint_eq(a->accesses.stale_read_count, 0);
}
END_TEST

static void update_in_split_sections(void)
{
	site_id load = of_group(SITE_READ | SITE_MAY_BE_STALE | SITE_MAY_BE_SPLIT, 1);
	site_id store = of_group(SITE_WRITE | SITE_UPDATE, 1);

	mutex_acquired(&judge, a, lock, 1);
	accesses_at(a, load, 0, 8);
	mutex_releasing(&judge, a, lock);
	mutex_acquired(&judge, a, lock, 1);
	accesses_at(a, store, 0, 8);
	mutex_releasing(&judge, a, lock);
}

/* A loop that stores into an array, by a site of an update group: is its range recorded? */
static bool records_range(uint32_t offset)
{
	site_id store = of_group(SITE_WRITE, 2);
	struct access access = racing_access(store, offset, 8);

	site_get(&judge.sites, store)->first_count = ORIGIN_FIRST_CALLERS;
	return record_range(&judge, b, &access, 256);
}

START_TEST(a_range_is_recorded_unless_a_split_update_is_there)
{
	update_in_split_sections();
	ck_assert_uint_eq(judge.split_count, 1);
	ck_assert(records_range(1024));
	ck_assert(!records_range(8)); /* marks are of 16 bytes */
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("split");

	tcase_add_checked_fixture(tests, set_up, NULL);
	tcase_add_test(tests, a_store_may_rest_on_a_load_of_an_earlier_section);
	tcase_add_test(tests, a_store_that_no_call_comes_before_rests_on_a_load_that_was_not_seen);
	tcase_add_test(tests, a_range_is_recorded_unless_a_split_update_is_there);
	tcase_add_test(tests, the_filter_of_a_thread_tells_granules_apart);
	tcase_add_test(tests, the_filter_has_what_is_remembered);
	tcase_add_test(tests, the_filter_has_all_that_is_read);
	tcase_add_test(tests, a_store_to_two_granules_is_over_what_was_read_in_each);
	return racing_run(tests);
}
