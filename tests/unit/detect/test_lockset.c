/* Which locks a report of a later race names for the earlier access. */
#include <check.h>
#include <stdlib.h>

#include "detect/base/held_locks.h"
#include "detect/race/record_fast.h"
#include "detect/sync/lock.h"
#include "detect/base/lockset.h"
#include "detect/shadow/origin.h"
#include "racing.h"

#define LOCKS_AT ((uintptr_t)0x7f1234560000)
#define LOCK_BYTES 64u
#define MANY 20u

static struct thread *a, *b;

static void set_up(void)
{
	set_up_racing();
	racing_sites_are_old(false);
	a = racing_start(first);
	b = racing_start(first);
}

static struct sync_object *lock_at(uint32_t number)
{
	struct sync_object *object = sync_find_or_begin(
		&judge.objects, LOCKS_AT + number * LOCK_BYTES, OBJECT_RWLOCK, 0, 1);

	ck_assert_ptr_nonnull(object);
	return object;
}

static void takes_as(struct thread *thread, struct sync_object *lock, enum lock_mode mode,
		     stack_id stack)
{
	lock_acquired(&judge, thread, lock, mode, stack);
}

static void takes_lock(struct thread *thread, struct sync_object *lock)
{
	takes_as(thread, lock, LOCK_EXCLUSIVE, 1);
}

static void gives_lock(struct thread *thread, struct sync_object *lock)
{
	lock_releasing(&judge, thread, lock, held_locks_find(&thread->held, lock));
}

/* Of the finding's two accesses the earlier one. */
static const struct finding_event *earlier_access(void)
{
	ck_assert_uint_eq(finding_count, 1);
	ck_assert_uint_eq(last_finding.event_count, 2);
	return &last_finding.events[0];
}

static void check_holds_only(const struct finding_event *event, lock_id lock)
{
	ck_assert(!event->holds_are_unknown);
	ck_assert_uint_eq(event->hold_count, 1);
	ck_assert_uint_eq(event->holds[0].lock, lock);
}

START_TEST(an_access_holds_what_was_held_then)
{
	struct sync_object *own = lock_at(1);
	struct sync_object *other = lock_at(2);

	takes_as(a, own, LOCK_EXCLUSIVE, 7);
	writes(a, 0, 8);
	gives_lock(a, own);
	takes_lock(b, other);
	writes(b, 0, 8);
	check_holds_only(earlier_access(), own->info->id);
	ck_assert_uint_eq(earlier_access()->holds[0].stack, 7);
	ck_assert_uint_eq(earlier_access()->holds[0].mode, HOLD_EXCLUSIVE);
	check_holds_only(&last_finding.events[1], other->info->id);
}
END_TEST

START_TEST(locks_taken_after_an_access_are_not_its_own)
{
	writes(a, 0, 8);
	takes_lock(a, lock_at(1));
	writes(b, 0, 8);
	ck_assert(!earlier_access()->holds_are_unknown);
	ck_assert_uint_eq(earlier_access()->hold_count, 0);
}
END_TEST

START_TEST(a_later_access_in_the_same_epoch_does_not_lend_its_locks)
{
	writes(a, 0, 8);
	takes_lock(a, lock_at(1));
	writes(a, 0, 8);
	writes(b, 0, 8);
	ck_assert_uint_eq(earlier_access()->hold_count, 0);
}
END_TEST

START_TEST(locks_for_reading_are_told_apart)
{
	takes_as(a, lock_at(1), LOCK_SHARED, 1);
	writes(a, 0, 8);
	writes(b, 0, 8);
	check_holds_only(earlier_access(), lock_at(1)->info->id);
	ck_assert_uint_eq(earlier_access()->holds[0].mode, HOLD_SHARED);
}
END_TEST

START_TEST(readers_keep_the_locks_of_each)
{
	takes_lock(a, lock_at(1));
	reads(a, 0, 8);
	takes_lock(b, lock_at(2));
	reads(b, 0, 8);
	writes(first, 0, 8);
	ck_assert_uint_eq(finding_count, 2);
	check_holds_only(&last_finding.events[0],
			 lock_at(last_finding.events[0].thread == a->id ? 1 : 2)->info->id);
}
END_TEST

