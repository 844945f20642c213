/*
 * Expressions in unwind tables, operation by operation.
 */
#include <check.h>
#include <dwarf.h>
#include <stdlib.h>
#include <string.h>

#include "unwind/expression.h"

static uintptr_t stack[4] = {11, 22, 33, 44};
static struct unwind_registers registers;
static struct unwind_result result;

static void set_up(void)
{
	memset(&registers, 0, sizeof(registers));
	memset(&result, 0, sizeof(result));
	registers.result = &result;
	registers.address = 0x40100b;
	registers.floor = (uintptr_t)stack;
	registers.places[REGISTER_STACK] = PLACE_VALUE;
	registers.values[REGISTER_STACK] = (uintptr_t)stack;
	registers.places[REGISTER_FRAME] = PLACE_WORD;
	registers.values[REGISTER_FRAME] = (uintptr_t)&stack[1];
}

struct example {
	unsigned char length;
	unsigned char code[15];
	bool is_valid;
	uintptr_t value;
};

static const struct example examples[] = {
	{1, {DW_OP_lit31}, true, 31},
	{2, {DW_OP_const1u, 0xff}, true, 255},
	{2, {DW_OP_const1s, 0xff}, true, UINTPTR_MAX},
	{3, {DW_OP_const2u, 0x34, 0x12}, true, 0x1234},
	{3, {DW_OP_const2s, 0, 0x80}, true, (uintptr_t)-32768},
	{5, {DW_OP_const4u, 0, 0, 0, 0x80}, true, 0x80000000},
	{5, {DW_OP_const4s, 0, 0, 0, 0x80}, true, (uintptr_t)INT32_MIN},
	{9, {DW_OP_const8u, 1, 2, 3, 4, 5, 6, 7, 8}, true, 0x0807060504030201},
	{9, {DW_OP_addr, 1, 2, 3, 4, 5, 6, 7, 8}, true, 0x0807060504030201},
	{3, {DW_OP_constu, 0x80, 0x01}, true, 128},
	{2, {DW_OP_consts, 0x7f}, true, UINTPTR_MAX},
	{3, {DW_OP_breg7, 8, DW_OP_deref}, true, 22},
	{2, {DW_OP_breg6, 0}, true, 22},
	{1, {DW_OP_reg6}, true, 22},
	{3, {DW_OP_bregx, 6, 1}, true, 23},
	{3, {DW_OP_breg16, 0, DW_OP_nop}, true, 0x40100b},
	/* What linkers write for a linkage table's 16-byte entries. */
	{6, {DW_OP_breg16, 0, DW_OP_lit15, DW_OP_and, DW_OP_lit11, DW_OP_ge}, true, 1},
	{6, {DW_OP_breg16, 0x7f, DW_OP_lit15, DW_OP_and, DW_OP_lit11, DW_OP_ge}, true, 0},
	{3, {DW_OP_lit5, DW_OP_lit3, DW_OP_minus}, true, 2},
	{3, {DW_OP_lit3, DW_OP_lit5, DW_OP_minus}, true, (uintptr_t)-2},
	{3, {DW_OP_lit3, DW_OP_lit5, DW_OP_plus}, true, 8},
	{3, {DW_OP_lit3, DW_OP_lit5, DW_OP_mul}, true, 15},
	{3, {DW_OP_lit17, DW_OP_lit5, DW_OP_div}, true, 3},
	{3, {DW_OP_lit17, DW_OP_lit0, DW_OP_div}, false, 0},
	{3, {DW_OP_lit17, DW_OP_lit5, DW_OP_mod}, true, 2},
	{3, {DW_OP_lit17, DW_OP_lit0, DW_OP_mod}, false, 0},
	{3, {DW_OP_lit12, DW_OP_lit10, DW_OP_or}, true, 14},
	{3, {DW_OP_lit12, DW_OP_lit10, DW_OP_xor}, true, 6},
	{3, {DW_OP_lit12, DW_OP_lit2, DW_OP_shl}, true, 48},
	{3, {DW_OP_lit12, DW_OP_lit2, DW_OP_shr}, true, 3},
	{4, {DW_OP_lit12, DW_OP_neg, DW_OP_lit2, DW_OP_shra}, true, (uintptr_t)-3},
	{4, {DW_OP_const1u, 12, DW_OP_not, DW_OP_nop}, true, ~(uintptr_t)12},
	{3, {DW_OP_const1s, 0xfb, DW_OP_abs}, true, 5},
	{3, {DW_OP_lit4, DW_OP_plus_uconst, 5}, true, 9},
	{3, {DW_OP_lit4, DW_OP_dup, DW_OP_plus}, true, 8},
	{3, {DW_OP_lit4, DW_OP_lit5, DW_OP_drop}, true, 4},
	{4, {DW_OP_lit4, DW_OP_lit5, DW_OP_swap, DW_OP_minus}, true, 1},
	{4, {DW_OP_lit4, DW_OP_lit5, DW_OP_over, DW_OP_minus}, true, 1},
	{5, {DW_OP_lit4, DW_OP_lit5, DW_OP_pick, 1, DW_OP_minus}, true, 1},
	{5, {DW_OP_lit1, DW_OP_lit2, DW_OP_lit7, DW_OP_rot, DW_OP_minus}, true, (uintptr_t)-1},
	{3, {DW_OP_const1s, 0xff, DW_OP_lit1}, true, 1},
	{4, {DW_OP_const1s, 0xff, DW_OP_lit1, DW_OP_lt}, true, 1},
	{3, {DW_OP_lit1, DW_OP_lit1, DW_OP_le}, true, 1},
	{3, {DW_OP_lit1, DW_OP_lit1, DW_OP_gt}, true, 0},
	{3, {DW_OP_lit1, DW_OP_lit1, DW_OP_eq}, true, 1},
	{3, {DW_OP_lit1, DW_OP_lit1, DW_OP_ne}, true, 0},
	{6, {DW_OP_lit1, DW_OP_lit0, DW_OP_bra, 1, 0, DW_OP_lit9}, true, 9},
	{7, {DW_OP_lit1, DW_OP_lit1, DW_OP_bra, 1, 0, DW_OP_lit9, DW_OP_nop}, true, 1},
	{5, {DW_OP_lit1, DW_OP_skip, 1, 0, DW_OP_lit9}, true, 1},
	{3, {DW_OP_skip, 0xfd, 0xff}, false, 0}, /* for ever */
	{3, {DW_OP_skip, 0xf0, 0xff}, false, 0}, /* out of the expression */
	{3, {DW_OP_skip, 9, 0}, false, 0},
	{1, {DW_OP_plus}, false, 0}, /* of nothing */
	{1, {DW_OP_dup}, false, 0},
	{2, {DW_OP_const2u, 1}, false, 0},    /* cut short */
	{2, {DW_OP_breg0, 0}, false, 0},      /* a lost register */
	{2, {DW_OP_lit8, DW_OP_deref}, false, 0}, /* below the stack */
	{1, {0xe0}, false, 0},		      /* no such operation */
	{0, {0}, false, 0},
};

