/*
 * The unwinder and the memo against libunwind, over frames of every shape.
 */
#define _GNU_SOURCE
#include <check.h>
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <ucontext.h>

#include "unwind/rules.h"
#include "guest.h"
#include "probe.h"

#define SIGNAL_STACK_BYTES (256 * 1024)

static uint64_t random_state = 88172645463325252u;

static uint64_t random_next(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

static volatile int trap_or_signal;

static void use_signal_stack(stack_t *before)
{
	static __thread char block[SIGNAL_STACK_BYTES];
	stack_t stack = {.ss_sp = block, .ss_size = sizeof(block)};

	ck_assert_int_eq(sigaltstack(&stack, before), 0);
}

/* Walks that recur, so that the memo is hit, in an order that does not. */
static void walk_randomly(guest_function guest, unsigned int distinct, unsigned int count)
{
	uint64_t *choices = calloc(distinct, sizeof(*choices));

	for (unsigned int i = 0; i < distinct; i++)
		choices[i] = random_next();
	for (unsigned int i = 0; i < count; i++) {
		unsigned int which = (unsigned int)(random_next() % distinct);
		struct guest_walk walk = {choices[which], 1 + which % 9, probe};

		guest(&walk);
	}
	free(choices);
}

static void set_up(void)
{
	random_state = 88172645463325252u;
	probe_reset();
	use_signal_stack(NULL);
}

static const guest_function guests[] = {guest_o0, guest_o2, guest_frame_pointer, guest_o3};

START_TEST(every_shape_of_frame_agrees_with_libunwind)
{
	walk_randomly(guests[_i], 100, 600);
	probe_must_agree();
	ck_assert_uint_gt(probe_counts.by_rules, probe_counts.asked / 3);
	ck_assert_uint_gt(probe_counts.hits, probe_counts.asked / 3);
	ck_assert_uint_gt(probe_counts.crossed_signal, 0);
	ck_assert_uint_gt(probe_counts.words_in_excess, 0);
	ck_assert_uint_gt(probe_counts.used_rbp, 0);
}
END_TEST

static const guest_function shifting_guests[] = {guest_o0_shift, guest_o2_shift,
						 guest_frame_pointer_shift, guest_o3_shift};

/* The same return addresses at the same places may belong to different frames, though
 * not at -O0, where frames differ more. */
START_TEST(return_addresses_alone_would_mislead)
{
	for (unsigned int i = 0; i < 6000; i++) {
		unsigned int depth = 1 + (unsigned int)(random_next() % 3);
		struct guest_walk walk = {random_next(), depth, probe};

		shifting_guests[_i](&walk);
	}
	probe_must_agree();
	ck_assert_uint_gt(probe_counts.hits, 1000);
	ck_assert_uint_gt(probe_counts.control_wrong, 0);
}
END_TEST

START_TEST(exceptions_and_templates_agree_with_libunwind)
{
	walk_randomly(guest_cxx, 60, 300);
	probe_must_agree();
	ck_assert_uint_gt(probe_counts.hits, probe_counts.asked / 3);
}
END_TEST

static void *walk_in_thread(void *argument)
{
	stack_t stack_before;

	(void)argument;
	use_signal_stack(&stack_before);
	for (size_t i = 0; i < sizeof(guests) / sizeof(guests[0]); i++)
		walk_randomly(guests[i], 30, 100);
	sigaltstack(&stack_before, NULL);
	probe();
	return NULL;
}

START_TEST(threads_end_where_they_began)
{
	pthread_t thread;

	ck_assert_int_eq(pthread_create(&thread, NULL, walk_in_thread, NULL), 0);
	pthread_join(thread, NULL);
	probe_must_agree();
	/* walk_in_thread, start_thread, clone3 */
	ck_assert_uint_eq(probe_counts.last_frame_count, 3);
}
END_TEST

extern void _start(void);

START_TEST(main_ends_at_the_entry_point)
{
	probe();
	probe_must_agree();
	ck_assert_uint_ge(probe_counts.last_outermost, (uintptr_t)_start);
	ck_assert_uint_lt(probe_counts.last_outermost, (uintptr_t)_start + 64);
}
END_TEST

#define COROUTINE_COUNT 3
static ucontext_t scheduler;
static ucontext_t coroutines[COROUTINE_COUNT];
static int running;

static void ask_and_yield(void)
{
	probe();
	swapcontext(&coroutines[running], &scheduler);
	probe();
}

static void run_coroutine(void)
{
	for (int i = 0; i < 60; i++) {
		struct guest_walk walk = {random_next() & 0x888888888888, 1 + (i & 7),
					  ask_and_yield};

		guests[i & 3](&walk);
	}
}

static void make_coroutine(ucontext_t *coroutine)
{
	getcontext(coroutine);
	coroutine->uc_stack.ss_sp = calloc(1, SIGNAL_STACK_BYTES);
	coroutine->uc_stack.ss_size = SIGNAL_STACK_BYTES;
	coroutine->uc_link = &scheduler;
	makecontext(coroutine, run_coroutine, 0);
}

START_TEST(coroutines_have_stacks_of_their_own)
{
	for (int i = 0; i < COROUTINE_COUNT; i++)
		make_coroutine(&coroutines[i]);
	for (int i = 0; i < 60 * COROUTINE_COUNT; i++) {
		running = i % COROUTINE_COUNT;
		swapcontext(&scheduler, &coroutines[running]);
	}
	probe_must_agree();
}
END_TEST

/* Uses preserved registers, so that the caller's are saved in its frame. */
static void ask_oracle(void *argument)
{
	(void)argument;
	__asm__ volatile("" : : : "rbx", "r12");
	probe();
	__asm__ volatile("" : : : "rbx", "r12");
}

static void call_by_r12(void *argument)
{
	(void)argument;
	guest_call_by_r12(ask_oracle, NULL);
	__asm__ volatile("" : : : "memory");
}

START_TEST(frames_may_be_found_by_any_preserved_register)
{
	for (volatile int i = 0; i < 10; i++) { /* not unrolled */
		guest_call_by_rbx(ask_oracle, NULL);
		guest_call_by_r12(ask_oracle, NULL);
		guest_call_by_rbx(call_by_r12, NULL);
	}
	probe_must_agree();
	ck_assert_uint_eq(probe_counts.hits, 27);
	ck_assert_uint_ge(probe_counts.words_in_excess, 10);
}
END_TEST

static void probe_from(void)
{
	probe();
}

/* As above, but the register is the caller's own at the start. */
START_TEST(start_registers_are_recovered_exactly)
{
	guest_call_by_rbx((void (*)(void *))probe_from, NULL);
	for (volatile int i = 0; i < 10; i++) { /* not unrolled */
		guest_call_by_rbx((void (*)(void *))probe, NULL);
		guest_call_by_r12((void (*)(void *))probe, NULL);
	}
	probe_must_agree();
	ck_assert_uint_ge(probe_counts.used_other, 20);
	/* It depends on a register that the memo does not compare. */
	ck_assert_uint_eq(probe_counts.hits, 0);
}
END_TEST

static __attribute__((noinline)) void handle_and_ask(int number)
{
	probe();
	trap_or_signal = number;
}

static void handle_other(int number)
{
	probe();
	trap_or_signal = -number;
}

static void raise_caught(int number, void (*handler)(int), int flags)
{
	struct sigaction action = {.sa_handler = handler, .sa_flags = flags};

	sigaction(number, &action, NULL);
	raise(number);
	ck_assert_int_ne(trap_or_signal, 0);
}

START_TEST(innermost_signal_is_named)
{
	raise_caught(SIGWINCH, handle_and_ask, SA_SIGINFO);
	ck_assert_uint_eq(probe_counts.last_signal, SIGWINCH);
	raise_caught(SIGUSR1, handle_and_ask, SA_SIGINFO | SA_ONSTACK);
	ck_assert_uint_eq(probe_counts.last_signal, SIGUSR1);
	probe_must_agree();
	ck_assert_uint_eq(probe_counts.crossed_signal, 2);
}
END_TEST

/* The kernel leaves the siginfo of the signal before where one would be. */
START_TEST(signal_without_information_is_not_named)
{
	raise_caught(SIGWINCH, handle_and_ask, SA_SIGINFO);
	raise_caught(SIGUSR1, handle_other, 0);
	ck_assert_uint_eq(probe_counts.last_signal, 0);
	probe_must_agree();
	ck_assert_uint_eq(probe_counts.crossed_signal, 2);
}
END_TEST

static uint32_t trap_count;

static void handle_trap(int number)
{
	(void)number;
	trap_count++;
	probe();
}

static int compare_numbers(const void *left, const void *right)
{
	return *(const int *)left - *(const int *)right;
}

static void leaf_nothing(void)
{
}

static __attribute__((noinline)) void work_in_steps(guest_function guest)
{
	/* All but signals and longjmp. */
	struct guest_walk walk = {0x0a987654b31c0, 13, leaf_nothing};
	int numbers[4] = {3, 2, 4, 1};
	struct timespec time;
	char text[32];

	guest(&walk);
	qsort(numbers, 4, sizeof(int), compare_numbers);
	strcpy(text, "unwind");
	strtol(text, NULL, 10);
	free(malloc(100));
	clock_gettime(CLOCK_MONOTONIC, &time); /* in the kernel's own library */
}

/* Prologues, epilogues, linkage tables, the loader's lazy binding. */
START_TEST(every_instruction_can_be_unwound_from)
{
	struct sigaction action = {.sa_handler = handle_trap};

	sigaction(SIGTRAP, &action, NULL);
	guest_trap_on();
	work_in_steps(guests[_i]);
	guest_trap_off();
	ck_assert_uint_gt(trap_count, 500);
	ck_assert_uint_eq(probe_counts.oracle_differs, 0);
	ck_assert_uint_eq(probe_counts.memo_differs, 0);
	ck_assert_uint_eq(probe_counts.ended_early, 0);
}
END_TEST

#define RUBBISH_WORDS 512
#define NOTHING_BYTES (1 << 20)

/* Fills a page with return addresses and pointers into it and just above. */
static void fill_with_rubbish(uintptr_t *words, const uintptr_t *code, unsigned int code_count)
{
	for (int i = 0; i < RUBBISH_WORDS; i++)
		words[i] = random_next() % 3 ? code[random_next() % code_count]
					     : (uintptr_t)&words[random_next() % 1024];
}

/* A stack of random words, just below unmapped memory. */
START_TEST(rubbish_is_survived)
{
	static struct unwind_result result;
	uintptr_t *words = mmap(NULL, 4096 + NOTHING_BYTES, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uintptr_t code[] = {(uintptr_t)guest_o0 + 20, (uintptr_t)guest_o2 + 9,
			    (uintptr_t)qsort + 30,    (uintptr_t)strtol + 12,
			    (uintptr_t)_start + 20,   (uintptr_t)strtoll + 2,
			    (uintptr_t)&result,	      (uintptr_t)guest_call_by_rbx + 21};
	uint32_t frame_count = 0;
	uint32_t unmapped_count = 0;

	mprotect(words + RUBBISH_WORDS, NOTHING_BYTES, PROT_NONE);
	for (int round = 0; round < 20000; round++) {
		fill_with_rubbish(words, code, 8);
		struct unwind_start start = {code[random_next() % 8],
					     (uintptr_t)&words[1 + random_next() % 511],
					     (uintptr_t)&words[random_next() % 1024]};

		unwind(&start, 0, &result);
		frame_count += result.frame_count;
		unmapped_count += result.met_unmapped;
		for (uint32_t i = 0; i < result.word_count; i++)
			ck_assert(result.words[i].address >= start.sp &&
				  result.words[i].address < (uintptr_t)&words[RUBBISH_WORDS]);
	}
	ck_assert_uint_gt(frame_count, 30000);
	ck_assert_uint_gt(unmapped_count, 100);
	munmap(words, 4096 + NOTHING_BYTES);
}
END_TEST

struct table_counts {
	uint32_t function_count;
	uint32_t not_understood_count;
	uint32_t wrong_row_count; /* of the first functions */
};

#define ROWS_LOOKED_AT 300u

static bool is_row_at(const struct eh_frame_entry *entry, uintptr_t address,
		      const struct unwind_row *row)
{
	struct unwind_row other;

	return unwind_rules_at(entry, address, &other) && memcmp(&other, row, sizeof(other)) == 0;
}

/* Each row holds from where it is said to begin to where it is said to end. */
static bool rows_are_right(const struct eh_frame_entry *entry)
{
	for (uintptr_t at = entry->function; at < entry->function_end; at++) {
		struct unwind_row row;
		uintptr_t start, end;

		if (!unwind_rules_around(entry, at, &row, &start, &end) || start > at ||
		    end <= at || start < entry->function || !is_row_at(entry, start, &row) ||
		    (end <= entry->function_end && !is_row_at(entry, end - 1, &row)))
			return false;
	}
	return true;
}

static void read_module_table(const unsigned char *header, struct table_counts *counts)
{
	uint32_t count;

	memcpy(&count, header + 8, sizeof(count));
	for (uint32_t i = 0; i < count; i++) {
		struct eh_frame_entry entry;
		struct unwind_row row;
		int32_t distance;

		memcpy(&distance, header + 12 + 8 * (size_t)i, sizeof(distance));
		counts->function_count++;
		if (unwind_find_entry((uintptr_t)header + (uintptr_t)(intptr_t)distance, &entry) !=
			    UNWIND_FOUND ||
		    !unwind_rules_at(&entry, entry.function, &row) ||
		    !unwind_rules_at(&entry, entry.function_end - 1, &row))
			counts->not_understood_count++;
		else if (i < ROWS_LOOKED_AT)
			counts->wrong_row_count += !rows_are_right(&entry);
	}
}

static int read_module(struct dl_phdr_info *info, size_t size_bytes, void *context)
{
	(void)size_bytes;
	for (unsigned int i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_GNU_EH_FRAME)
			read_module_table((const unsigned char *)(info->dlpi_addr +
								  info->dlpi_phdr[i].p_vaddr),
					  context);
	return 0;
}

START_TEST(tables_of_all_loaded_modules_are_understood)
{
	struct table_counts counts = {0, 0, 0};

	dl_iterate_phdr(read_module, &counts);
	ck_assert_uint_gt(counts.function_count, 5000);
	ck_assert_uint_eq(counts.not_understood_count, 0);
	ck_assert_uint_eq(counts.wrong_row_count, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("unwind");
	TCase *shapes = tcase_create("unwind");
	SRunner *runner = srunner_create(suite);
	int guest_count = (int)(sizeof(guests) / sizeof(guests[0]));

	tcase_add_checked_fixture(shapes, set_up, NULL);
	tcase_set_timeout(shapes, 60);
	tcase_add_loop_test(shapes, every_shape_of_frame_agrees_with_libunwind, 0, guest_count);
	tcase_add_loop_test(shapes, return_addresses_alone_would_mislead, 1, guest_count);
	tcase_add_test(shapes, exceptions_and_templates_agree_with_libunwind);
	tcase_add_test(shapes, threads_end_where_they_began);
	tcase_add_test(shapes, main_ends_at_the_entry_point);
	tcase_add_test(shapes, coroutines_have_stacks_of_their_own);
	tcase_add_test(shapes, frames_may_be_found_by_any_preserved_register);
	tcase_add_test(shapes, start_registers_are_recovered_exactly);
	tcase_add_test(shapes, innermost_signal_is_named);
	tcase_add_test(shapes, signal_without_information_is_not_named);
	tcase_add_loop_test(shapes, every_instruction_can_be_unwound_from, 0, guest_count);
	tcase_add_test(shapes, rubbish_is_survived);
	tcase_add_test(shapes, tables_of_all_loaded_modules_are_understood);
	suite_add_tcase(suite, shapes);
	srunner_run_all(runner, CK_NORMAL);
	int failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count ? EXIT_FAILURE : EXIT_SUCCESS;
}