START_TEST(an_access_without_its_stack_does_not_know_its_locks)
{
	site_id site;

	racing_sites_are_old(true);
	site = racing_site(SITE_WRITE, 8);
	takes_lock(a, lock_at(1));
	for (uint32_t i = 0; i < 4; i++) /* the first has its stack */
		accesses_at(a, site, i * 8, 8);
	reads(b, 3 * 8, 8);
	ck_assert(earlier_access()->holds_are_unknown);
	ck_assert_uint_eq(earlier_access()->hold_count, 0);
}
END_TEST

START_TEST(an_access_that_is_judged_late_does_not_know_its_locks)
{
	site_id site;

	racing_sites_are_old(true);
	site = racing_site(SITE_WRITE, 1);
	takes_lock(a, lock_at(1));
	gives_lock(a, lock_at(1));
	for (uint32_t i = 1; i < 4; i++) /* opens an epoch, and wants no stack */
		accesses_at(a, site, i * 8, 1);
	accesses_at(a, site, 64, 1);
	takes_lock(a, lock_at(1));
	ck_assert_uint_ne(pending_count(a), 0);
	writes(b, 64, 1);
	gives_lock(a, lock_at(1));
	ck_assert_uint_eq(finding_count, 1);
	ck_assert_uint_eq(last_finding.events[1].thread, a->id);
	ck_assert(last_finding.events[1].holds_are_unknown);
	ck_assert_uint_eq(last_finding.events[1].hold_count, 0);
}
END_TEST

START_TEST(of_many_locks_the_innermost_are_told)
{
	for (uint32_t i = 1; i <= MANY; i++)
		takes_lock(a, lock_at(i));
	writes(a, 0, 8);
	writes(b, 0, 8);
	ck_assert_uint_eq(earlier_access()->hold_count, MANY);
	for (uint32_t i = 0; i < FINDING_HOLD_MAX; i++)
		ck_assert_uint_eq(earlier_access()->holds[i].lock,
				  lock_at(MANY - FINDING_HOLD_MAX + i + 1)->info->id);
}
END_TEST

/* --- Lives of locks -------------------------------------------------------- */

START_TEST(a_lock_that_has_ended_is_told_and_its_id_kept)
{
	lock_id id = lock_at(1)->info->id;

	takes_lock(a, lock_at(1));
	writes(a, 0, 8);
	gives_lock(a, lock_at(1));
	sync_end(&judge.objects, lock_at(1));
	writes(b, 0, 8);
	check_holds_only(earlier_access(), id);
	ck_assert_uint_ne(lock_at(2)->info->id, id);
}
END_TEST

START_TEST(a_lock_whose_id_is_anothers_by_now_is_not_named)
{
	lock_id id = lock_at(1)->info->id;

	takes_lock(a, lock_at(1));
	writes(a, 0, 8);
	gives_lock(a, lock_at(1));
	sync_end(&judge.objects, lock_at(1));
	ck_assert_uint_eq(lock_at(2)->info->id, id);
	writes(b, 0, 8);
	check_holds_only(earlier_access(), 0);
}
END_TEST

START_TEST(the_next_life_at_the_same_address_is_another_lock)
{
	lock_id id = lock_at(1)->info->id;

	takes_lock(a, lock_at(1));
	writes(a, 0, 8);
	gives_lock(a, lock_at(1));
	sync_end(&judge.objects, lock_at(1));
	ck_assert_uint_eq(lock_at(1)->info->id, id);
	takes_lock(b, lock_at(1));
	writes(b, 0, 8);
	check_holds_only(earlier_access(), 0);
	check_holds_only(&last_finding.events[1], id);
}
END_TEST

/* --- The table ------------------------------------------------------------- */

