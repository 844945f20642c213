/* Patterns agree with the decoder on all code of this program, and on random bytes. */
#include <check.h>
#include <link.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "x86/decode/pattern.h"

#define MADE_UP_COUNT 400000
#define FIELDS_BYTES (offsetof(struct instruction, segment_is_gs) + 1)

static struct decoder decoder;
static struct patterns patterns;
static struct arena arena;

static void set_up(void)
{
	ck_assert(decoder_init_linked(&decoder));
	arena_init(&arena, pages_from_kernel);
	ck_assert(patterns_begin(&patterns, &decoder, &arena));
}

static void expect_equal(const struct instruction *is, const struct instruction *should,
			 const unsigned char *bytes)
{
	ck_assert_msg(memcmp(is, should, FIELDS_BYTES) == 0,
		      "%02x %02x %02x %02x %02x %02x %02x %02x %02x: length %u, not %u", bytes[0],
		      bytes[1], bytes[2], bytes[3], bytes[4], bytes[5], bytes[6], bytes[7],
		      bytes[8], is->length, should->length);
}

/* Returns the instruction's length. */
static unsigned compare_patterns(const unsigned char *bytes, size_t left, uint32_t offset)
{
	struct instruction should, is;
	bool is_known = instruction_decode(&decoder, bytes, left, offset, &should);
	uint32_t number;

	ck_assert_int_eq(pattern_decode(&patterns, bytes, left, offset, &is, &number), is_known);
	expect_equal(&is, &should, bytes);
	if (number == PATTERN_NONE)
		return should.length;
	ck_assert(is_known);
	pattern_instance(&patterns, number, bytes, offset, &is);
	expect_equal(&is, &should, bytes);
	return should.length;
}

static int compare_module(struct dl_phdr_info *info, size_t size, void *context)
{
	(void)size;
	for (unsigned i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *header = &info->dlpi_phdr[i];
		const unsigned char *text =
			(const unsigned char *)(info->dlpi_addr + header->p_vaddr);
		uint32_t bytes = (uint32_t)header->p_memsz;

		if (header->p_type != PT_LOAD || !(header->p_flags & PF_X))
			continue;
		for (uint32_t at = 0; at < bytes; ++*(uint32_t *)context)
			at += compare_patterns(text + at, bytes - at, at);
	}
	return 0;
}

START_TEST(code_of_this_program_is_decoded_alike)
{
	uint32_t count = 0;

	dl_iterate_phdr(compare_module, &count);
	ck_assert_uint_gt(count, 100000);
	ck_assert_uint_gt(patterns.count, 1000);
}
END_TEST

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

START_TEST(bytes_made_up_are_decoded_alike)
{
	static const unsigned char starts[] = {0x66, 0xf2, 0xf3, 0xf0, 0x64, 0x67, 0x48, 0x41,
					       0x4c, 0x0f, 0xc4, 0xc5, 0x62, 0x8f, 0x0f, 0x40};
	unsigned char bytes[16];
	uint64_t state = 88172645463325252ull;

	for (unsigned i = 0; i < MADE_UP_COUNT; i++) {
		uint64_t random[2] = {next_random(&state), next_random(&state)};
		uint64_t choice = next_random(&state);

		memcpy(bytes, random, sizeof(bytes));
		for (unsigned j = 0; j < (choice & 3); j++)
			bytes[j] = starts[choice >> (8 + 4 * j) & 15];
		compare_patterns(bytes,
				 choice & 64 ? sizeof(bytes) : 1 + (choice >> 32) % sizeof(bytes),
				 (uint32_t)(choice >> 40));
	}
}
END_TEST

START_TEST(other_values_do_not_mean_another_pattern)
{
	static const unsigned char first[] = {0x48, 0x8b, 0x85, 0x10, 0x20, 0x30, 0x40};
	static const unsigned char second[] = {0x48, 0x8b, 0x85, 0x00, 0xff, 0xff, 0xff};
	struct instruction instruction;
	uint32_t a, b;

	ck_assert(pattern_decode(&patterns, first, sizeof(first), 16, &instruction, &a));
	ck_assert(pattern_decode(&patterns, second, sizeof(second), 32, &instruction, &b));
	ck_assert_uint_eq(a, b);
	ck_assert_int_eq(instruction.displacement, -256);
	ck_assert_uint_eq(instruction.offset, 32);
}
END_TEST

static Suite *make_suite(void)
{
	Suite *suite = suite_create("pattern");
	TCase *tests = tcase_create("pattern");

	tcase_set_timeout(tests, 60);
	tcase_add_unchecked_fixture(tests, set_up, NULL);
	tcase_add_test(tests, code_of_this_program_is_decoded_alike);
	tcase_add_test(tests, bytes_made_up_are_decoded_alike);
	tcase_add_test(tests, other_values_do_not_mean_another_pattern);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	SRunner *runner = srunner_create(make_suite());
	int failed;

	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
