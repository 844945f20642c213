/*
 * A signal comes after each instruction of a write of half a granule in turn, the halves of which
 * have cells; its handler writes the other half.  Both are found in shadow memory when the epoch
 * is over, where the write is made once more, and no handler finds the word busy, as it would
 * wait for ever.  The same of a write with which an epoch begins.  Natively there is no shadow
 * memory.
 */

#define STEPPED SIGTRAP /* no call, which would end the epoch */

#include "stepped_halves.h"

#define FORM_CELLS 0x100
#define FORM_BUSY 0x500

static volatile int in_epoch;

/* --- Who writes --------------------------------------------------------------------- */

/* The first access that is recorded. */
static __attribute__((noinline)) void begin_epoch(int number)
{
	in_epoch = number;
}

/* Each half in an epoch of its own. */
static void make_cells(void)
{
	write_first(round_number);
	end_epoch();
	write_second(round_number);
	end_epoch();
}

static int write_in_steps(bool begins_before)
{
	pthread_t second;

	if (!stepped_begin(&second))
		return GUEST_SKIPPED;
	signal(INTERRUPTING, interrupt);
	for (round_number = 0; round_number < WARM_ROUNDS; round_number++) {
		make_cells();
		write_first(round_number);
		write_second(round_number);
	}
	for (; !is_over && round_number < WARM_ROUNDS + ROUNDS_MOST; round_number++) {
		make_cells();
		if (begins_before)
			begin_epoch(round_number);
		__asm__ volatile("int3");
		write_first(round_number);
		raise(WRITTEN);
		write_first(round_number);
		end_epoch();
		raise(RECORDED);
	}
	stepped_end(second);
	return is_over ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* --- Who looks ---------------------------------------------------------------------- */

/* The form of the shadow word of write @number; -1: there is no shadow memory. */
static int form_of(pid_t pid, int number)
{
	uint64_t word;

	return stepped_peek(pid, SHADOW_WRITE_PLACE((uintptr_t)&halves[number]), &word)
		       ? (int)(word & STEPPED_FORM_MASK)
		       : -1;
}

static bool is_observed; /* there is shadow memory */
static int busy_count; /* how often it was interrupted while the word was busy */

/* An interrupt_after. */
static bool interrupt_cell(pid_t pid, int steps)
{
	int number = WARM_ROUNDS + steps;
	int form = form_of(pid, number);

	CHECK(form == FORM_CELLS || form == -1);
	is_observed |= form == FORM_CELLS;
	if (!step_write(pid, steps))
		return false;
	busy_count += form_of(pid, number) == FORM_BUSY;
	interrupt_write(pid);
	return true;
}

static void check_writes(bool begins_before)
{
	pid_t pid = fork();

	CHECK(pid >= 0);
	if (pid == 0)
		exit(write_in_steps(begins_before));
	interrupt_writes(pid, interrupt_cell);
	CHECK(busy_count || !is_observed);
}

int main(void)
{
	check_writes(true);
	check_writes(false);
	return guest_passed();
}
