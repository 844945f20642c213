/*
 * A signal comes after each instruction of a write of half a granule in turn, the halves of which
 * have cells; its handler writes the other half.  Both are found in shadow memory when the epoch
 * is over, where the write is made once more, and no handler finds the word busy, which would
 * wait for ever.  The same of a write with which an epoch begins.  Natively there is no shadow
 * memory.
 */
#include "stepped.h"

#include "base/shadow_place.h"

#define WARM_ROUNDS 600 /* the first accesses of each line keep their callers */
#define ROUNDS_MOST 2000
#define STEPPED SIGTRAP /* no call, which would end the epoch */
#define WRITTEN SIGUSR2
#define RECORDED SIGWINCH
#define INTERRUPTING SIGALRM

#define ALL_BYTES 0xff
#define FORM_CELLS 0x100
#define FORM_BUSY 0x500

static struct halves {
	int first, second;
} halves[WARM_ROUNDS + ROUNDS_MOST] __attribute__((aligned(8)));

static volatile long is_over; /* set by who looks */
static int round_number;
static long other;
static volatile int in_epoch;
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

/* The first access that is recorded. */
static __attribute__((noinline)) void begin_epoch(int number)
{
	in_epoch = number;
}

static void interrupt(int signal)
{
	(void)signal;
	write_second(round_number);
}

static void end_epoch(void)
{
	pthread_mutex_lock(&lock);
	other++;
	pthread_mutex_unlock(&lock);
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

/* Interrupts it after so many steps; false: it has come to the end of the write before. */
static bool interrupt_after(pid_t pid, int steps)
{
	int number = WARM_ROUNDS + steps;
	int form = form_of(pid, number);

	CHECK(form == FORM_CELLS || form == -1);
	is_observed |= form == FORM_CELLS;
	for (; steps; steps--) {
		CHECK(ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL) == 0);
		if (stepped_stop(pid) == WRITTEN)
			return false;
	}
	busy_count += form_of(pid, number) == FORM_BUSY;
	/* It is sent again if its handler has to wait. */
	for (int signal = INTERRUPTING; signal != WRITTEN; signal = stepped_stop(pid)) {
		CHECK_IS(signal, INTERRUPTING);
		CHECK(ptrace(PTRACE_CONT, pid, NULL, INTERRUPTING) == 0);
	}
	return true;
}

static void check_recorded(pid_t pid, int number)
{
	uint64_t word;

	if (!stepped_peek(pid, SHADOW_WRITE_PLACE((uintptr_t)&halves[number]), &word))
		return;
	CHECK_IS(word & STEPPED_FORM_MASK, 0);
	CHECK_IS(word & ALL_BYTES, ALL_BYTES);
}

static void interrupt_writes(pid_t pid)
{
	int number = 0;
	bool is_last = false;
	int signal;

	while ((signal = stepped_stop(pid)) != 0) {
		if (signal == STEPPED && !interrupt_after(pid, number)) {
			is_last = true;
			CHECK(ptrace(PTRACE_POKEDATA, pid, &is_over, 1) == 0);
		} else if (signal == RECORDED && !is_last) {
			check_recorded(pid, WARM_ROUNDS + number++);
		}
		CHECK(ptrace(PTRACE_CONT, pid, NULL, NULL) == 0);
	}
	CHECK(is_last);
	CHECK(busy_count || !is_observed);
}

static void check_writes(bool begins_before)
{
	pid_t pid = fork();

	CHECK(pid >= 0);
	if (pid == 0)
		exit(write_in_steps(begins_before));
	interrupt_writes(pid);
}

int main(void)
{
	check_writes(true);
	check_writes(false);
	return guest_passed();
}
