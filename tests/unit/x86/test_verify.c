#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "lab/code_lab.h"
#include "x86/verify/verify.h"

#define PADDING 0xcc
#define BRANCHES_MOST 64u
#define LONG_BRANCH_BYTES 6u /* the last four are the displacement */

static struct lab lab;
static struct verification verification;

static bool verify_function(void)
{
	return verify_clones(&lab.decoder, &lab.plan, &lab.options, &lab.arena, &verification);
}

START_TEST(clones_are_their_originals_plus_checks)
{
	bool is_right = verify_function();

	ck_assert_msg(is_right, "%s at %x", verification.what, verification.clone_offset);
	ck_assert_uint_eq(verification.functions, lab.module.function_count);
	ck_assert_uint_gt(verification.thunk_calls, 100);
}
END_TEST

/* The number of the function whose clone has @offset, or of one before it. */
static uint32_t function_of(uint32_t offset)
{
	uint32_t number = 0;

	for (uint32_t i = 0; i < lab.module.function_count; i++)
		if (lab.module.functions[i].clone_offsets &&
		    lab.module.functions[i].clone_offsets[0] <= offset)
			number = i;
	return number;
}

/* Whether a clone with the byte at @offset changed is still accepted. */
static bool is_change_overlooked(uint32_t offset, unsigned char change)
{
	bool is_right;

	verification.begins_with = function_of(offset);
	lab.plan.clone[offset] ^= change;
	is_right = verify_function();
	lab.plan.clone[offset] ^= change;
	return is_right;
}

static struct instruction decode_clone(uint32_t offset)
{
	struct instruction instruction;

	instruction_decode(&lab.decoder, lab.plan.clone + offset, lab.plan.clone_bytes - offset,
			   offset, &instruction);
	if (instruction.index == NO_REGISTER)
		instruction.scale = 0;
	return instruction;
}

/* Whether the instruction at @start means the same with that byte changed. */
static bool is_change_harmless(uint32_t start, uint32_t offset, unsigned char change)
{
	struct instruction before, after;

	before = decode_clone(start);
	lab.plan.clone[offset] ^= change;
	after = decode_clone(start);
	lab.plan.clone[offset] ^= change;
	return !memcmp(&before, &after, sizeof(before));
}

START_TEST(change_of_a_byte_is_noticed)
{
	const struct function *first = &lab.module.functions[0];
	const struct function *last = lab_function(&lab, "jumps_away");
	uint32_t start = emitter_clone_offset(&lab.emitter, first->start);
	uint32_t end = emitter_clone_offset(&lab.emitter, last->start);
	uint32_t tried = 0, overlooked = 0, next;

	for (uint32_t at = start; at < end; at = next) {
		next = at + decode_clone(at).length;
		for (uint32_t offset = at; offset < next; offset++) {
			unsigned char change = (unsigned char)(1u << offset % 7);

			if (offset % 16 != (uint32_t)_i || lab.plan.clone[at] == PADDING ||
			    is_change_harmless(at, offset, change))
				continue;
			tried++;
			overlooked += is_change_overlooked(offset, change);
		}
	}
	ck_assert_msg(overlooked == 0, "%u of %u", overlooked, tried);
}
END_TEST

/* The states of @right, with another instruction in row @wrong. */
static struct plan_states states_with_a_mistake(const struct plan_states *right, uint32_t wrong)
{
	struct plan_state_cursor at;
	struct state_packer packer;
	bool is_there = plan_states_seek(right, 0, &at);

	ck_assert(state_packer_init(&packer, &lab.arena));
	for (uint32_t i = 0; is_there; i++, is_there = plan_states_step(&at)) {
		at.row.original_offset += i == wrong;
		state_pack(&packer, &at.row);
	}
	arena_free(&lab.arena, packer.slots, 2 * STATE_STEPS_MOST * sizeof(*packer.slots));
	arena_free(&lab.arena, packer.followers, STATE_STEPS_MOST * sizeof(*packer.followers));
	ck_assert(state_packer_finish(&packer));
	return packer.states;
}

