#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "code_lab.h"
#include "x86/verify/verify.h"

#define PADDING 0xcc

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

/* Whether a clone with the byte at @offset changed is still accepted. */
static bool is_change_overlooked(uint32_t offset, unsigned char change)
{
	bool is_right;

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
	const struct function *first = lab_function(&lab, "load");
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
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
