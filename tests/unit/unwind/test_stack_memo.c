/* The stack memo on stacks made by hand, of functions whose frames are known, so that
 * each word can be changed alone. */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "unwind/site_memo.h"

/* Functions that call something once; these labels are where that returns to.
 * One has a frame of two words (one of its own and the return address), one is
 * found by rbp, which it saves, and one has the end of its frame in a word
 * below rbp, as gcc realigns stacks. */
extern const char by_size_return[];
extern const char by_rbp_return[];
extern const char realigned_return[];

__asm__(".text\n"
	".type by_size, @function\n"
	"by_size:\n"
	"	.cfi_startproc\n"
	"	subq	$8, %rsp\n"
	"	.cfi_def_cfa_offset 16\n"
	"	call	*%rdi\n"
	"by_size_return:\n"
	"	addq	$8, %rsp\n"
	"	.cfi_def_cfa_offset 8\n"
	"	ret\n"
	"	.cfi_endproc\n"
	".size by_size, . - by_size\n"
	".type by_rbp, @function\n"
	"by_rbp:\n"
	"	.cfi_startproc\n"
	"	pushq	%rbp\n"
	"	.cfi_def_cfa_offset 16\n"
	"	.cfi_offset %rbp, -16\n"
	"	movq	%rsp, %rbp\n"
	"	.cfi_def_cfa_register %rbp\n"
	"	call	*%rdi\n"
	"by_rbp_return:\n"
	"	popq	%rbp\n"
	"	.cfi_def_cfa %rsp, 8\n"
	"	ret\n"
	"	.cfi_endproc\n"
	".size by_rbp, . - by_rbp\n"
	".type realigned, @function\n"
	"realigned:\n"
	"	.cfi_startproc\n"
	"	leaq	8(%rsp), %r10\n"
	"	.cfi_def_cfa %r10, 0\n"
	"	andq	$-64, %rsp\n"
	"	pushq	-8(%r10)\n"
	"	pushq	%rbp\n"
	"	movq	%rsp, %rbp\n"
	"	.cfi_escape 0x10, 6, 2, 0x76, 0\n" /* rbp is saved at rbp */
	"	pushq	%r10\n"
	"	.cfi_escape 0x0f, 3, 0x76, 0x78, 0x06\n" /* CFA is at rbp - 8 */
	"	call	*%rdi\n"
	"realigned_return:\n"
	"	popq	%r10\n"
	"	.cfi_def_cfa %r10, 0\n"
	"	popq	%rbp\n"
	"	leaq	-8(%r10), %rsp\n"
	"	.cfi_def_cfa %rsp, 8\n"
	"	ret\n"
	"	.cfi_endproc\n"
	".size realigned, . - realigned\n");

/* The linker puts it far from all else, so that the loader knows segments, not the program. */
__attribute__((section(".far"))) extern const char far_away[];
const char far_away[] = "far away";

#define WORD_COUNT 64

static struct stack_memo *memo;
static uintptr_t words[WORD_COUNT];
static uint32_t asked_count;
static struct unwind_result last;

static stack_id intern_stack(void *context, const struct unwind_result *result)
{
	asked_count++;
	last = *result;
	return context ? *(const stack_id *)context : asked_count;
}

static stack_id find_stack(const struct unwind_start *start, uint32_t generation)
{
	return stack_memo_find(memo, generation, start, intern_stack, NULL);
}

/* Three frames of two words each, and the bottom. */
static struct unwind_start three_frames(void)
{
	memset(words, 0, sizeof(words));
	words[1] = (uintptr_t)by_size_return;
	words[3] = (uintptr_t)by_size_return;
	return (struct unwind_start){(uintptr_t)by_size_return, (uintptr_t)&words[0], 0};
}