START_TEST(equal_pairs_share_a_number)
{
	struct lockset set;
	uint32_t one, other;

	takes_lock(a, lock_at(1));
	one = lockset_intern(&judge, a, 5);
	ck_assert_uint_ne(one, 0);
	ck_assert_uint_eq(lockset_intern(&judge, a, 5), one);
	ck_assert_uint_ne(lockset_intern(&judge, a, 6), one);
	takes_lock(a, lock_at(2));
	other = lockset_intern(&judge, a, 5);
	ck_assert_uint_ne(other, one);
	gives_lock(a, lock_at(2));
	ck_assert_uint_eq(lockset_intern(&judge, a, 5), one);
	ck_assert(lockset_read(&judge, one, &set));
	ck_assert_uint_eq(set.stack, 5);
	ck_assert(lockset_read(&judge, other, &set));
	ck_assert_uint_eq(set.lock_count, 2);
}
END_TEST

static stack_id stack_of(uintptr_t frame)
{
	return stack_depot_intern(&judge.stacks, &frame, 1, 0, 0, 0);
}

START_TEST(a_stack_that_knows_its_last_set_finds_the_others)
{
	stack_id stack = stack_of(0x1000);
	uint32_t one, two;

	takes_lock(a, lock_at(1));
	one = lockset_intern(&judge, a, stack);
	ck_assert_uint_eq(lockset_intern(&judge, a, stack), one);
	takes_lock(a, lock_at(2));
	two = lockset_intern(&judge, a, stack);
	ck_assert_uint_ne(two, one);
	gives_lock(a, lock_at(2));
	ck_assert_uint_eq(lockset_intern(&judge, a, stack), one);
	ck_assert_uint_ne(lockset_intern(&judge, a, stack_of(0x2000)), one);
}
END_TEST

START_TEST(a_stack_whose_last_set_is_gone_gets_another)
{
	stack_id stack = stack_of(0x1000);
	struct lockset set;
	uint32_t number;

	judge.locksets.most = 2;
	takes_lock(a, lock_at(1));
	number = lockset_intern(&judge, a, stack);
	for (uintptr_t i = 2; i <= 8; i++)
		lockset_intern(&judge, a, stack_of(i * 0x1000));
	ck_assert(!lockset_read(&judge, number, &set));
	number = lockset_intern(&judge, a, stack);
	ck_assert(lockset_read(&judge, number, &set));
	ck_assert_uint_eq(set.stack, stack);
}
END_TEST

START_TEST(in_a_full_table_the_last_ones_are_known)
{
	struct lockset set;
	uint32_t number;

	judge.locksets.most = 2;
	takes_lock(a, lock_at(1));
	number = lockset_intern(&judge, a, 5);
	for (uint32_t i = 2; i <= 8; i++) {
		takes_lock(a, lock_at(i));
		writes(a, i * 8, 8);
	}
	ck_assert(!lockset_read(&judge, number, &set));
	ck_assert_uint_eq(judge.counters[COUNTER_LOST_LOCKSETS], 0);
	writes(b, 8 * 8, 8);
	ck_assert_uint_eq(earlier_access()->hold_count, 8);
	ck_assert_uint_eq(earlier_access()->holds[3].lock, lock_at(8)->info->id);
}
END_TEST

#define USED 30u /* of 40 */

/* Other stacks come and go. */
START_TEST(what_is_asked_for_keeps_its_number)
{
	uint32_t numbers[USED];

	judge.locksets.most = 40;
	takes_lock(a, lock_at(1));
	for (uint32_t i = 0; i < USED; i++)
		numbers[i] = lockset_intern(&judge, a, i + 1);
	for (uint32_t i = 0; i < 400; i++) {
		ck_assert_uint_ne(lockset_intern(&judge, a, USED + i + 1), 0);
		for (uint32_t j = 0; j < USED; j++)
			ck_assert_uint_eq(lockset_intern(&judge, a, j + 1), numbers[j]);
	}
}
END_TEST

