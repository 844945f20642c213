/* What locked instructions show to be atomic: the accesses before them, and their findings. */
#include <check.h>

#include "detect/race/memory.h"
#include "detect/shadow/atomic_table.h"
#include "detect/sync/thread.h"
#include "racing.h"

static struct thread *a, *b;

static void set_up(void)
{
	set_up_racing();
	racing_sites_are_old(false);
	a = racing_start(first);
	b = racing_start(first);
}

/* A locked instruction of @thread; @flags: what its site has besides. */
static void run_locked_at(struct thread *thread, uint32_t offset, uint32_t flags)
{
	struct access access = {
		.address = MEMORY_AT + offset,
		.size_bytes = 4,
		.flags = SITE_READ | SITE_WRITE | SITE_LOCKED | flags,
	};
	struct atomic_location *location;

	access.site = racing_site(access.flags, 4);
	location = access_synchronise_begin(&judge, thread, &access);
	ck_assert_ptr_nonnull(location);
	access_synchronise_end(&judge, thread, location, &access, LOCKED_STORED);
}

static void run_locked(struct thread *thread, uint32_t offset)
{
	run_locked_at(thread, offset, 0);
}

START_TEST(who_read_what_becomes_atomic_may_not_have_looked_yet)
{
	writes(a, 64, 8);
	reads(b, 0, 4);
	reads(first, 0, 4);
	run_locked(a, 0);
	reads(b, 64, 8);
	reads(first, 64, 8);
	ck_assert_uint_eq(finding_count, 0);
}
END_TEST

static void tell_by_locked(void)
{
	writes(a, 64, 8);
	run_locked(a, 4);
}

/* Only the other half of the granule is atomic, when b's check looks at it. */
START_TEST(what_becomes_atomic_while_its_read_is_recorded_is_acquired)
{
	run_locked(first, 0);
	racing_meanwhile = tell_by_locked;
	reads(b, 4, 4);
	ck_assert_ptr_null(racing_meanwhile);
	reads(b, 64, 8);
	ck_assert_uint_eq(finding_count, 0);
}
END_TEST

static void exchange(void)
{
	run_locked(a, 4);
}

START_TEST(a_store_to_what_becomes_atomic_while_it_is_recorded_is_a_release)
{
	run_locked(first, 0);
	writes(b, 64, 8);
	racing_meanwhile = exchange;
	writes(b, 4, 4);
	ck_assert_ptr_null(racing_meanwhile);
	reads(a, 4, 4);
	reads(a, 64, 8);
	ck_assert_uint_eq(finding_count, 0);
}
END_TEST

/* Of four bytes that b reads it becomes atomic; another thread stores to the first half. */
static void exchange_the_second_half(void)
{
	writes(first, 0, 2);
	run_locked(a, 2);
}

START_TEST(what_a_read_touches_beside_what_becomes_atomic_meanwhile_is_compared)
{
	run_locked(a, 6);
	racing_meanwhile = exchange_the_second_half;
	reads(b, 0, 4);
	ck_assert_ptr_null(racing_meanwhile);
	ck_assert_uint_eq(finding_count, 1);
}
END_TEST

START_TEST(a_read_that_is_kept_open_may_be_of_what_has_become_atomic)
{
	site_id site;

	racing_sites_are_old(true);
	site = racing_site(SITE_READ, 4);
	writes(a, 64, 8);
	writes(b, 128, 8); /* begins an epoch */
	for (uint32_t i = 0; i < 4; i++)
		accesses_at(b, site, 0, 4);
	ck_assert_uint_ne(pending_count(b), 0);
	run_locked(a, 0);
	reads(b, 64, 8);
	ck_assert_uint_eq(finding_count, 0);
}
END_TEST

/* Shadow memory is emptied as that of a fork's child. */
START_TEST(what_is_atomic_remains_so_over_a_fork)
{
	run_locked(a, 0);
	run_locked(a, 32);
	shadow_clear(MEMORY_AT + 32, 8); /* a new life */
	atomic_table_forks(judge.atomics);
	shadow_clear(MEMORY_AT, 64);
	atomic_table_forked(judge.atomics, a);
	ck_assert_int_eq(shadow_form(*shadow_of(MEMORY_AT).write), SHADOW_ATOMIC);
	ck_assert_uint_eq(*shadow_of(MEMORY_AT).read, *shadow_of(MEMORY_AT).write);
	ck_assert_uint_eq(*shadow_of(MEMORY_AT + 32).write, 0);
	writes(a, 0, 4);
	reads(b, 0, 4);
	ck_assert_uint_eq(finding_count, 0);
}
END_TEST