static void set_up(void)
{
	memo = mmap(NULL, stack_memo_bytes(), PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	ck_assert_ptr_ne(memo, MAP_FAILED);
	asked_count = 0;
}

static void tear_down(void)
{
	munmap(memo, stack_memo_bytes());
}

START_TEST(unchanged_words_are_a_hit)
{
	struct unwind_start start = three_frames();
	stack_id first = find_stack(&start, 1);

	ck_assert_uint_eq(last.frame_count, 3);
	ck_assert_int_eq(last.end, UNWIND_OUTERMOST);
	ck_assert_uint_eq(find_stack(&start, 1), first);
	ck_assert_uint_eq(asked_count, 1);
}
END_TEST

START_TEST(words_the_unwind_did_not_rest_on_may_change)
{
	struct unwind_start start = three_frames();
	stack_id first = find_stack(&start, 1);

	words[0] = 1;
	words[2] = 2;
	start.frame_pointer = 3;
	ck_assert_uint_eq(find_stack(&start, 1), first);
	ck_assert_uint_eq(asked_count, 1);
}
END_TEST

START_TEST(any_return_address_decides)
{
	struct unwind_start start = three_frames();
	stack_id first = find_stack(&start, 1);

	words[5] = (uintptr_t)by_size_return;
	ck_assert_uint_ne(find_stack(&start, 1), first);
	ck_assert_uint_eq(last.frame_count, 4);
	words[5] = 0;
	ck_assert_uint_eq(find_stack(&start, 1), first);
	ck_assert_uint_eq(asked_count, 2);
}
END_TEST

START_TEST(saved_rbp_decides_if_a_frame_is_found_by_it)
{
	struct unwind_start start = {(uintptr_t)by_rbp_return, (uintptr_t)&words[0], 0};

	memset(words, 0, sizeof(words));
	start.frame_pointer = (uintptr_t)&words[0];
	words[0] = (uintptr_t)&words[4]; /* its caller's frame */
	words[1] = (uintptr_t)by_rbp_return;
	stack_id first = find_stack(&start, 1);
	ck_assert_uint_eq(last.frame_count, 2);
	words[7] = (uintptr_t)by_size_return;
	words[0] = (uintptr_t)&words[6];
	ck_assert_uint_ne(find_stack(&start, 1), first);
	ck_assert_uint_eq(last.frame_count, 3);
	words[0] = (uintptr_t)&words[4];
	ck_assert_uint_eq(find_stack(&start, 1), first);
	ck_assert_uint_eq(asked_count, 2);
}
END_TEST

START_TEST(end_of_a_realigned_frame_decides)
{
	struct unwind_start start = {(uintptr_t)realigned_return, (uintptr_t)&words[0], 0};

	memset(words, 0, sizeof(words));
	start.frame_pointer = (uintptr_t)&words[1];
	words[0] = (uintptr_t)&words[6];
	words[5] = (uintptr_t)by_size_return; /* caller if the frame ends at 6 */
	words[8] = (uintptr_t)by_size_return; /* if at 9, or if that is its end */
	stack_id first = find_stack(&start, 1);
	ck_assert_uint_eq(last.frame_count, 2);
	words[0] = (uintptr_t)&words[9];
	words[10] = (uintptr_t)by_size_return;
	ck_assert_uint_ne(find_stack(&start, 1), first);
	ck_assert_uint_eq(last.frame_count, 3);
	words[0] = (uintptr_t)&words[6];
	ck_assert_uint_eq(find_stack(&start, 1), first);
}
END_TEST

START_TEST(start_rbp_decides_if_a_frame_is_found_by_it)
{
	struct unwind_start start = {(uintptr_t)by_rbp_return, (uintptr_t)&words[0], 0};

	memset(words, 0, sizeof(words));
	words[3] = (uintptr_t)by_size_return;
	start.frame_pointer = (uintptr_t)&words[0];
	stack_id first = find_stack(&start, 1);
	ck_assert_uint_eq(last.frame_count, 1);
	start.frame_pointer = (uintptr_t)&words[2];
	ck_assert_uint_ne(find_stack(&start, 1), first);
	ck_assert_uint_eq(last.frame_count, 2);
	start.frame_pointer = (uintptr_t)&words[0];
	ck_assert_uint_eq(find_stack(&start, 1), first);
}
END_TEST

START_TEST(generation_ends_all_entries)
{
	struct unwind_start start = three_frames();
	stack_id first = find_stack(&start, 1);

	ck_assert_uint_ne(find_stack(&start, 2), first);
	ck_assert_uint_eq(find_stack(&start, 2), 2);
	ck_assert_uint_eq(find_stack(&start, 1), 3);
}
END_TEST

START_TEST(generation_zero_works_as_any)
{
	struct unwind_start start = three_frames();

	ck_assert_uint_eq(find_stack(&start, 0), 1);
	ck_assert_uint_eq(find_stack(&start, 0), 1);
	ck_assert_uint_eq(asked_count, 1);
}
END_TEST

START_TEST(what_cannot_be_interned_is_not_kept)
{
	struct unwind_start start = three_frames();
	stack_id none = 0;

	ck_assert_uint_eq(stack_memo_find(memo, 1, &start, intern_stack, &none), 0);
	ck_assert_uint_eq(find_stack(&start, 1), 2);
	ck_assert_uint_eq(memo->unmemorised_count, 1);
}
END_TEST

/* A function called from many places at one depth. */
START_TEST(callers_of_one_place_share_a_chain)
{
	struct unwind_start start = three_frames();
	stack_id stacks[20];

	for (uintptr_t i = 0; i < 20; i++) {
		words[1] = i; /* no code: the last frame */
		stacks[i] = find_stack(&start, 1);
	}
	for (int round = 0; round < 10; round++) {
		for (uintptr_t i = 0; i < 20; i++) {
			words[1] = i * 7 % 20;
			ck_assert_uint_eq(find_stack(&start, 1), stacks[i * 7 % 20]);
		}
	}
	ck_assert_uint_eq(asked_count, 20);
}
END_TEST

START_TEST(too_many_callers_are_forgotten_not_mistaken)
{
	struct unwind_start start = three_frames();

	for (int round = 0; round < 2; round++) {
		for (uintptr_t i = 0; i < 200; i++) {
			words[1] = i;
			find_stack(&start, 1);
			ck_assert_uint_eq(last.frame_count, i ? 2 : 1);
			ck_assert(i == 0 || last.frames[1] == i);
		}
	}
	ck_assert_uint_eq(asked_count, 400);
}
END_TEST

START_TEST(full_pool_starts_afresh)
{
	struct unwind_start start = three_frames();

	for (uintptr_t i = 0; i < 100000; i++) {
		start.return_address = i;
		find_stack(&start, 1);
		ck_assert_uint_eq(last.frames[0], i);
	}
	ck_assert_uint_gt(memo->flush_count, 1);
	ck_assert_uint_eq(find_stack(&start, 1), 100000);
	ck_assert_uint_eq(asked_count, 100000);
}
END_TEST

static uint64_t random_state = 88172645463325252u;

static uint64_t random_below(uint64_t limit)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state % limit;
}

