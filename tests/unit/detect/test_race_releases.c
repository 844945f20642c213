/*
 * What a store that releases an atomic leaves behind with the bytes beside it, and what of it a
 * thread knows already.
 */
#include <check.h>

#include "detect/shadow/atomic_table.h"
#include "detect/sync/thread.h"
#include "racing.h"

static struct thread *a, *b;

static void set_up(void)
{
	set_up_racing();
	a = racing_start(first);
	b = racing_start(first);
}

/* A locked instruction of @thread. */
static void run_locked_sized(struct thread *thread, uint32_t offset, uint32_t size_bytes)
{
	struct access access = {
		.address = MEMORY_AT + offset,
		.size_bytes = size_bytes,
		.site = racing_site(SITE_READ | SITE_WRITE | SITE_LOCKED, size_bytes),
		.flags = SITE_READ | SITE_WRITE | SITE_LOCKED,
	};
	struct atomic_location *location = access_synchronise_begin(&judge, thread, &access);

	ck_assert_ptr_nonnull(location);
	access_synchronise_end(&judge, thread, location, &access, LOCKED_STORED);
}

static void run_locked(struct thread *thread, uint32_t offset)
{
	run_locked_sized(thread, offset, 4);
}

#define TURN 4u
#define SHARED 64u

/* Threads a, b and c have tickets, and c has looked whose turn it is, without seeing yet what
 * others store; a gives the turn to b. */
static struct thread *look_at_turn(void)
{
	struct thread *c = racing_start(first);

	run_locked(a, 0);
	run_locked(b, 0);
	run_locked(c, 0);
	accesses_at(c, racing_site(SITE_READ | SITE_PLAIN_MOVE | SITE_SPIN, 4), TURN, 4);
	accesses_at(a, racing_site(SITE_WRITE | SITE_PLAIN_MOVE, 4), TURN, 4);
	accesses_at(b, racing_site(SITE_READ | SITE_PLAIN_MOVE | SITE_SPIN, 4), TURN, 4);
	writes(b, SHARED, 8);
	return c;
}

START_TEST(store_beside_an_atomic_orders_who_has_looked_before_others_stored)
{
	struct thread *c = look_at_turn();

	accesses_at(b, racing_site(SITE_WRITE | SITE_PLAIN_MOVE, 4), TURN, 4);
	writes(c, SHARED, 8);
	ck_assert_uint_eq(racing[SHARED], 0);
}
END_TEST

START_TEST(look_beside_an_atomic_orders_nothing_without_a_store)
{
	struct thread *c = look_at_turn();

	writes(c, SHARED, 8);
	ck_assert_uint_eq(racing[SHARED], 1);
}
END_TEST

/* Thread a stores to bytes 0 to 3, and then, by the same check, to bytes 4 to 7. */
static void store_both(uint32_t flags)
{
	site_id head = racing_site(SITE_WRITE | SITE_PLAIN_MOVE, 4);
	site_id tail = racing_site(SITE_WRITE | SITE_PLAIN_MOVE | flags, 4);
	struct access whole = {
		.address = MEMORY_AT,
		.size_bytes = 8,
		.site = head,
		.flags = SITE_WRITE | SITE_PLAIN_MOVE,
	};

	site_get(&judge.sites, head)->next_member = tail;
	site_get(&judge.sites, tail)->member_offset = 4;
	access_check(&judge, a, &whole);
}

START_TEST(what_is_stored_before_the_release_is_released)
{
	run_locked(a, 4);
	store_both(0);
	run_locked(b, 4);
	reads(b, 0, 4);
	ck_assert_uint_eq(finding_count, 0);
}
END_TEST

START_TEST(what_is_stored_after_the_release_is_not)
{
	run_locked(a, 0);
	store_both(0);
	run_locked(b, 0);
	reads(b, 4, 4);
	ck_assert_uint_eq(finding_count, 1);
}
END_TEST

START_TEST(what_one_instruction_stores_is_released_as_a_whole)
{
	run_locked(a, 0);
	writes(a, 0, 8);
	run_locked(b, 0);
	reads(b, 4, 4);
	ck_assert_uint_eq(finding_count, 0);
}
END_TEST

/* As in `datum = 1; count++; lock = 0`, where datum and lock share a check. */
START_TEST(what_is_stored_before_the_release_may_have_a_later_check)
{
	run_locked(a, 4);
	store_both(SITE_EARLY);
	writes(a, 64, 8);
	run_locked(b, 4);
	reads(b, 0, 4);
	reads(b, 64, 8);
	ck_assert_uint_eq(finding_count, 0);
	run_locked(a, 128);
	writes(a, 72, 8);
	reads(b, 72, 8);
	ck_assert_uint_eq(finding_count, 1);
}
END_TEST

START_TEST(what_is_stored_after_the_check_of_the_release_is_not_released)
{
	run_locked(a, 4);
	store_both(0);
	writes(a, 64, 8);
	run_locked(b, 4);
	reads(b, 64, 8);
	ck_assert_uint_eq(finding_count, 1);
}
END_TEST

/* Thread b looks at the atomic at @offset, until it looks no more. */
static void acquire(uint32_t offset)
{
	reads(b, offset, 4);
	for (uint32_t i = 0; i < 32; i++)
		reads(b, 128, 8);
	ck_assert_uint_eq(b->accesses.acquire_count, 0);
}

