/*
 * lanes_before() against the processor: what it says is not needed is changed, and the
 * bytes that are needed afterwards must come out the same.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "x86/liveness/lanes.h"

#define REGISTERS 3
#define MEMORY REGISTERS /* the memory operand, 96(%rdi) */
#define NO_CONSTANT (MEMORY + 1)
#define BYTES 32
#define ROUNDS 20

typedef unsigned char vectors[REGISTERS + 1][BYTES];

/* A function that loads three vectors, runs one instruction and stores them. */
#define SSE(number, text)                                                                          \
	void lanes_run_##number(vectors all);                                                      \
	extern const unsigned char lanes_from_##number[], lanes_to_##number[];                     \
	__asm__(".text\nlanes_run_" #number ":\n"                                                  \
		"movdqu (%rdi), %xmm0\n movdqu 32(%rdi), %xmm1\n movdqu 64(%rdi), %xmm2\n"         \
		"mov $0x12345678, %eax\n"                                                          \
		"lanes_from_" #number ":\n" text "\nlanes_to_" #number ":\n"                       \
		"movdqu %xmm0, (%rdi)\n movdqu %xmm1, 32(%rdi)\n movdqu %xmm2, 64(%rdi)\n ret\n");

#define AVX(number, text)                                                                          \
	void lanes_run_##number(vectors all);                                                      \
	extern const unsigned char lanes_from_##number[], lanes_to_##number[];                     \
	__asm__(".text\nlanes_run_" #number ":\n"                                                  \
		"vmovdqu (%rdi), %ymm0\n vmovdqu 32(%rdi), %ymm1\n vmovdqu 64(%rdi), %ymm2\n"      \
		"mov $0x12345678, %eax\n"                                                          \
		"lanes_from_" #number ":\n" text "\nlanes_to_" #number ":\n"                       \
		"vmovdqu %ymm0, (%rdi)\n vmovdqu %ymm1, 32(%rdi)\n vmovdqu %ymm2, 64(%rdi)\n"      \
		"vzeroupper\n ret\n");

#include "lane_samples.def"
#undef SSE
#undef AVX

struct sample {
	const char *text;
	void (*run)(vectors all);
	const unsigned char *from, *to;
	bool is_avx;
};

#define SSE(number, text) {text, lanes_run_##number, lanes_from_##number, lanes_to_##number, false},
#define AVX(number, text) {text, lanes_run_##number, lanes_from_##number, lanes_to_##number, true},

static const struct sample samples[] = {
#include "lane_samples.def"
};

static uint32_t random_bits(void)
{
	return (uint32_t)random() << 16 ^ (uint32_t)random();
}

static void fill(unsigned char *bytes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		bytes[i] = (unsigned char)random();
}

/* What is needed before @sample, if @lanes are needed after it, and @values known before. */
static uint32_t find_needed(const struct sample *sample, const struct lane_values *values,
			    struct lanes *lanes)
{
	struct instruction instruction = {.length = (uint8_t)(sample->to - sample->from)};
	uint32_t of_memory;

	if (!lanes_before(sample->from, &instruction, values, lanes, &of_memory)) {
		memset(lanes, 0xff, sizeof(*lanes));
		of_memory = LANES_ALL;
	}
	return of_memory;
}

/* Bytes of a constant: as often as not ones or zeros. */
static struct vector_value value_of(unsigned char *bytes)
{
	struct vector_value value = {.known = random_bits() | random_bits()};

	for (unsigned i = 0; i < BYTES; i++) {
		if (random() % 2)
			bytes[i] = random() % 2 ? 0xff : 0;
		value.bytes[i] = value.known >> i & 1 ? bytes[i] : 0x55;
	}
	return value;
}

