/* Atomic locations that one thread has to itself, as if they were plain: race/atomics/asleep.h. */
#include "detect/race/atomics/atomic_location.h"
#include "detect/race/memory.h"
#include "detect/sync/thread.h"
#include "owner_lab.h"

#define OTHER 512u /* what locked instructions of thread a alone touch: each ends an epoch */

static void run_whole(struct thread *thread, uint32_t flags)
{
	run_sized(thread, 0, 8, flags);
}

static void store(struct thread *thread)
{
	store_at(thread, 0, 8);
}

static void load(struct thread *thread)
{
	load_at(thread, 0, 8);
}

static void end_epoch(struct thread *thread)
{
	exchange(thread, OTHER);
}

static uint64_t write_word(void)
{
	return *shadow_of(MEMORY_AT).write;
}

static bool is_asleep(void)
{
	return shadow_is_asleep_of(*shadow_of(MEMORY_AT).read, a->slot);
}

static bool is_awake(void)
{
	return shadow_form(write_word()) == SHADOW_ATOMIC &&
	       *shadow_of(MEMORY_AT).read == write_word();
}

static void use_alone(uint32_t size_bytes)
{
	for (uint32_t offset = 0; offset < 8; offset += size_bytes)
		run_sized(a, offset, size_bytes, SITE_READ | SITE_WRITE | SITE_LOCKED);
	for (uint32_t i = 0; i <= ATOMIC_STORES_ALONE; i++)
		store_at(a, 0, size_bytes);
	store_at(a, 0, size_bytes);
}

/* Thread a has the location at 0 alone. */
static void set_up(void)
{
	owner_set_up();
	use_alone(8);
	ck_assert(is_asleep());
}

/* Each in an epoch of its own. */
static void store_between(void)
{
	writes(a, BEFORE, 8);
	end_epoch(a);
	store(a);
	end_epoch(a);
	writes(a, AFTER, 8);
}

/* --- Who has it alone ------------------------------------------------------------- */

START_TEST(its_stores_are_plain_words)
{
	end_epoch(a);
	store(a);
	ck_assert(is_asleep());
	ck_assert_uint_eq(write_word(), *a->clocks.current);
	ck_assert_uint_eq(finding_count, 0);
}
END_TEST

START_TEST(its_loads_leave_nothing)
{
	uint64_t read = *shadow_of(MEMORY_AT).read;

	end_epoch(a);
	load(a);
	load_at(a, 2, 2);
	ck_assert_uint_eq(*shadow_of(MEMORY_AT).read, read);
}
END_TEST

START_TEST(its_stores_to_parts_are_known_by_their_bytes)
{
	end_epoch(a);
	store_at(a, 4, 4);
	ck_assert_uint_eq(write_word(), (*a->clocks.current & ~(uint64_t)0xff) | 0xf0);
	store_at(a, 0, 2);
	ck_assert_uint_eq(write_word(), (*a->clocks.current & ~(uint64_t)0xff) | 0xf3);
	ck_assert(is_asleep());
}
END_TEST

START_TEST(its_epoch_goes_on)
{
	uint64_t epoch = a->clocks.recorded_epoch;

	store(a);
	writes(a, 64, 8);
	store(a);
	ck_assert_uint_eq(a->clocks.recorded_epoch, epoch);
}
END_TEST

START_TEST(its_ranges_let_it_sleep)
{
	end_epoch(a);
	loops_over(a, racing_site(SITE_WRITE | SITE_PLAIN_MOVE, 8), 0, 64);
	ck_assert(is_asleep());
	ck_assert_uint_eq(write_word(), *a->clocks.current);
	loops_over(a, racing_site(SITE_READ | SITE_PLAIN_MOVE, 8), 0, 64);
	ck_assert(is_asleep());
	ck_assert_uint_eq(finding_count, 0);
}
END_TEST

/* Other bytes would have words to be kept. */
START_TEST(a_part_of_a_granule_does_not_sleep)
{
	owner_set_up();
	exchange(a, 0);
	for (uint32_t i = 0; i <= ATOMIC_STORES_ALONE + 1; i++)
		store_at(a, 0, 4);
	ck_assert_uint_eq(shadow_slot(location_at(0)->owner), a->slot);
	ck_assert(is_awake());
}
END_TEST

START_TEST(two_parts_that_are_all_of_it_do)
{
	owner_set_up();
	use_alone(4);
	ck_assert(is_asleep());
}
END_TEST

START_TEST(what_was_waited_for_does_not)
{
	owner_set_up();
	atomic_release(&judge, a, MEMORY_AT);
	use_alone(8);
	ck_assert(is_awake());
}
END_TEST

/* --- Who comes ------------------------------------------------------------------------ */

START_TEST(who_loads_knows_what_came_before_the_store)
{
	store_between();
	load(b);
	ck_assert(is_awake());
	expect_known(true, false);
	ck_assert_uint_eq(judge.counters[COUNTER_RELEASES_PUT_OFF], 1);
}
END_TEST