START_TEST(who_has_acquired_acquires_what_is_released_later)
{
	run_locked(a, 0);
	acquire(0);
	acquire(0);
	writes(a, 64, 8);
	run_locked(a, 0);
	acquire(0);
	reads(b, 64, 8);
	ck_assert_uint_eq(finding_count, 0);
}
END_TEST

/* Thread b loads the atomic at 0, and its next @count slow accesses look. */
static void load_before_looks(uint8_t count)
{
	racing_sites_are_old(true);
	b->accesses.sample = 1000;
	run_locked(a, 0);
	acquire(0);
	reads(b, 0, 4);
	ck_assert_uint_eq(b->accesses.acquires_due, 1);
	b->accesses.acquires[0].looks_left = count;
}

START_TEST(the_last_look_acquires_what_is_new)
{
	load_before_looks(1);
	writes(a, 64, 8);
	run_locked(a, 0);
	quick_access(b, racing_site(SITE_READ, 8), 64, 8);
	ck_assert_uint_eq(b->accesses.acquires_due, 0);
	ck_assert_uint_eq(finding_count, 0);
}
END_TEST

/* Thread a releases what it has written after b's first look. */
static void release_after_look(void)
{
	quick_access(b, racing_site(SITE_READ, 8), 32, 8);
	writes(a, 64, 8);
	run_locked(a, 0);
	quick_access(b, racing_site(SITE_READ, 8), 64, 8);
}

START_TEST(each_look_acquires_what_is_new)
{
	load_before_looks(2);
	release_after_look();
	ck_assert_uint_eq(finding_count, 0);
}
END_TEST

START_TEST(nothing_is_acquired_after_the_last_look)
{
	load_before_looks(1);
	release_after_look();
	ck_assert_uint_eq(finding_count, 1);
}
END_TEST

START_TEST(who_has_acquired_from_one_half_knows_nothing_of_the_other)
{
	run_locked(a, 0);
	writes(a, 64, 8);
	run_locked(a, 4);
	acquire(0);
	acquire(4);
	reads(b, 64, 8);
	ck_assert_uint_eq(finding_count, 0);
}
END_TEST

/* Thread b has itself stored there since. */
START_TEST(who_releases_has_not_acquired_by_that)
{
	writes(a, 64, 8);
	run_locked(a, 4);
	run_locked(b, 0);
	acquire(4);
	reads(b, 64, 8);
	ck_assert_uint_eq(finding_count, 0);
}
END_TEST

START_TEST(who_acquired_at_a_place_knows_nothing_of_the_next_in_its_record)
{
	uint64_t word;

	run_locked(a, 0);
	acquire(0);
	word = *shadow_of(MEMORY_AT).write;
	shadow_clear(MEMORY_AT, 8); /* a new life */
	atomic_table_give_back(&judge, atomic_table_get(&judge, word));
	writes(a, 64, 8);
	run_locked(a, 32);
	ck_assert_uint_eq(*shadow_of(MEMORY_AT + 32).write, word);
	acquire(32);
	reads(b, 64, 8);
	ck_assert_uint_eq(finding_count, 0);
}
END_TEST

static void store(struct thread *thread)
{
	writes(thread, SHARED, 8);
	accesses_at(thread, racing_site(SITE_WRITE | SITE_PLAIN_MOVE, 8), 0, 8);
}

START_TEST(halves_that_are_released_together_have_one_clock)
{
	const struct atomic_location *location;

	run_locked_sized(a, 0, 8);
	location = atomic_table_get(&judge, *shadow_of(MEMORY_AT).write);
	for (unsigned i = 0; i < 3; i++) {
		store(b);
		accesses_at(a, racing_site(SITE_READ | SITE_PLAIN_MOVE, 8), 0, 8);
		store(a);
		accesses_at(b, racing_site(SITE_READ | SITE_PLAIN_MOVE, 8), 0, 8);
		ck_assert_ptr_eq(location->halves[0].clock, location->halves[1].clock);
	}
	ck_assert_uint_eq(finding_count, 0);
	run_locked(b, 4);
	ck_assert_ptr_ne(location->halves[0].clock, location->halves[1].clock);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("releases");

	tcase_add_checked_fixture(tests, set_up, NULL);
	tcase_add_test(tests, store_beside_an_atomic_orders_who_has_looked_before_others_stored);
	tcase_add_test(tests, look_beside_an_atomic_orders_nothing_without_a_store);
	tcase_add_test(tests, what_is_stored_before_the_release_is_released);
	tcase_add_test(tests, what_is_stored_after_the_release_is_not);
	tcase_add_test(tests, what_one_instruction_stores_is_released_as_a_whole);
	tcase_add_test(tests, what_is_stored_before_the_release_may_have_a_later_check);
	tcase_add_test(tests, what_is_stored_after_the_check_of_the_release_is_not_released);
	tcase_add_test(tests, who_has_acquired_acquires_what_is_released_later);
	tcase_add_test(tests, the_last_look_acquires_what_is_new);
	tcase_add_test(tests, each_look_acquires_what_is_new);
	tcase_add_test(tests, nothing_is_acquired_after_the_last_look);
	tcase_add_test(tests, who_has_acquired_from_one_half_knows_nothing_of_the_other);
	tcase_add_test(tests, who_releases_has_not_acquired_by_that);
	tcase_add_test(tests, who_acquired_at_a_place_knows_nothing_of_the_next_in_its_record);
	tcase_add_test(tests, halves_that_are_released_together_have_one_clock);
	return racing_run(tests);
}
