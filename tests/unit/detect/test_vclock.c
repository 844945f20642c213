#include <check.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "detect/data/vclock.h"

static struct arena arena;
static int chunks_left;

static void *pages_from_libc(size_t size_bytes)
{
	if (chunks_left == 0)
		return NULL;
	chunks_left--;
	return calloc(1, size_bytes);
}

static void set_up(void)
{
	chunks_left = 1000;
	arena_init(&arena, pages_from_libc);
}

/* A clock that has @epochs in its first slots. */
static struct vclock clock_of(uint32_t count, const uint64_t *epochs)
{
	struct vclock clock = {0};

	for (uint32_t slot = 0; slot < count; slot++)
		ck_assert(vclock_set(&clock, &arena, slot, epochs[slot]));
	return clock;
}

START_TEST(missing_entries_are_zero)
{
	struct vclock clock = {0};

	ck_assert_uint_eq(vclock_get(&clock, 0), 0);
	ck_assert(vclock_set(&clock, &arena, 100, 7));
	ck_assert_uint_eq(vclock_get(&clock, 99), 0);
	ck_assert_uint_eq(vclock_get(&clock, 100), 7);
	ck_assert_uint_eq(vclock_get(&clock, 101), 0);
	ck_assert_uint_eq(snapshot_get(NULL, 3), 0);
}
END_TEST

START_TEST(join_covers_both_inputs)
{
	struct vclock a = clock_of(2, (uint64_t[]){3, 8});
	struct vclock b = clock_of(4, (uint64_t[]){5, 2, 0, 1});
	struct vclock_snapshot *given = vclock_snapshot(&b, &arena);

	ck_assert(vclock_join(&a, &arena, given));
	ck_assert_uint_eq(vclock_get(&a, 0), 5);
	ck_assert_uint_eq(vclock_get(&a, 1), 8);
	ck_assert_uint_eq(vclock_get(&a, 2), 0);
	ck_assert_uint_eq(vclock_get(&a, 3), 1);
}
END_TEST

START_TEST(joining_what_is_covered_changes_nothing)
{
	struct vclock a = clock_of(2, (uint64_t[]){3, 8});
	struct vclock_snapshot *given = vclock_snapshot(&a, &arena);

	ck_assert(!vclock_join(&a, &arena, given));
	ck_assert(!vclock_join(&a, &arena, NULL));
	ck_assert_ptr_eq(vclock_snapshot(&a, &arena), given);
}
END_TEST

START_TEST(a_base_is_behind_in_its_own_entry_alone)
{
	struct vclock clock = clock_of(2, (uint64_t[]){1, 5});
	struct vclock_snapshot *base = vclock_base(&clock, &arena);
	struct vclock_snapshot *exact;

	vclock_advance(&clock, &arena, 0, 2);
	ck_assert_ptr_eq(vclock_base(&clock, &arena), base);
	ck_assert_uint_eq(snapshot_get(base, 0), 1);
	ck_assert_uint_eq(vclock_get(&clock, 0), 2);
	exact = vclock_snapshot(&clock, &arena);
	ck_assert_uint_eq(snapshot_get(exact, 0), 2);
	ck_assert_ptr_eq(vclock_base(&clock, &arena), exact);
	vclock_raise(&clock, &arena, 1, 6);
	ck_assert_uint_eq(snapshot_get(vclock_base(&clock, &arena), 1), 6);
}
END_TEST

START_TEST(a_snapshot_keeps_what_it_was_made_of)
{
	struct vclock clock = clock_of(1, (uint64_t[]){1});
	struct vclock_snapshot *before = vclock_snapshot(&clock, &arena);
	struct vclock_snapshot *after;

	vclock_set(&clock, &arena, 0, 2);
	after = vclock_snapshot(&clock, &arena);
	ck_assert_uint_eq(snapshot_get(before, 0), 1);
	ck_assert_uint_eq(snapshot_get(after, 0), 2);
}
END_TEST

START_TEST(a_snapshot_outlives_its_clock)
{
	struct vclock clock = clock_of(1, (uint64_t[]){9});
	struct vclock_snapshot *kept = vclock_snapshot(&clock, &arena);
	struct vclock other;

	vclock_free(&clock, &arena);
	other = clock_of(1, (uint64_t[]){4});
	vclock_snapshot(&other, &arena);
	ck_assert_uint_eq(snapshot_get(kept, 0), 9);
	snapshot_drop(kept, &arena);
}
END_TEST