/* The epoch is that of the last store, by whatever it was recorded. */
START_TEST(who_loads_knows_what_came_before_the_last_store)
{
	site_id id = racing_site(SITE_WRITE | SITE_PLAIN_MOVE, 8);

	site_attention[id] = SITE_QUIET;
	end_epoch(a);
	writes(a, 64, 8);
	a->accesses.sample = 2;
	quick_access(a, id, 0, 8);
	ck_assert(is_asleep());
	load(b);
	expect_known(true, true);
}
END_TEST

START_TEST(who_stores_to_it_wakes_it)
{
	writes(a, 64, 8);
	store(a);
	end_epoch(a);
	store(b);
	ck_assert(is_awake());
	ck_assert_uint_eq(location_at(0)->owner, 0);
	ck_assert_uint_eq(finding_count, 0);
}
END_TEST

START_TEST(who_loads_a_part_wakes_it)
{
	store_between();
	load_at(b, 4, 4);
	ck_assert(is_awake());
	expect_known(true, false);
}
END_TEST

START_TEST(a_locked_instruction_wakes_it)
{
	store_between();
	run_whole(b, SITE_READ | SITE_WRITE | SITE_LOCKED);
	ck_assert(is_awake());
	expect_known(true, false);
}
END_TEST

START_TEST(so_does_its_own)
{
	run_whole(a, SITE_READ | SITE_WRITE | SITE_LOCKED);
	ck_assert(is_awake());
	ck_assert_uint_eq(finding_count, 0);
}
END_TEST

START_TEST(a_range_of_another_wakes_it)
{
	writes(a, 128, 8);
	store(a);
	loops_over(b, racing_site(SITE_READ | SITE_PLAIN_MOVE, 8), 0, 64);
	ck_assert(is_awake());
	reads(b, 128, 8);
	ck_assert_uint_eq(finding_count, 0);
}
END_TEST

/* The load of who had it alone may be made after that store, though its check came before. */
START_TEST(what_others_store_it_may_have_loaded)
{
	expect_loaded(0, 8, true);
}
END_TEST

START_TEST(what_it_has_not_loaded_orders_nothing)
{
	expect_loaded(0, 8, false);
}
END_TEST

/* --- Lives of the memory ---------------------------------------------------------------- */

static void free_memory(struct thread *thread)
{
	struct access access = racing_access(racing_site(SITE_WRITE, 8), 0, 8);

	access_memory_freed(&judge, thread, &access);
}

START_TEST(who_frees_it_must_come_after_the_last_store)
{
	store(a);
	free_memory(b);
	ck_assert_uint_ge(finding_count, 1);
}
END_TEST

START_TEST(who_has_it_alone_may_free_it)
{
	store(a);
	end_epoch(a);
	load(a);
	free_memory(a);
	ck_assert_uint_eq(finding_count, 0);
}
END_TEST

START_TEST(memory_that_begins_anew_has_none)
{
	access_memory_begins(&judge, a, MEMORY_AT, 8);
	writes(a, 0, 8);
	ck_assert_uint_eq(finding_count, 0);
	writes(b, 0, 8);
	ck_assert_uint_eq(finding_count, 1);
}
END_TEST

/* A sweep for locations that nothing names any more. */
START_TEST(what_sleeps_is_not_given_to_others)
{
	uint32_t number = (uint32_t)shadow_number(*shadow_of(MEMORY_AT).read);

	for (uint32_t i = 0; i < 6000; i++)
		ck_assert_ptr_nonnull(atomic_mark(&judge, b, MEMORY_AT + 1024 + 8 * i, 8));
	ck_assert(is_asleep());
	load(b);
	ck_assert_uint_eq(location_at(0)->number, number);
	ck_assert_uint_eq(location_at(0)->granule, MEMORY_AT);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("asleep");

	tcase_add_checked_fixture(tests, set_up, NULL);
	tcase_add_test(tests, its_stores_are_plain_words);
	tcase_add_test(tests, its_loads_leave_nothing);
	tcase_add_test(tests, its_stores_to_parts_are_known_by_their_bytes);
	tcase_add_test(tests, its_epoch_goes_on);
	tcase_add_test(tests, its_ranges_let_it_sleep);
	tcase_add_test(tests, a_part_of_a_granule_does_not_sleep);
	tcase_add_test(tests, two_parts_that_are_all_of_it_do);
	tcase_add_test(tests, what_was_waited_for_does_not);
	tcase_add_test(tests, who_loads_knows_what_came_before_the_store);
	tcase_add_test(tests, who_loads_knows_what_came_before_the_last_store);
	tcase_add_test(tests, who_stores_to_it_wakes_it);
	tcase_add_test(tests, who_loads_a_part_wakes_it);
	tcase_add_test(tests, a_locked_instruction_wakes_it);
	tcase_add_test(tests, so_does_its_own);
	tcase_add_test(tests, a_range_of_another_wakes_it);
	tcase_add_test(tests, what_others_store_it_may_have_loaded);
	tcase_add_test(tests, what_it_has_not_loaded_orders_nothing);
	tcase_add_test(tests, who_frees_it_must_come_after_the_last_store);
	tcase_add_test(tests, who_has_it_alone_may_free_it);
	tcase_add_test(tests, memory_that_begins_anew_has_none);
	tcase_add_test(tests, what_sleeps_is_not_given_to_others);
	return racing_run(tests);
}