START_TEST(what_is_found_while_catching_up_is_acquired_too)
{
	racing_sites_are_old(true);
	b->accesses.sample = 1000;
	writes(b, 128, 8); /* begins an epoch */
	reads(b, 32, 4);
	run_locked(a, 0);
	reads(b, 0, 4);
	ck_assert_uint_eq(pending_count(b), 1);
	ck_assert_uint_eq(b->accesses.acquire_count, 1);
	/* It is looked at for the last time. */
	b->accesses.acquires[0].looks_left = 1;
	writes(first, 64, 8);
	run_locked(first, 32);
	run_locked(first, 32);
	run_locked(a, 0); /* so that the thread records what is pending, to acquire */
	reads(b, 64, 8);
	ck_assert_uint_eq(pending_count(b), 0);
	ck_assert_uint_eq(finding_count, 0);
}
END_TEST

START_TEST(who_read_other_bytes_acquires_nothing_when_these_become_atomic)
{
	writes(a, 64, 8);
	reads(b, 4, 4);
	run_locked(a, 0);
	reads(b, 64, 8);
	ck_assert_uint_eq(finding_count, 1);
}
END_TEST

START_TEST(a_store_known_before_releases_nothing_that_its_thread_acquired_later)
{
	struct thread *early, *late;

	writes(first, 0, 8);
	early = racing_start(first);
	late = racing_start(first);
	writes(early, 64, 8);
	thread_ending(&judge, early);
	thread_joined(&judge, first, early, 1);
	run_locked(late, 0); /* the store there turns out to be a release */
	writes(late, 64, 8);
	ck_assert_uint_eq(finding_count, 1);
}
END_TEST

START_TEST(a_store_that_others_have_acquired_from_amid_its_epoch_releases_all)
{
	struct thread *early = racing_start(first);

	writes(a, 0, 8);
	run_locked(b, 0);
	writes(early, 64, 8);
	thread_ending(&judge, early);
	thread_joined(&judge, a, early, 1);
	writes(a, 8, 8); /* in the same epoch */
	run_locked(b, 8);
	reads(b, 64, 8);
	ck_assert_uint_eq(finding_count, 0);
}
END_TEST

/* As in a lock of two tickets: next is taken by locked instructions, served is stored to. */
START_TEST(a_flag_beside_what_is_atomic_releases_nothing_that_comes_after_it)
{
	run_locked(first, 0);
	accesses_at(a, racing_site(SITE_WRITE | SITE_PLAIN_MOVE, 4), 4, 4);
	writes(a, 64, 8);
	accesses_at(b, racing_site(SITE_READ | SITE_PLAIN_MOVE, 4), 4, 4);
	ck_assert_uint_eq(finding_count, 1); /* of the flag, by moves */
	reads(b, 64, 8);
	ck_assert_uint_eq(finding_count, 2);
}
END_TEST

static void races_by_moves(void)
{
	accesses_at(a, racing_site(SITE_WRITE | SITE_PLAIN_MOVE, 4), 0, 4);
	accesses_at(b, racing_site(SITE_READ | SITE_PLAIN_MOVE, 4), 0, 4);
	ck_assert_uint_eq(finding_count, 1);
}

START_TEST(a_race_of_moves_is_a_note_where_they_turn_out_to_be_atomic)
{
	racing_block = (struct memory_block){.start = MEMORY_AT, .size_bytes = 16, .stack = 1};
	races_by_moves();
	run_locked(a, 0);
	ck_assert_uint_eq(retracted_count, 0);
	ck_assert_uint_eq(lowered_count, 1);
}
END_TEST

START_TEST(a_race_in_a_block_stands_when_another_block_there_has_an_atomic)
{
	racing_block = (struct memory_block){.start = MEMORY_AT, .size_bytes = 16, .stack = 1};
	races_by_moves();
	racing_block.stack = 2;
	access_memory_begins(&judge, a, MEMORY_AT, 16);
	run_locked(a, 0);
	ck_assert_uint_eq(retracted_count + lowered_count, 0);
}
END_TEST

#define MOVE (SITE_READ | SITE_PLAIN_MOVE)