#define FILL 0xcc /* between functions: nothing runs there */

START_TEST(wrong_state_is_noticed)
{
	struct plan_states right = lab.plan.states;
	uint32_t end =
		emitter_clone_offset(&lab.emitter, lab_function(&lab, "jumps_away")->start);
	struct plan_state_cursor at;
	uint32_t overlooked = 0, i = 0;

	ck_assert(plan_states_seek(&right, 0, &at));
	for (; at.row.clone_offset < end; i++) {
		if (i % 7 == 0 && lab.plan.clone[at.row.clone_offset] != FILL) {
			verification.begins_with = function_of(at.row.clone_offset);
			lab.plan.states = states_with_a_mistake(&right, i);
			overlooked += verify_function();
			plan_states_free(&lab.plan.states);
		}
		ck_assert(plan_states_step(&at));
	}
	lab.plan.states = right;
	ck_assert_uint_gt(i, 0);
	ck_assert_uint_eq(overlooked, 0);
}
END_TEST

START_TEST(missing_site_is_noticed)
{
	lab.plan.sites[0].offset = lab.plan.sites[1].offset;
	ck_assert(!verify_function());
}
END_TEST

/* The conditional branches in the clone of the function called @name. */
static uint32_t find_branches(const char *name, struct instruction *branches, uint32_t most)
{
	const struct function *function = lab_function(&lab, name);
	uint32_t at = emitter_clone_offset(&lab.emitter, function->start);
	uint32_t count = 0;

	while (lab.plan.clone[at] != PADDING) {
		struct instruction instruction = decode_clone(at);

		if (instruction.kind == INSTRUCTION_BRANCH_IF && count < most)
			branches[count++] = instruction;
		at += instruction.length;
	}
	return count;
}

/* Each branch of "picked" is changed, and that must be noticed: how often by the condition of a
 * check? */
static unsigned count_refused(void (*change)(unsigned char *displacement))
{
	struct instruction branches[BRANCHES_MOST];
	uint32_t count = find_branches("picked", branches, BRANCHES_MOST);
	unsigned refused = 0;

	for (uint32_t i = 0; i < count; i++) {
		unsigned char *bytes = lab.plan.clone + branches[i].offset;
		unsigned char right[LONG_BRANCH_BYTES];

		ck_assert_uint_eq(branches[i].length, LONG_BRANCH_BYTES);
		memcpy(right, bytes, sizeof(right));
		change(bytes + sizeof(right) - sizeof(int32_t));
		ck_assert(!verify_function());
		refused += !strcmp(verification.what, "a check is made under another condition");
		memcpy(bytes, right, sizeof(right));
	}
	return refused;
}

/* To the next instruction, so that what it leads around is done in any case. */
static void lead_nowhere(unsigned char *displacement)
{
	memset(displacement, 0, sizeof(int32_t));
}

/* Eight loads may be thrown away. */
START_TEST(check_without_its_condition_is_noticed)
{
	ck_assert_uint_eq(count_refused(lead_nowhere), 8);
}
END_TEST

static void turn_round(unsigned char *displacement)
{
	displacement[-1] ^= 1;
}

/* Two of them are checked at one place, if the flags say so and if not. */
START_TEST(check_under_the_condition_of_another_is_noticed)
{
	ck_assert_uint_eq(count_refused(turn_round), 2);
}
END_TEST

static void set_up(void)
{
	lab_set_up(&lab, false);
}

int main(void)
{
	Suite *suite = suite_create("verify");
	TCase *tcase = tcase_create("verify");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_set_timeout(tcase, 120);
	tcase_add_unchecked_fixture(tcase, set_up, NULL);
	tcase_add_test(tcase, clones_are_their_originals_plus_checks);
	tcase_add_loop_test(tcase, change_of_a_byte_is_noticed, 0, 16);
	tcase_add_test(tcase, wrong_state_is_noticed);
	tcase_add_test(tcase, missing_site_is_noticed);
	tcase_add_test(tcase, check_without_its_condition_is_noticed);
	tcase_add_test(tcase, check_under_the_condition_of_another_is_noticed);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