START_TEST(merging_covers_both_and_takes_none)
{
	struct vclock a = clock_of(1, (uint64_t[]){3});
	struct vclock b = clock_of(2, (uint64_t[]){1, 2});
	struct vclock_snapshot *of_a = vclock_snapshot(&a, &arena);
	struct vclock_snapshot *of_b = vclock_snapshot(&b, &arena);
	struct vclock_snapshot *both = snapshot_merge(of_a, of_b, &arena);

	ck_assert_uint_eq(snapshot_get(both, 0), 3);
	ck_assert_uint_eq(snapshot_get(both, 1), 2);
	ck_assert_ptr_eq(snapshot_merge(of_a, NULL, &arena), of_a);
	ck_assert_ptr_eq(snapshot_merge(NULL, of_b, &arena), of_b);
	ck_assert_ptr_null(snapshot_merge(NULL, NULL, &arena));
}
END_TEST

/* Who joins it would have as many entries. */
START_TEST(a_merged_snapshot_has_no_more_entries_than_are_known)
{
	struct vclock a = clock_of(2, (uint64_t[]){3, 1});
	struct vclock b = clock_of(3, (uint64_t[]){1, 2, 6});
	struct vclock c = clock_of(4, (uint64_t[]){1, 1, 1, 5});
	struct vclock_snapshot *into = vclock_snapshot(&a, &arena), *merged;
	const uint64_t all[] = {3, 2, 6, 5};

	snapshot_merge_clock(&into, &b, &arena);
	ck_assert_uint_eq(into->count, 3);
	merged = into;
	snapshot_merge_clock(&into, &c, &arena);
	ck_assert_ptr_eq(into, merged); /* there was room */
	ck_assert_uint_eq(into->count, 4);
	for (uint32_t slot = 0; slot < 4; slot++)
		ck_assert_uint_eq(snapshot_get(into, slot), all[slot]);
}
END_TEST

START_TEST(stamps_are_ordered_by_what_the_later_knew)
{
	struct vclock knows = clock_of(2, (uint64_t[]){5, 1});
	struct clock_stamp early = {.slot = 0, .epoch = 5};
	struct clock_stamp late = {.slot = 0, .epoch = 6};
	struct clock_stamp other = {.slot = 1, .epoch = 1};

	other.clock = vclock_snapshot(&knows, &arena);
	ck_assert(stamp_precedes(&early, &late));
	ck_assert(!stamp_precedes(&late, &early));
	ck_assert(stamp_precedes(&early, &other));
	ck_assert(!stamp_precedes(&other, &early));
	ck_assert(stamps_concurrent(&late, &other));
	ck_assert(!stamps_concurrent(&early, &other));
}
END_TEST

START_TEST(exhausted_memory_leaves_the_clock_as_it_was)
{
	struct vclock clock = clock_of(2, (uint64_t[]){3, 8});

	chunks_left = 0;
	ck_assert(!vclock_set(&clock, &arena, 1u << 20, 1));
	ck_assert_uint_eq(vclock_get(&clock, 0), 3);
	ck_assert_uint_eq(vclock_get(&clock, 1), 8);
	ck_assert_uint_eq(vclock_get(&clock, 1u << 20), 0);
}
END_TEST

/* --- More threads than a chunk has entries ---------------------------------- */

START_TEST(clocks_of_many_threads_take_room_for_what_differs)
{
	enum { THREADS = 1000 };
	struct vclock told = {0};

	for (uint32_t slot = 0; slot < THREADS; slot++)
		vclock_set(&told, &arena, slot, 5);
	for (uint32_t slot = 0; slot < THREADS; slot++) {
		struct vclock clock = {0};

		vclock_set(&clock, &arena, slot, 6);
		ck_assert(vclock_join(&clock, &arena, vclock_base(&told, &arena)));
		ck_assert_uint_eq(vclock_get(&clock, (slot + 500) % THREADS), 5);
		ck_assert_uint_eq(vclock_get(&clock, slot), 6);
		vclock_base(&clock, &arena);
	}
	/* Each entry for itself would take 16 MB. */
	ck_assert_uint_lt(arena.taken_bytes, 4u << 20);
}
END_TEST

START_TEST(clocks_that_came_to_say_the_same_share_it)
{
	struct vclock a = {0}, b = {0};

	for (uint32_t slot = 0; slot < 2 * VCLOCK_CHUNK; slot++) {
		vclock_set(&a, &arena, slot, 1);
		vclock_set(&b, &arena, slot, 1);
	}
	ck_assert_ptr_ne(a.chunks[0], b.chunks[0]);
	ck_assert(!vclock_join_clock(&a, &arena, &b));
	ck_assert_ptr_eq(a.chunks[0], b.chunks[0]);
	vclock_set(&a, &arena, 0, 2);
	ck_assert_uint_eq(vclock_get(&b, 0), 1);
}
END_TEST

