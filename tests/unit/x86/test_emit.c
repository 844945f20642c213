#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lab/code_lab.h"

static struct lab lab;

#define KERNELS(prefix)                                                                            \
	prefix "_sum", prefix "_sort", prefix "_hash", prefix "_multiply", prefix "_fields",       \
		prefix "_text"

static const char *const names[] = {
	"load",
	"store",
	"sizes",
	"unaligned",
	"flags_alive",
	"flags_and_rax",
	"addressing",
	"no_dead_register",
	"red_zone",
	"frame_in_red_zone",
	"update_in_place",
	"update_in_register",
	"update_around_push",
	"stores_around_frame",
	"halves",
	"halves_in_turn",
	"store_amid",
	"base_overwritten",
	"loop_of_loads",
	"count_down",
	"branches",
	"vectors",
	"strings",
	"locked",
	"locked_bits",
	"odd_sizes",
	"thread_local",
	"memory_push_pop",
	"calls",
	"is_called",
	"jumps_away",
	"spin_alike",
	"prefetches",
	"range_with_prefetches",
	"range_upwards",
	"range_indexed",
	"range_behind_its_step",
	"range_of_few_bytes",
	"range_compared_early",
	"range_without_registers",
	"range_of_half_a_counter",
	"range_while_below",
	"range_while_more_is_left",
	"range_up_to_the_bound",
	"range_of_pieces",
	"range_of_an_update",
	"range_of_neighbours",
	"range_with_an_uneven_end",
	"no_range_but_gaps",
	"no_range_past_the_bound",
	"no_range_past_a_signed_bound",
	"no_range_if_past_the_bound_ends",
	"no_range_of_some_pieces",
	"no_range_if_left",
	"no_range_if_the_bound_moves",
	"no_range_for_steps_that_vary",
	"no_range_downwards",
	"no_range_around_a_lock",
	"no_range_of_what_is_picked",
	"picked",
	"picked_and_used",
	"picked_too_late",
	"picked_truth",
	"picked_truth_and_used",
	"picked_otherwise",
	"picked_and_updated",
	"picked_beside",
	"addresses",
	KERNELS("o0"),
	KERNELS("o1"),
	KERNELS("o2"),
	KERNELS("o3"),
	KERNELS("os"),
};

/* These want AVX2. */
static const char *const vector_names[] = {
	"masked_load", "masked_moves",	       "masked_bytes",	    "gather_load",
	"gathers",     "elements_in_red_zone", "elements_in_frame",
};

static bool has_vectors(void)
{
	if (__builtin_cpu_supports("avx2"))
		return true;
	fprintf(stderr, "skipped: no AVX2\n");
	return false;
}

/* rdi, rsi and rbx point into memory, @skew bytes off a granule's start. */
static struct lab_machine machine_for(unsigned seed, unsigned skew)
{
	struct lab_machine machine;

	srand(seed);
	for (unsigned i = 0; i < 16; i++)
		machine.registers[i] = (uint64_t)rand() << 33 ^ (uint64_t)rand();
	machine.registers[RDI] = LAB_MEMORY + 0x1000 + skew;
	machine.registers[RSI] = LAB_MEMORY + 0x8000 + skew;
	machine.registers[RBX] = LAB_MEMORY + 0x4000;
	machine.registers[R14] = LAB_MEMORY + 0x5000 + skew;
	machine.registers[R15] = LAB_MEMORY + 0x6000;
	machine.registers[RDX] = 1 + seed % 7;
	machine.flags = 0x202 | ((unsigned)rand() & 0x8d5);
	return machine;
}

START_TEST(clone_does_what_the_original_does_and_checks_what_it_touches)
{
	bool needs_alignment = !strcmp(names[_i], "locked"); /* cmpxchg16b */

	for (unsigned seed = 1; seed < 7; seed++) {
		struct lab_machine machine = machine_for(seed, needs_alignment ? 0 : seed % 9);

		lab_compare(&lab, names[_i], &machine, seed);
	}
}
END_TEST

START_TEST(states_tell_the_originals_story)
{
	for (unsigned seed = 1; seed < 3; seed++) {
		struct lab_machine machine = machine_for(seed, 0);

		lab_compare_steps(&lab, names[_i], &machine, seed, LAB_NEVER_EQUAL);
		lab_compare_steps(&lab, names[_i], &machine, seed, LAB_SHARED);
		lab_compare_steps(&lab, names[_i], &machine, seed, LAB_EQUAL);
		lab_compare_steps(&lab, names[_i], &machine, seed, LAB_SUMMARY);
	}
}
END_TEST

START_TEST(masked_clone_checks_the_elements_that_are_selected)
{
	for (unsigned seed = 1; has_vectors() && seed < 12; seed++) {
		struct lab_machine machine = machine_for(seed, seed % 9);

		/* Indexes in both directions, by bytes; masks by their highest bits. */
		machine.registers[R8] = seed * 0x9e3779b97f4a7c15;
		machine.registers[RCX] = seed * 0xbf58476d1ce4e5b9;
		lab_compare(&lab, vector_names[_i], &machine, seed);
		machine = machine_for(seed, seed % 9);
		lab_compare_steps(&lab, vector_names[_i], &machine, seed, LAB_NEVER_EQUAL);
	}
}
END_TEST