START_TEST(each_operation_does_as_the_standard_says)
{
	const struct example *example = &examples[_i];
	unsigned char code[16];
	uintptr_t value = 0;

	code[0] = example->length;
	memcpy(code + 1, example->code, sizeof(example->code));
	ck_assert_int_eq(unwind_evaluate(&registers, code, NULL, &value), example->is_valid);
	if (example->is_valid)
		ck_assert_uint_eq(value, example->value);
}
END_TEST

START_TEST(initial_value_is_on_the_stack)
{
	const unsigned char code[] = {2, DW_OP_lit8, DW_OP_minus};
	uintptr_t initial = 100;
	uintptr_t value = 0;

	ck_assert(unwind_evaluate(&registers, code, &initial, &value));
	ck_assert_uint_eq(value, 92);
}
END_TEST

START_TEST(words_read_are_rested_on)
{
	const unsigned char code[] = {4, DW_OP_breg6, 0, DW_OP_breg7, 8};
	const unsigned char load[] = {3, DW_OP_breg7, 16, DW_OP_deref};
	uintptr_t value = 0;

	ck_assert(unwind_evaluate(&registers, code, NULL, &value));
	ck_assert(unwind_evaluate(&registers, load, NULL, &value));
	ck_assert_uint_eq(result.word_count, 2);
	ck_assert_uint_eq(result.words[0].address, (uintptr_t)&stack[1]);
	ck_assert_uint_eq(result.words[0].value, 22);
	ck_assert_uint_eq(result.words[1].address, (uintptr_t)&stack[2]);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("unwind_expression");
	TCase *cases = tcase_create("unwind_expression");
	SRunner *runner = srunner_create(suite);

	tcase_add_checked_fixture(cases, set_up, NULL);
	tcase_add_loop_test(cases, each_operation_does_as_the_standard_says, 0,
			    (int)(sizeof(examples) / sizeof(examples[0])));
	tcase_add_test(cases, initial_value_is_on_the_stack);
	tcase_add_test(cases, words_read_are_rested_on);
	suite_add_tcase(suite, cases);
	srunner_run_all(runner, CK_NORMAL);
	int failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count ? EXIT_FAILURE : EXIT_SUCCESS;
}
