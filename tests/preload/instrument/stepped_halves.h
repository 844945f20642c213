/*
 * For guests that write half a granule in steps, while a handler writes the other half at another
 * step each time.  Who includes this says by STEPPED which signal tells that a write begins.
 */
#ifndef TESTS_PRELOAD_STEPPED_HALVES_H
#define TESTS_PRELOAD_STEPPED_HALVES_H

#include "stepped.h"

#include "base/shadow_place.h"

#define WARM_ROUNDS 600 /* the first accesses of each line keep their callers */
#define ROUNDS_MOST 2000
#define WRITTEN SIGUSR2
#define RECORDED SIGWINCH
#define INTERRUPTING SIGALRM

#define ALL_BYTES 0xff

static struct halves {
	int first, second;
} halves[WARM_ROUNDS + ROUNDS_MOST] __attribute__((aligned(8)));

static volatile long is_over; /* set by who looks */
static int round_number;
static long other;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* --- Who writes --------------------------------------------------------------------- */

static __attribute__((noinline)) void write_first(int number)
{
	halves[number].first = number;
}

static __attribute__((noinline)) void write_second(int number)
{
	halves[number].second = number;
}

static inline void interrupt(int signal)
{
	(void)signal;
	write_second(round_number);
}

static inline void end_epoch(void)
{
	pthread_mutex_lock(&lock);
	other++;
	pthread_mutex_unlock(&lock);
}

/* --- Who looks ---------------------------------------------------------------------- */

/* Interrupts write @number of those in steps after as many; false: it has come to the end of the
 * write before. */
typedef bool interrupt_after(pid_t pid, int number);

/* The write goes on for so many steps; false: it has come to its end before. */
static inline bool step_write(pid_t pid, int steps)
{
	for (; steps; steps--) {
		CHECK(ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL) == 0);
		if (stepped_stop(pid) == WRITTEN)
			return false;
	}
	return true;
}

/* Its handler comes now; then it goes on to its end. */
static inline void interrupt_write(pid_t pid)
{
	/* It is sent again if the handler has to wait. */
	for (int signal = INTERRUPTING; signal != WRITTEN; signal = stepped_stop(pid)) {
		CHECK_IS(signal, INTERRUPTING);
		CHECK(ptrace(PTRACE_CONT, pid, NULL, INTERRUPTING) == 0);
	}
}

static inline void check_recorded(pid_t pid, int number)
{
	uint64_t word;

	if (!stepped_peek(pid, SHADOW_WRITE_PLACE((uintptr_t)&halves[number]), &word))
		return;
	CHECK_IS(word & STEPPED_FORM_MASK, 0);
	CHECK_IS(word & ALL_BYTES, ALL_BYTES);
}

static inline void interrupt_writes(pid_t pid, interrupt_after *interrupt_it)
{
	int number = 0;
	bool is_last = false;
	int signal;

	while ((signal = stepped_stop(pid)) != 0) {
		if (signal == STEPPED && !interrupt_it(pid, number)) {
			is_last = true;
			CHECK(ptrace(PTRACE_POKEDATA, pid, &is_over, 1) == 0);
		} else if (signal == RECORDED && !is_last) {
			check_recorded(pid, WARM_ROUNDS + number++);
		}
		CHECK(ptrace(PTRACE_CONT, pid, NULL, NULL) == 0);
	}
	CHECK(is_last);
}

#endif