/* Clocks and snapshots, and beside each what it has to say. */
#define SLOTS 200u
#define CLOCKS 6u
#define KEPT 8u

static struct {
	struct vclock clocks[CLOCKS];
	uint64_t said[CLOCKS][SLOTS];
	struct vclock_snapshot *kept[KEPT];
	uint64_t kept_said[KEPT][SLOTS];
} known;

static struct arena other_arena;

static uint32_t random_below(uint32_t limit)
{
	return (uint32_t)rand() % limit;
}

/* Slots near each other and near the ends of chunks; few, so that clocks say the same. */
static uint32_t random_slot(uint32_t limit)
{
	static const uint32_t slots[] = {0, 1, 5, 62, 63, 64, 65, 100, 127, 128, 199};
	uint32_t slot = slots[random_below(ARRAY_LENGTH(slots))];

	return slot < limit ? slot : random_below(limit);
}

static void say(uint64_t *into, const uint64_t *from)
{
	for (uint32_t i = 0; i < SLOTS; i++)
		if (into[i] < from[i])
			into[i] = from[i];
}

static void keep(uint32_t k, struct vclock_snapshot *snapshot, const uint64_t *says,
		 struct arena *from)
{
	snapshot_drop(known.kept[k], from);
	known.kept[k] = snapshot;
	for (uint32_t i = 0; i < SLOTS; i++)
		known.kept_said[k][i] = says[i];
}

static void do_something(uint32_t slots)
{
	uint32_t c = random_below(CLOCKS), d = random_below(CLOCKS), slot = random_slot(slots);
	uint32_t k = random_below(KEPT), l = random_below(KEPT), own = c * slots / CLOCKS;
	struct arena *from = c % 2 ? &arena : &other_arena;
	uint64_t both[SLOTS] = {0}, epoch;

	switch (random_below(8)) {
	case 0:
	case 1:
		epoch = vclock_get(&known.clocks[c], own) + 1;
		ck_assert(vclock_advance(&known.clocks[c], from, own, epoch));
		known.said[c][own] = epoch;
		break;
	case 2:
		epoch = random_below(6);
		vclock_raise(&known.clocks[c], from, slot, epoch);
		if (known.said[c][slot] < epoch)
			known.said[c][slot] = epoch;
		break;
	case 3:
		vclock_join(&known.clocks[c], from, known.kept[k]);
		say(known.said[c], known.kept_said[k]);
		break;
	case 4:
		vclock_join_clock(&known.clocks[c], from, &known.clocks[d]);
		say(known.said[c], known.said[d]);
		break;
	case 5:
		keep(k, vclock_snapshot(&known.clocks[c], from), known.said[c], from);
		break;
	case 6:
		say(both, known.kept_said[k]);
		say(both, known.kept_said[l]);
		keep(random_below(KEPT), snapshot_merge(known.kept[k], known.kept[l], from), both,
		     from);
		break;
	default:
		snapshot_merge_clock(&known.kept[k], &known.clocks[c], from);
		say(known.kept_said[k], known.said[c]);
	}
}

static bool is_as_said(void)
{
	for (uint32_t i = 0; i < SLOTS; i++) {
		for (uint32_t c = 0; c < CLOCKS; c++)
			if (vclock_get(&known.clocks[c], i) != known.said[c][i])
				return false;
		for (uint32_t k = 0; k < KEPT; k++)
			if (snapshot_get(known.kept[k], i) != known.kept_said[k][i])
				return false;
	}
	return true;
}

/* What clocks and snapshots have in common must not show.  The slots grow meanwhile. */
START_TEST(clocks_and_snapshots_say_what_each_was_told)
{
	srand((unsigned)_i);
	arena_init(&other_arena, pages_from_libc);
	memset(&known, 0, sizeof(known));
	for (uint32_t step = 0; step < 3000; step++) {
		do_something(step < 1000 ? 20 : step < 2000 ? 64 : SLOTS);
		ck_assert(step % 20 || is_as_said());
	}
	for (uint32_t c = 0; c < CLOCKS; c++)
		for (uint32_t k = 0; k < KEPT; k++) {
			bool covers = true;

			for (uint32_t i = 0; i < SLOTS; i++)
				covers &= known.said[c][i] >= known.kept_said[k][i];
			ck_assert_int_eq(vclock_covers(&known.clocks[c], known.kept[k]), covers);
		}
	for (uint32_t c = 0; c < CLOCKS; c++)
		vclock_free(&known.clocks[c], &other_arena);
	for (uint32_t k = 0; k < KEPT; k++)
		snapshot_drop(known.kept[k], &arena);
}
END_TEST

