/*
 * What a stack costs: a memo hit, an unwind with rules known, and one without.
 *
 * The stacks are real, of as many frames as asked below main; each figure is the
 * least of several rounds.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

#include "unwind/stack_memo.h"

#define ROUND_COUNT 15

static struct stack_memo *memo;
static struct unwind_result result;
static stack_id sink;

static double now_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static stack_id intern_first(void *context, const struct unwind_result *fresh)
{
	(void)context;
	(void)fresh;
	return 1;
}

/* Takes its caller's stack, as a wrapper does. */
static __attribute__((noinline)) stack_id ask_memo(void)
{
	struct unwind_start start = unwind_start_here();

	return stack_memo_find(memo, 1, &start, intern_first, NULL);
}

static __attribute__((noinline)) stack_id ask_nothing(void)
{
	struct unwind_start start = unwind_start_here();

	__asm__ volatile("" : : "r"(&start) : "memory");
	return 1;
}

static __attribute__((noinline)) stack_id ask_unwinder(void)
{
	struct unwind_start start = unwind_start_here();

	unwind(&start, 0, &result);
	return result.frame_count;
}

static __attribute__((noinline)) stack_id ask_cold(void)
{
	unwind_forget_tables();
	return ask_unwinder();
}

static __attribute__((noinline)) double least_ns(stack_id (*ask)(void), int count)
{
	double least = 1e18;

	for (int round = 0; round < ROUND_COUNT; round++) {
		double begin = now_ns();

		for (int i = 0; i < count; i++)
			sink += ask();
		double each = (now_ns() - begin) / count;
		least = each < least ? each : least;
	}
	return least;
}

static __attribute__((noinline)) void call_deeper(unsigned int depth);
static void (*volatile next)(unsigned int depth) = call_deeper;

static __attribute__((noinline)) void measure_unwinds(void)
{
	double nothing = least_ns(ask_nothing, 100000);
	double hit = least_ns(ask_memo, 100000);
	double warm = least_ns(ask_unwinder, 1000);
	double cold = least_ns(ask_cold, 200);

	printf("%2u frames, %2u words: hit %5.1f ns, unwind %5.0f ns, rules unknown %6.0f ns\n",
	       result.frame_count, result.word_count, hit - nothing, warm, cold);
}

static __attribute__((noinline)) void call_deeper(unsigned int depth)
{
	volatile char block[40];

	block[0] = 0;
	if (depth > 0)
		next(depth - 1);
	else
		measure_unwinds();
	block[1] = block[0];
}

int main(void)
{
	static const unsigned int extra[] = {0, 4, 11, 21, 28, 59};

	memo = mmap(NULL, stack_memo_bytes(), PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (memo == MAP_FAILED)
		return EXIT_FAILURE;
	measure_unwinds();
	for (size_t i = 0; i < sizeof(extra) / sizeof(extra[0]); i++)
		next(extra[i]);
	return EXIT_SUCCESS;
}