static uintptr_t random_word(void)
{
	switch (random_below(4)) {
	case 0:
		return (uintptr_t)by_rbp_return;
	case 1:
		return (uintptr_t)&words[random_below(24)];
	default:
		return (uintptr_t)by_size_return;
	}
}

static struct unwind_result kept[100000];

static stack_id keep_stack(void *context, const struct unwind_result *result)
{
	(void)context;
	kept[++asked_count] = *result;
	return asked_count;
}

/* Words of the stack change at random; the memo must agree with a fresh unwind. */
START_TEST(hits_are_fresh_unwinds)
{
	static struct unwind_result fresh;
	struct unwind_start start = three_frames();
	uint32_t hit_count = 0;
	uint32_t deep_hit_count = 0;

	for (int i = 0; i < 24; i++)
		words[i] = random_word();
	for (int round = 0; round < 90000; round++) {
		uint32_t asked_before = asked_count;

		words[random_below(24)] = random_word();
		start.return_address = random_below(2) ? (uintptr_t)by_rbp_return
						       : (uintptr_t)by_size_return;
		start.sp = (uintptr_t)&words[random_below(3)];
		start.frame_pointer = (uintptr_t)&words[random_below(8)];
		unwind(&start, 0, &fresh);
		stack_id stack = stack_memo_find(memo, 1, &start, keep_stack, NULL);
		ck_assert_uint_eq(kept[stack].frame_count, fresh.frame_count);
		ck_assert_mem_eq(kept[stack].frames, fresh.frames,
				 fresh.frame_count * sizeof(fresh.frames[0]));
		hit_count += asked_count == asked_before;
		deep_hit_count += asked_count == asked_before && fresh.frame_count > 4;
	}
	ck_assert_uint_gt(hit_count, 10000);
	ck_assert_uint_gt(deep_hit_count, 300);
}
END_TEST

static stack_id extend_stack(void *context, stack_id outer, uintptr_t address)
{
	struct unwind_result *inner = &kept[++asked_count];

	(void)context;
	inner->frame_count = kept[outer].frame_count + 1;
	inner->frames[0] = address;
	memcpy(inner->frames + 1, kept[outer].frames,
	       kept[outer].frame_count * sizeof(inner->frames[0]));
	return asked_count;
}