/* Which bytes a run's checks covered, as a range of memory. */
static void expect_seen(uint64_t address, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		ck_assert_uint_eq(lab_seen[address - LAB_MEMORY + i], LAB_READ);
	ck_assert_uint_eq(lab_seen[address - LAB_MEMORY - 1], 0);
	ck_assert_uint_eq(lab_seen[address - LAB_MEMORY + bytes], 0);
}

START_TEST(elements_lie_where_the_indexes_say)
{
	struct lab_machine machine = machine_for(1, 0);

	if (!has_vectors())
		return;
	machine.registers[RCX] = 0x80000000ff7f00ff; /* elements 0, 3 and 7 */
	lab_run(lab_clone(&lab, lab_function(&lab, "masked_load")), &machine, 1, LAB_NEVER_EQUAL);
	expect_seen(machine.registers[RDI] + 4, 4);
	expect_seen(machine.registers[RDI] + 4 + 12, 4);
	expect_seen(machine.registers[RDI] + 4 + 28, 4);
	machine.registers[R8] = 0xf001010120010105; /* 5, 32 and -16 */
	lab_run(lab_clone(&lab, lab_function(&lab, "gather_load")), &machine, 1, LAB_NEVER_EQUAL);
	expect_seen(machine.registers[RDI] + 4 + 20, 4);
	expect_seen(machine.registers[RDI] + 4 + 128, 4);
	expect_seen(machine.registers[RDI] + 4 - 64, 4);
}
END_TEST

/* Of the loads of "picked" those at 8(%rdi), 16(%rdi) .. 72(%rdi), and that at 32(%rsi), for
 * numbers from 1 on in rdx. */
START_TEST(what_is_thrown_away_is_not_checked)
{
	static const struct {
		const char *from_rdi;
		bool from_rsi;
	} runs[] = {
		{"8 24 48 64 72", false},     {"16 24 40 48 64 72", false},
		{"8 40 48 64 72", false},     {"16 40 48 64 72", true},
		{"8 40 64 72", false},	      {"16 40 56 72", false},
	};

	for (uint64_t i = 0; i < ARRAY_LENGTH(runs); i++) {
		struct lab_machine machine = machine_for(1, 0);
		uint64_t from = machine.registers[RDI] - LAB_MEMORY;
		uint64_t other = machine.registers[RSI] - LAB_MEMORY;
		char seen[64] = "";

		machine.registers[RDX] = i + 1;
		lab_run(lab_clone(&lab, lab_function(&lab, "picked")), &machine, 1,
			LAB_NEVER_EQUAL);
		for (unsigned at = 8; at <= 72; at += 8)
			if (lab_seen[from + at])
				sprintf(seen + strlen(seen), "%s%u", *seen ? " " : "", at);
		ck_assert_str_eq(seen, runs[i].from_rdi);
		ck_assert_int_eq(lab_seen[other + 32] != 0, runs[i].from_rsi);
	}
}
END_TEST

/* Few processors have transactions, so the original is not run. */
START_TEST(transactions_fail_at_once)
{
	struct lab_machine machine = machine_for(1, 0);

	lab_run(lab_clone(&lab, lab_function(&lab, "transaction")), &machine, 1, LAB_NEVER_EQUAL);
	ck_assert_uint_eq(machine.registers[RAX], 0);
	expect_seen(machine.registers[RDI] + 4, 4);
}
END_TEST

START_TEST(own_epoch_calls_no_thunk)
{
	static const char *const quick[] = {"load", "sizes", "flags_and_rax", "vectors"};

	for (unsigned i = 0; i < 4; i++) {
		struct lab_machine machine = machine_for(5, 0);

		lab_run(lab_clone(&lab, lab_function(&lab, quick[i])), &machine, 1, LAB_EQUAL);
		ck_assert_msg(lab_thunk_calls == (i == 3), "%s: %u", quick[i], lab_thunk_calls);
	}
}
END_TEST

START_TEST(shared_reads_call_no_thunk)
{
	struct lab_machine machine = machine_for(5, 0);

	lab_run(lab_clone(&lab, lab_function(&lab, "loop_of_loads")), &machine, 1, LAB_SHARED);
	/* The stores do. */
	ck_assert_uint_eq(lab_thunk_calls, machine_for(5, 0).registers[RDX]);
}
END_TEST

START_TEST(summarised_reads_call_no_thunk)
{
	struct lab_machine machine = machine_for(5, 0);

	lab_run(lab_clone(&lab, lab_function(&lab, "loop_of_loads")), &machine, 1, LAB_SUMMARY);
	/* The stores do. */
	ck_assert_uint_eq(lab_thunk_calls, machine_for(5, 0).registers[RDX]);
}
END_TEST