START_TEST(a_number_that_is_used_stays_and_others_go)
{
	uint32_t numbers[4];

	judge.locksets.most = ARRAY_LENGTH(numbers);
	takes_lock(a, lock_at(1));
	for (uint32_t i = 0; i < ARRAY_LENGTH(numbers); i++)
		numbers[i] = lockset_intern(&judge, a, i + 1);
	for (uint32_t i = 0; i < ARRAY_LENGTH(numbers); i++)
		ck_assert(numbered_use(&judge.locksets, numbers[i]));
	ck_assert(!numbered_use(&judge.locksets, 0));
	for (uint32_t i = 5; i < 50; i++) {
		lockset_intern(&judge, a, i);
		ck_assert(numbered_use(&judge.locksets, numbers[3]));
	}
	ck_assert(!numbered_use(&judge.locksets, numbers[0]));
}
END_TEST

START_TEST(no_number_is_given_twice)
{
	const uint32_t most = 8;
	struct lockset set;

	judge.locksets.most = most;
	takes_lock(a, lock_at(1));
	for (uint32_t i = 1; i <= most * NUMBERED_LIVES; i++) {
		uint32_t number = lockset_intern(&judge, a, i);

		ck_assert(lockset_read(&judge, number, &set));
		ck_assert_uint_eq(set.stack, i);
		ck_assert_uint_lt(number, (1u << ORIGIN_SORT_SHIFT) - 1);
	}
	ck_assert_uint_eq(judge.counters[COUNTER_LOST_LOCKSETS], 0);
	ck_assert_uint_eq(lockset_intern(&judge, a, most * NUMBERED_LIVES + 1), 0);
	ck_assert_uint_eq(judge.counters[COUNTER_LOST_LOCKSETS], 1);
	ck_assert(!lockset_read(&judge, 1, &set));
}
END_TEST

START_TEST(many_that_come_and_go_take_no_more_memory)
{
	const unsigned char *before, *after;

	judge.locksets.most = 16;
	takes_lock(a, lock_at(1));
	for (uint32_t i = 1; i <= 16; i++)
		lockset_intern(&judge, a, i);
	before = arena_alloc(&judge.locksets.arena, 8);
	for (uint32_t i = 17; i <= 700; i++)
		lockset_intern(&judge, a, i);
	after = arena_alloc(&judge.locksets.arena, 8);
	ck_assert(after > before ? after - before <= 64 : before - after <= 64);
}
END_TEST

int main(void)
{
	TCase *test_case = tcase_create("lockset");

	tcase_add_checked_fixture(test_case, set_up, NULL);
	tcase_add_test(test_case, an_access_holds_what_was_held_then);
	tcase_add_test(test_case, locks_taken_after_an_access_are_not_its_own);
	tcase_add_test(test_case, a_later_access_in_the_same_epoch_does_not_lend_its_locks);
	tcase_add_test(test_case, locks_for_reading_are_told_apart);
	tcase_add_test(test_case, readers_keep_the_locks_of_each);
	tcase_add_test(test_case, an_access_without_its_stack_does_not_know_its_locks);
	tcase_add_test(test_case, an_access_that_is_judged_late_does_not_know_its_locks);
	tcase_add_test(test_case, of_many_locks_the_innermost_are_told);
	tcase_add_test(test_case, a_lock_that_has_ended_is_told_and_its_id_kept);
	tcase_add_test(test_case, a_lock_whose_id_is_anothers_by_now_is_not_named);
	tcase_add_test(test_case, the_next_life_at_the_same_address_is_another_lock);
	tcase_add_test(test_case, equal_pairs_share_a_number);
	tcase_add_test(test_case, a_stack_that_knows_its_last_set_finds_the_others);
	tcase_add_test(test_case, a_stack_whose_last_set_is_gone_gets_another);
	tcase_add_test(test_case, in_a_full_table_the_last_ones_are_known);
	tcase_add_test(test_case, what_is_asked_for_keeps_its_number);
	tcase_add_test(test_case, a_number_that_is_used_stays_and_others_go);
	tcase_add_test(test_case, no_number_is_given_twice);
	tcase_add_test(test_case, many_that_come_and_go_take_no_more_memory);
	return racing_run(test_case);
}