/* --- A clock that its owner changes meanwhile --------------------------------- */

#define FOREIGN (1ull << 40) /* what the clock never says */
#define TRAP_FLAG 0x100	     /* of the processor: SIGTRAP after each instruction */
#define RED_ZONE 128

static struct vclock living, foreign;
static uint32_t step_count, stop_at;

/* The owner gives a chunk up, and another clock gets it. */
static void change_living(void)
{
	uint64_t epoch = vclock_get(&living, 0) + 1;

	vclock_base(&living, &arena);		   /* so that the chunk is shared ... */
	vclock_advance(&living, &arena, 0, epoch); /* ... and another one takes its place */
	vclock_catch_up(&living, &arena);
	for (uint32_t slot = 0; slot < VCLOCK_CHUNK; slot++)
		vclock_set(&foreign, &arena, slot, FOREIGN);
}

static void on_step(int signal)
{
	(void)signal;
	if (++step_count == stop_at)
		change_living();
}

static void begin_steps(void)
{
	struct sigaction action = {.sa_handler = on_step};

	sigaction(SIGTRAP, &action, NULL);
	step_count = 0;
	__asm__ volatile("subq %0, %%rsp; pushfq; orq %1, (%%rsp); popfq; addq %0, %%rsp"
			 :
			 : "i"(RED_ZONE), "i"(TRAP_FLAG)
			 : "memory", "cc");
}

static void end_steps(void)
{
	__asm__ volatile("subq %0, %%rsp; pushfq; andq %1, (%%rsp); popfq; addq %0, %%rsp"
			 :
			 : "i"(RED_ZONE), "i"(~TRAP_FLAG)
			 : "memory", "cc");
}

/* Joins from the clock, which changes once meanwhile.  False if it was joined before that. */
static bool join_in_steps(struct arena *readers)
{
	struct vclock seen = {0};
	uint64_t before = vclock_get(&living, 0);
	bool is_same = true;

	vclock_join_living(&seen, readers, &living, UINT32_MAX); /* so that there is little to do */
	begin_steps();
	vclock_join_living(&seen, readers, &living, UINT32_MAX);
	end_steps();
	for (uint32_t slot = 1; slot < 2 * VCLOCK_CHUNK; slot++)
		is_same &= vclock_get(&seen, slot) == 1;
	ck_assert(is_same);
	ck_assert(vclock_get(&seen, 0) == before || vclock_get(&seen, 0) == before + 1);
	vclock_free(&seen, readers);
	vclock_free(&foreign, &arena);
	return step_count >= stop_at;
}

START_TEST(a_living_clock_says_only_what_it_said_once)
{
	static struct arena readers;

	arena_init(&readers, pages_from_libc);
	for (uint32_t slot = 0; slot < 2 * VCLOCK_CHUNK; slot++)
		vclock_set(&living, &arena, slot, 1);
	for (stop_at = 1; join_in_steps(&readers); stop_at += 131)
		ck_assert_uint_eq(vclock_get_living(&living, 0), vclock_get(&living, 0));
	ck_assert_uint_gt(stop_at, 300);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("vclock");
	TCase *tests = tcase_create("vclock");
	SRunner *runner = srunner_create(suite);
	int failed_count;

	tcase_add_checked_fixture(tests, set_up, NULL);
	tcase_add_test(tests, missing_entries_are_zero);
	tcase_add_test(tests, join_covers_both_inputs);
	tcase_add_test(tests, joining_what_is_covered_changes_nothing);
	tcase_add_test(tests, a_base_is_behind_in_its_own_entry_alone);
	tcase_add_test(tests, a_snapshot_keeps_what_it_was_made_of);
	tcase_add_test(tests, a_snapshot_outlives_its_clock);
	tcase_add_test(tests, merging_covers_both_and_takes_none);
	tcase_add_test(tests, a_merged_snapshot_has_no_more_entries_than_are_known);
	tcase_add_test(tests, stamps_are_ordered_by_what_the_later_knew);
	tcase_add_test(tests, exhausted_memory_leaves_the_clock_as_it_was);
	tcase_add_test(tests, clocks_of_many_threads_take_room_for_what_differs);
	tcase_add_test(tests, clocks_that_came_to_say_the_same_share_it);
	tcase_add_loop_test(tests, clocks_and_snapshots_say_what_each_was_told, 0, 20);
	tcase_add_test(tests, a_living_clock_says_only_what_it_said_once);
	tcase_set_timeout(tests, 60);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