START_TEST(a_plain_access_beside_a_locked_instruction_is_noted)
{
	run_locked(a, 0);
	accesses_at(b, racing_site(MOVE, 4), 0, 4);
	ck_assert_uint_eq(beside_count, 1);
	/* Not what it stores then: its read is taken to have acquired. */
	accesses_at(b, racing_site(SITE_WRITE | SITE_PLAIN_MOVE, 4), 0, 4);
	ck_assert_uint_eq(beside_count, 1);
	accesses_at(first, racing_site(SITE_WRITE | SITE_PLAIN_MOVE, 4), 0, 4);
	ck_assert_uint_eq(beside_count, 2);
	ck_assert_uint_eq(finding_count, 0);
}
END_TEST

START_TEST(a_plain_read_is_noted_for_the_locked_instruction_that_comes)
{
	accesses_at(b, racing_site(MOVE, 4), 0, 4);
	run_locked(a, 0);
	ck_assert_uint_eq(beside_count, 1);
	accesses_at(a, racing_site(MOVE, 4), 0, 4);
	ck_assert_uint_eq(beside_count, 1);
	run_locked(b, 0);
	ck_assert_uint_eq(beside_count, 2);
}
END_TEST

START_TEST(each_place_is_noted_a_few_times)
{
	site_id load = racing_site(MOVE, 4);
	site_id store = racing_site(SITE_WRITE | SITE_PLAIN_MOVE, 4);

	for (uint32_t i = 0; i < 10; i++) {
		run_locked(a, i * 16);
		accesses_at(b, load, i * 16, 4);
		run_locked(a, i * 16 + 8);
		accesses_at(b, store, i * 16 + 8, 4);
	}
	ck_assert_uint_eq(site_get(&judge.sites, load)->beside_count, SITE_BESIDE_TOLD);
	ck_assert_uint_eq(site_get(&judge.sites, load)->noted_count, SITE_BESIDE_TOLD);
	ck_assert_uint_eq(site_get(&judge.sites, store)->beside_count, SITE_BESIDE_TOLD);
}
END_TEST

/* Thread b accesses what a has just run a locked instruction at. */
static void lock_and_access(uint32_t offset, uint32_t flags, uint32_t size_bytes)
{
	run_locked(a, offset);
	accesses_at(b, racing_site(flags, size_bytes), offset, size_bytes);
}

/* Thread a runs one at what b has just read. */
static void read_and_lock(uint32_t offset, uint32_t flags)
{
	accesses_at(b, racing_site(MOVE | flags, 4), offset, 4);
	run_locked(a, offset);
}

/* In order; by a wide access; by what may be half of an update; in a silent module. */
START_TEST(what_need_be_no_race_is_not_noted)
{
	run_locked(a, 0);
	accesses_at(racing_start(a), racing_site(MOVE, 4), 0, 4);
	lock_and_access(16, MOVE, 8);
	lock_and_access(32, MOVE | SITE_MAY_BE_STALE, 4);
	lock_and_access(48, MOVE | SITE_SILENT, 4);
	run_locked_at(a, 64, SITE_SILENT);
	accesses_at(b, racing_site(MOVE, 4), 64, 4);
	ck_assert_uint_eq(beside_count, 0);
	lock_and_access(80, MOVE, 4);
	ck_assert_uint_eq(beside_count, 1);
}
END_TEST

START_TEST(what_is_read_before_need_be_no_race_either)
{
	read_and_lock(0, SITE_MAY_BE_STALE);
	read_and_lock(16, SITE_SILENT);
	accesses_at(b, racing_site(MOVE, 4), 32, 4);
	run_locked(a, 36);
	ck_assert_uint_eq(beside_count, 0);
	read_and_lock(48, 0);
	ck_assert_uint_eq(beside_count, 1);
}
END_TEST

/* Thread b has looked at a's locked instruction at 0, whose bytes are noted as read.  Then the
 * other bytes are run over; and the same, by who was started since. */
START_TEST(a_noted_read_of_other_bytes_or_in_order_is_no_race)
{
	run_locked(a, 0);
	run_locked(a, 4);
	accesses_at(b, racing_site(MOVE, 4), 0, 4);
	ck_assert_uint_eq(beside_count, 1);
	run_locked(a, 4);
	ck_assert_uint_eq(beside_count, 1);
	run_locked(racing_start(b), 0);
	ck_assert_uint_eq(beside_count, 1);
}
END_TEST