/* @constant is the number of an operand that is partly known, or none. */
static void check_sample(const struct sample *sample, uint32_t needed[REGISTERS], unsigned constant)
{
	struct lanes lanes = {.needed = {needed[0], needed[1], needed[2]}};
	struct lane_values values = {.memory = NULL};
	struct vector_value value = {.known = 0};
	vectors first, second;
	uint32_t of_memory;

	fill(first[0], sizeof first);
	if (constant <= MEMORY) {
		value = value_of(first[constant]);
		*(constant == MEMORY ? &values.memory : &values.of[constant]) = &value;
	}
	of_memory = find_needed(sample, &values, &lanes);
	memcpy(second, first, sizeof first);
	for (unsigned r = 0; r <= MEMORY; r++)
		for (unsigned i = 0; i < BYTES; i++)
			if (!((r == MEMORY ? of_memory : lanes.needed[r]) >> i & 1) &&
			    !(r == constant && value.known >> i & 1))
				second[r][i] = (unsigned char)random();
	sample->run(first);
	sample->run(second);
	for (unsigned r = 0; r < REGISTERS; r++)
		for (unsigned i = 0; i < (sample->is_avx ? 32 : 16); i++)
			if (needed[r] >> i & 1 && first[r][i] != second[r][i])
				ck_abort_msg("%s: byte %u of register %u rests on more",
					     sample->text, i, r);
}

static bool can_run(const struct sample *sample)
{
	return __builtin_cpu_supports("sse4.2") &&
	       (!sample->is_avx ||
		(__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")));
}

static void check_in_rounds(const struct sample *sample)
{
	for (unsigned round = 0; round < ROUNDS; round++) {
		uint32_t needed[REGISTERS] = {random_bits(), random_bits(), random_bits()};

		for (unsigned constant = 0; constant <= NO_CONSTANT; constant++)
			check_sample(sample, needed, constant);
		for (unsigned i = 0; i < BYTES; i++) {
			uint32_t one[REGISTERS] = {1u << i, 0, 0};

			for (unsigned constant = 0; constant <= NO_CONSTANT; constant++)
				check_sample(sample, one, constant);
		}
	}
}

START_TEST(what_is_not_needed_may_change)
{
	for (size_t i = 0; i < ARRAY_LENGTH(samples); i++)
		if (can_run(&samples[i]))
			check_in_rounds(&samples[i]);
}
END_TEST

/* Of the first four bytes of register 0, after which how much of which register is. */
static uint32_t needed_for(const char *text, uint32_t after, unsigned of)
{
	struct lanes lanes = {.needed = {after}};

	for (size_t i = 0; i < ARRAY_LENGTH(samples); i++)
		if (strcmp(samples[i].text, text) == 0) {
			uint32_t of_memory = find_needed(&samples[i], NULL, &lanes);

			return of == MEMORY ? of_memory : lanes.needed[of];
		}
	ck_abort_msg("%s", text);
	return 0;
}

START_TEST(what_is_dropped_is_not_needed)
{
	ck_assert_uint_eq(needed_for("shufps $0x88, %xmm1, %xmm0", 0xffff, 0), 0x0f0f);
	ck_assert_uint_eq(needed_for("shufps $0x88, %xmm1, %xmm0", 0xffff, 1), 0x0f0f);
	ck_assert_uint_eq(needed_for("movhpd 96(%rdi), %xmm0", 0xffff, 0), 0x00ff);
	ck_assert_uint_eq(needed_for("unpcklpd 96(%rdi), %xmm0", 0xffff, MEMORY), 0x00ff);
	ck_assert_uint_eq(needed_for("punpcklqdq %xmm1, %xmm0", 0xff00, 0), 0);
	ck_assert_uint_eq(needed_for("movups 96(%rdi), %xmm0", 0x0f0f, MEMORY), 0x0f0f);
	ck_assert_uint_eq(needed_for("paddd %xmm1, %xmm0", 0x0200, 1), 0x0300);
	ck_assert_uint_eq(needed_for("pmullw %xmm1, %xmm0", 0x5555, 1), 0x5555);
	ck_assert_uint_eq(needed_for("pmuludq %xmm1, %xmm0", 0xff00, 1), 0x0f00);
	ck_assert_uint_eq(needed_for("packuswb %xmm1, %xmm0", 0x0001, 0), 0x0003);
	ck_assert_uint_eq(needed_for("pxor %xmm0, %xmm0", 0xffff, 0), 0);
	ck_assert_uint_eq(needed_for("psrldq $5, %xmm0", 0xffff, 0), 0xffe0);
	ck_assert_uint_eq(needed_for("vshufps $0x8d, %ymm2, %ymm1, %ymm0", LANES_ALL, 1),
			  0xf0f0f0f0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("lanes");
	TCase *tcase = tcase_create("lanes");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tcase, what_is_not_needed_may_change);
	tcase_add_test(tcase, what_is_dropped_is_not_needed);
	tcase_set_timeout(tcase, 60);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
