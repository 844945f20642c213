/*
 * A signal comes after each instruction of a write of half a granule in turn, and its handler
 * writes the other half: both are found in shadow memory when the epoch is over, where the write
 * is made once more.  Natively there is no shadow memory.
 */

#define STEPPED SIGUSR1

#include "stepped_halves.h"

static long begun;

/* --- Who writes --------------------------------------------------------------------- */

static int write_in_steps(void)
{
	pthread_t second;

	if (!stepped_begin(&second))
		return GUEST_SKIPPED;
	signal(INTERRUPTING, interrupt);
	for (round_number = 0; round_number < WARM_ROUNDS; round_number++) {
		write_first(round_number);
		write_second(round_number);
		end_epoch();
	}
	for (; !is_over && round_number < WARM_ROUNDS + ROUNDS_MOST; round_number++) {
		begun = round_number;
		raise(STEPPED);
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

/* An interrupt_after. */
static bool interrupt_part(pid_t pid, int number)
{
	if (!step_write(pid, number))
		return false;
	interrupt_write(pid);
	return true;
}

int main(void)
{
	pid_t pid = fork();

	CHECK(pid >= 0);
	if (pid == 0)
		exit(write_in_steps());
	interrupt_writes(pid, interrupt_part);
	return guest_passed();
}