static const struct stack_maker maker = {keep_stack, extend_stack, NULL};

/* The same with places in functions, which are found by their callers. */
START_TEST(stacks_of_sites_are_fresh_unwinds)
{
	static struct unwind_result fresh;
	struct unwind_start start = three_frames();
	uint32_t hit_count = 0;

	for (int i = 0; i < 24; i++)
		words[i] = random_word();
	for (int round = 0; round < 30000; round++) {
		stack_id stack;

		words[random_below(24)] = random_word();
		start.return_address = random_below(2) ? (uintptr_t)by_rbp_return
						       : (uintptr_t)by_size_return;
		start.sp = (uintptr_t)&words[random_below(3)];
		start.frame_pointer = (uintptr_t)&words[random_below(8)];
		unwind(&start, 0, &fresh);
		stack = site_memo_find(memo, 1, &start, &maker);
		hit_count += stack != 0;
		if (!stack)
			stack = site_memo_find_slow(memo, 1, &start, &maker);
		ck_assert_uint_eq(kept[stack].frame_count, fresh.frame_count);
		ck_assert_mem_eq(kept[stack].frames, fresh.frames,
				 fresh.frame_count * sizeof(fresh.frames[0]));
	}
	ck_assert_uint_gt(hit_count, 3000);
}
END_TEST

START_TEST(sites_of_a_function_share_its_callers)
{
	struct unwind_start start = three_frames();
	uint64_t miss_count;

	start.frame_pointer = (uintptr_t)&words[2];
	site_memo_find_slow(memo, 1, &start, &maker);
	miss_count = memo->miss_count;
	start.return_address++;
	ck_assert_uint_eq(site_memo_find(memo, 1, &start, &maker), 0);
	ck_assert_uint_ne(site_memo_find_slow(memo, 1, &start, &maker), 0);
	ck_assert_uint_ne(site_memo_find(memo, 1, &start, &maker), 0);
	ck_assert_uint_eq(memo->miss_count, miss_count);
}
END_TEST

/* Memory of threads that take few locks. */
START_TEST(few_stacks_touch_few_pages)
{
	struct unwind_start start = three_frames();
	size_t page_count = stack_memo_bytes() / 4096;
	unsigned char *present = calloc(page_count, 1);
	size_t touched_count = 0;

	for (unsigned int i = 0; i < 10; i++) {
		start.sp = (uintptr_t)&words[2 * i];
		find_stack(&start, 1);
	}
	mincore(memo, stack_memo_bytes(), present);
	for (size_t i = 0; i < page_count; i++)
		touched_count += present[i] & 1;
	free(present);
	ck_assert_uint_le(touched_count, 6);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("stack_memo");
	TCase *cases = tcase_create("stack_memo");
	SRunner *runner = srunner_create(suite);

	tcase_add_checked_fixture(cases, set_up, tear_down);
	tcase_set_timeout(cases, 60);
	tcase_add_test(cases, unchanged_words_are_a_hit);
	tcase_add_test(cases, words_the_unwind_did_not_rest_on_may_change);
	tcase_add_test(cases, any_return_address_decides);
	tcase_add_test(cases, saved_rbp_decides_if_a_frame_is_found_by_it);
	tcase_add_test(cases, end_of_a_realigned_frame_decides);
	tcase_add_test(cases, start_rbp_decides_if_a_frame_is_found_by_it);
	tcase_add_test(cases, generation_ends_all_entries);
	tcase_add_test(cases, generation_zero_works_as_any);
	tcase_add_test(cases, what_cannot_be_interned_is_not_kept);
	tcase_add_test(cases, callers_of_one_place_share_a_chain);
	tcase_add_test(cases, too_many_callers_are_forgotten_not_mistaken);
	tcase_add_test(cases, full_pool_starts_afresh);
	tcase_add_test(cases, hits_are_fresh_unwinds);
	tcase_add_test(cases, stacks_of_sites_are_fresh_unwinds);
	tcase_add_test(cases, sites_of_a_function_share_its_callers);
	tcase_add_test(cases, few_stacks_touch_few_pages);
	suite_add_tcase(suite, cases);
	srunner_run_all(runner, CK_NORMAL);
	int failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count ? EXIT_FAILURE : EXIT_SUCCESS;
}
