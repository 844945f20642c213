#define _GNU_SOURCE
#define UNW_LOCAL_ONLY
#include "probe.h"

#include <check.h>
#include <libunwind.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "unwind/stack_memo.h"

#define STACK_MAX 60000
#define ORACLE_MAX (UNWIND_FRAME_MAX + 64)

struct kept_stack {
	uint32_t frame_count;
	uint32_t signal_number;
	uint32_t signal_frame;
	uintptr_t frames[UNWIND_FRAME_MAX];
};

/* The control finds stacks by return address and sp, and verifies return addresses. */
struct control_entry {
	struct unwind_start start;
	uint32_t stack;
	uint32_t word_count;
	struct unwind_word words[UNWIND_WORD_MAX];
};

#define CONTROL_COUNT 4096

struct probe_counts probe_counts;
static struct kept_stack *stacks;
static uint32_t stack_count;
static struct control_entry *controls;
static struct stack_memo *memo;
static struct unwind_result fresh;
static uintptr_t oracle[ORACLE_MAX];

static void *map_zeroes(size_t size_bytes)
{
	void *block = mmap(NULL, size_bytes, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	ck_assert_ptr_ne(block, MAP_FAILED);
	return block;
}

void probe_reset(void)
{
	if (memo)
		munmap(memo, stack_memo_bytes());
	if (controls)
		munmap(controls, CONTROL_COUNT * sizeof(*controls));
	if (!stacks)
		stacks = map_zeroes(STACK_MAX * sizeof(*stacks));
	memo = map_zeroes(stack_memo_bytes());
	controls = map_zeroes(CONTROL_COUNT * sizeof(*controls));
	stack_count = 0;
	memset(&probe_counts, 0, sizeof(probe_counts));
}

static bool same_stack(const struct kept_stack *kept, const struct unwind_result *result)
{
	return kept->frame_count == result->frame_count &&
	       kept->signal_number == result->signal_number &&
	       kept->signal_frame == result->signal_frame &&
	       !memcmp(kept->frames, result->frames, result->frame_count * sizeof(uintptr_t));
}

/* Each fresh unwind gets a number of its own, so that hits can be told apart. */
static stack_id keep_stack(void *context, const struct unwind_result *result)
{
	bool *was_asked = context;

	*was_asked = true;
	if (stack_count + 1 == STACK_MAX)
		return 0;
	struct kept_stack *kept = &stacks[++stack_count];
	kept->frame_count = result->frame_count;
	kept->signal_number = result->signal_number;
	kept->signal_frame = result->signal_frame;
	memcpy(kept->frames, result->frames, result->frame_count * sizeof(uintptr_t));
	return stack_count;
}

static bool is_return_address(const struct unwind_result *result, uintptr_t value)
{
	for (uint32_t i = 1; i < result->frame_count; i++)
		if (result->frames[i] == value)
			return true;
	return false;
}

static bool control_matches(const struct control_entry *entry, const struct unwind_start *start)
{
	if (entry->start.return_address != start->return_address || entry->start.sp != start->sp)
		return false;
	for (uint32_t i = 0; i < entry->word_count; i++)
		if (*(const uintptr_t *)entry->words[i].address != entry->words[i].value)
			return false;
	return true;
}

static void ask_control(const struct unwind_start *start, uint32_t stack)
{
	uint64_t hash = (start->return_address ^ start->sp << 20) * 0x9e3779b97f4a7c15u;
	struct control_entry *entry = &controls[hash >> 52];

	if (control_matches(entry, start) && entry->stack) {
		if (!same_stack(&stacks[entry->stack], &fresh))
			probe_counts.control_wrong++;
		return;
	}
	entry->start = *start;
	entry->stack = stack;
	entry->word_count = 0;
	for (uint32_t i = 0; i < fresh.word_count; i++)
		if (is_return_address(&fresh, fresh.words[i].value))
			entry->words[entry->word_count++] = fresh.words[i];
}

static __attribute__((noinline)) uint32_t ask_oracle(const struct unwind_start *start)
{
	static unw_context_t context;
	static unw_cursor_t cursor;
	unw_word_t address = 0;
	unw_word_t sp = 0;
	uint32_t count = 0;
	bool is_reached = false;

	unw_getcontext(&context);
	unw_init_local(&cursor, &context);
	do {
		unw_get_reg(&cursor, UNW_REG_IP, &address);
		unw_get_reg(&cursor, UNW_REG_SP, &sp);
		is_reached = is_reached || (sp == start->sp && address == start->return_address);
		if (is_reached && address)
			oracle[count++] = address;
	} while (count < ORACLE_MAX && unw_step(&cursor) > 0);
	return count;
}

static void print_stacks(uint32_t oracle_count)
{
	fprintf(stderr, "end %d, %u frames, libunwind %u\n", (int)fresh.end, fresh.frame_count,
		oracle_count);
	for (uint32_t i = 0; i < fresh.frame_count || i < oracle_count; i++)
		fprintf(stderr, "  %2u %#18lx %#18lx\n", i,
			i < fresh.frame_count ? fresh.frames[i] : 0,
			i < oracle_count ? oracle[i] : 0);
}

static void compare_oracle(const struct unwind_start *start)
{
	uint32_t count = ask_oracle(start);
	uint32_t expected = count < UNWIND_FRAME_MAX ? count : UNWIND_FRAME_MAX;

	/* Without a table libunwind guesses; we stop. */
	if (fresh.end == UNWIND_NO_TABLE && fresh.frame_count < expected)
		expected = fresh.frame_count;
	if (expected == fresh.frame_count &&
	    !memcmp(oracle, fresh.frames, expected * sizeof(uintptr_t)))
		return;
	if (probe_counts.oracle_differs++ < 2)
		print_stacks(count);
}

/* By the rules that the fresh unwind has left in the cache. */
static void compare_rules(const struct unwind_start *start)
{
	static struct unwind_result known;
	size_t words_bytes = fresh.word_count * sizeof(fresh.words[0]);

	if (!unwind_by_rules(start, 0, &known))
		return;
	probe_counts.by_rules++;
	probe_counts.rules_differ +=
		known.frame_count != fresh.frame_count || known.end != fresh.end ||
		known.word_count != fresh.word_count || known.crosses_signal_frame ||
		fresh.crosses_signal_frame || known.met_unmapped != fresh.met_unmapped ||
		known.uses_frame_pointer != fresh.uses_frame_pointer || fresh.uses_other ||
		memcmp(known.frames, fresh.frames, fresh.frame_count * sizeof(uintptr_t)) ||
		memcmp(known.words, fresh.words, words_bytes);
}

static void count_fresh(void)
{
	probe_counts.asked++;
	probe_counts.ended_early += fresh.end != UNWIND_OUTERMOST && fresh.end != UNWIND_FULL;
	probe_counts.crossed_signal += fresh.crosses_signal_frame;
	probe_counts.used_rbp += fresh.uses_frame_pointer;
	probe_counts.used_other += fresh.uses_other;
	if (fresh.word_count > fresh.frame_count)
		probe_counts.words_in_excess += fresh.word_count - fresh.frame_count;
	probe_counts.last_signal = fresh.signal_number;
	probe_counts.last_frame_count = fresh.frame_count;
	probe_counts.last_outermost = fresh.frames[fresh.frame_count - 1];
}

void probe_must_agree(void)
{
	ck_assert_uint_gt(probe_counts.asked, 0);
	ck_assert_uint_eq(probe_counts.oracle_differs, 0);
	ck_assert_uint_eq(probe_counts.memo_differs, 0);
	ck_assert_uint_eq(probe_counts.rules_differ, 0);
	ck_assert_uint_eq(probe_counts.ended_early, 0);
}

__attribute__((noinline)) void probe(void)
{
	struct unwind_start start = unwind_start_here();
	bool was_asked = false;

	unwind(&start, 0, &fresh);
	stack_id stack = stack_memo_find(memo, 1, &start, keep_stack, &was_asked);
	probe_counts.hits += !was_asked;
	if (stack && !same_stack(&stacks[stack], &fresh))
		probe_counts.memo_differs++;
	if (stack)
		ask_control(&start, stack);
	compare_oracle(&start);
	compare_rules(&start);
	count_fresh();
}