/* The loops whose names begin so have ranges, and no others. */
START_TEST(counted_loops_alone_have_ranges)
{
	for (unsigned i = 0; i < ARRAY_LENGTH(names); i++) {
		bool has_range = !strncmp(names[i], "range_", 6);
		struct lab_machine machine = machine_for(6, 0);

		if (!has_range && strncmp(names[i], "no_range_", 9))
			continue;
		lab_run(lab_clone(&lab, lab_function(&lab, names[i])), &machine, 1, LAB_EQUAL);
		ck_assert_msg((lab_range_calls != 0) == has_range, "%s: %u", names[i],
			      lab_range_calls);
	}
}
END_TEST

/* In an epoch that is another one than that of all words: each check calls its thunk. */
START_TEST(loops_recorded_ahead_need_no_checks)
{
	static const struct {
		const char *name;
		bool is_ahead;
	} loops[] = {
		{"range_upwards", true},
		{"range_with_prefetches", true},
		{"range_of_pieces", false},
		{"range_of_an_update", true},
		{"range_of_neighbours", true},
		{"range_of_half_a_counter", true},
		{"range_with_an_uneven_end", false},
		{"range_behind_its_step", true},
		{"range_up_to_the_bound", false},
	};

	for (unsigned i = 0; i < ARRAY_LENGTH(loops); i++) {
		uint64_t code = lab_clone(&lab, lab_function(&lab, loops[i].name));
		struct lab_machine machine = machine_for(6, 0);

		lab_run(code, &machine, 1, LAB_NEVER_EQUAL);
		ck_assert_msg((lab_thunk_calls == 0) == loops[i].is_ahead, "%s", loops[i].name);
		lab_refuses_ranges = true;
		machine = machine_for(6, 0);
		lab_run(code, &machine, 1, LAB_NEVER_EQUAL);
		lab_refuses_ranges = false;
		ck_assert_msg(lab_thunk_calls != 0, "%s", loops[i].name);
	}
}
END_TEST

START_TEST(what_the_code_asks_for_is_told)
{
	struct function *function = lab_function(&lab, "prefetches");
	struct lab_machine machine = machine_for(5, 0);
	uint64_t end = lab_original(&lab, function) + function->end - function->start;

	lab_run(lab_clone(&lab, function), &machine, 1, LAB_EQUAL);
	ck_assert_uint_eq(lab_thunk_calls, 0);
	ck_assert_uint_eq(lab_prefetch_count, 4);
	ck_assert_uint_eq(lab_prefetched[0], machine.registers[RDI]);
	ck_assert_uint_eq(lab_prefetched[1],
			  machine.registers[RSI] + 3 + 8 * machine.registers[RDX]);
	ck_assert_uint_eq(lab_prefetched[2], end - 1);
	ck_assert_uint_eq(lab_prefetched[3], 0x10002000); /* LAB_ABSOLUTE */
}
END_TEST

START_TEST(counting_clones_count_accesses)
{
	struct lab_machine machine = machine_for(5, 0);

	lab_run(lab_clone(&lab, lab_function(&lab, "sizes")), &machine, 1, LAB_EQUAL);
	ck_assert_uint_eq(lab_accesses_counted(), 8);
	machine = machine_for(5, 0);
	lab_compare(&lab, "halves", &machine, 1);
	lab_compare(&lab, "flags_and_rax", &machine, 1);
	lab_compare_steps(&lab, "flags_and_rax", &machine, 1, LAB_EQUAL);
}
END_TEST

static void tear_down(void)
{
	lab_tear_down();
}

static void set_up_counting(void)
{
	lab_set_up(&lab, true);
}

static void set_up(void)
{
	lab_set_up(&lab, false);
}

int main(void)
{
	Suite *suite = suite_create("emit");
	TCase *tcase = tcase_create("clones"), *counting = tcase_create("counting");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_set_timeout(tcase, 60);
	tcase_add_unchecked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase, clone_does_what_the_original_does_and_checks_what_it_touches, 0,
			    (int)ARRAY_LENGTH(names));
	tcase_add_loop_test(tcase, states_tell_the_originals_story, 0, (int)ARRAY_LENGTH(names));
	tcase_add_loop_test(tcase, masked_clone_checks_the_elements_that_are_selected, 0,
			    (int)ARRAY_LENGTH(vector_names));
	tcase_add_test(tcase, elements_lie_where_the_indexes_say);
	tcase_add_test(tcase, what_is_thrown_away_is_not_checked);
	tcase_add_test(tcase, transactions_fail_at_once);
	tcase_add_test(tcase, own_epoch_calls_no_thunk);
	tcase_add_test(tcase, shared_reads_call_no_thunk);
	tcase_add_test(tcase, summarised_reads_call_no_thunk);
	tcase_add_test(tcase, counted_loops_alone_have_ranges);
	tcase_add_test(tcase, loops_recorded_ahead_need_no_checks);
	tcase_add_test(tcase, what_the_code_asks_for_is_told);
	suite_add_tcase(suite, tcase);
	tcase_add_unchecked_fixture(counting, set_up_counting, tear_down);
	tcase_add_test(counting, counting_clones_count_accesses);
	suite_add_tcase(suite, counting);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