/* Thread a has stored over what b had read, which b may have seen. */
START_TEST(who_may_have_acquired_since_is_not_noted)
{
	accesses_at(b, racing_site(MOVE, 8), 64, 8);
	run_locked(a, 0);
	accesses_at(a, racing_site(SITE_WRITE | SITE_PLAIN_MOVE, 8), 64, 8);
	accesses_at(b, racing_site(MOVE, 4), 0, 4);
	ck_assert_uint_eq(beside_count, 0);
}
END_TEST

/* Thread a has stored to two places, which wait in it, when b loads its flag. */
static void publish_two(void)
{
	site_id store;

	racing_sites_are_old(true);
	a->accesses.sample = 1000;
	store = racing_site(SITE_WRITE | SITE_PLAIN_MOVE, 4);
	site_get(&judge.sites, store)->beside_count = 0;
	writes(a, 128, 8); /* begins an epoch */
	accesses_at(a, store, 0, 4);
	accesses_at(a, store, 16, 4);
	ck_assert_uint_eq(pending_count(a), 2);
	accesses_at(a, racing_site(SITE_WRITE | SITE_PLAIN_MOVE, 8), 64, 8);
	accesses_at(b, racing_site(MOVE, 8), 64, 8);
}

/* Each of them was a release, which ends the epoch once both are recorded. */
START_TEST(what_is_pending_comes_before_who_knows_of_it_however_much_has_become_atomic)
{
	publish_two();
	run_locked(b, 0);
	run_locked(b, 16);
	record_flush(&judge, a);
	ck_assert_uint_eq(pending_count(a), 0);
	ck_assert_uint_eq(beside_count, 0);
	ck_assert(!a->clocks.has_recorded);
}
END_TEST

START_TEST(what_is_pending_races_with_who_knows_nothing_of_it)
{
	struct thread *c = racing_start(first);

	publish_two();
	run_locked(b, 0);
	run_locked(c, 16);
	record_flush(&judge, a);
	ck_assert_uint_eq(beside_count, 1);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("race_atomic");

	tcase_add_checked_fixture(tests, set_up, NULL);
	tcase_add_test(tests, who_read_what_becomes_atomic_may_not_have_looked_yet);
	tcase_add_test(tests, what_becomes_atomic_while_its_read_is_recorded_is_acquired);
	tcase_add_test(tests, a_store_to_what_becomes_atomic_while_it_is_recorded_is_a_release);
	tcase_add_test(tests,
		       what_a_read_touches_beside_what_becomes_atomic_meanwhile_is_compared);
	tcase_add_test(tests, a_read_that_is_kept_open_may_be_of_what_has_become_atomic);
	tcase_add_test(tests, what_is_found_while_catching_up_is_acquired_too);
	tcase_add_test(tests, what_is_atomic_remains_so_over_a_fork);
	tcase_add_test(tests, who_read_other_bytes_acquires_nothing_when_these_become_atomic);
	tcase_add_test(tests, a_store_known_before_releases_nothing_that_its_thread_acquired_later);
	tcase_add_test(tests, a_store_that_others_have_acquired_from_amid_its_epoch_releases_all);
	tcase_add_test(tests, a_flag_beside_what_is_atomic_releases_nothing_that_comes_after_it);
	tcase_add_test(tests, a_race_of_moves_is_a_note_where_they_turn_out_to_be_atomic);
	tcase_add_test(tests, a_race_in_a_block_stands_when_another_block_there_has_an_atomic);
	tcase_add_test(tests, a_plain_access_beside_a_locked_instruction_is_noted);
	tcase_add_test(tests, a_plain_read_is_noted_for_the_locked_instruction_that_comes);
	tcase_add_test(tests, each_place_is_noted_a_few_times);
	tcase_add_test(tests, what_need_be_no_race_is_not_noted);
	tcase_add_test(tests, what_is_read_before_need_be_no_race_either);
	tcase_add_test(tests, a_noted_read_of_other_bytes_or_in_order_is_no_race);
	tcase_add_test(tests, who_may_have_acquired_since_is_not_noted);
	tcase_add_test(
		tests,
		what_is_pending_comes_before_who_knows_of_it_however_much_has_become_atomic);
	tcase_add_test(tests, what_is_pending_races_with_who_knows_nothing_of_it);
	return racing_run(tests);
}
