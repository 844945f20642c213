/*
 * A program for one fixed address, whose tables of cases lie in the code's segment, as
 * some linkers place them.  Nothing but these tables leads to a case behind one that does
 * not return, so the padding between them looks like a place for a jump.
 */
#include "../guest.h"

#ifndef __clang__
#pragma GCC optimize("no-guess-branch-probability")
#endif

#define STEPS 10000
#define CELLS 64u

enum step { ADD, PANIC, MOVE, MIX, SWAP, RAISE, FOLD, HALT, REST };

#define STEP_KINDS 8u

struct machine {
	unsigned long cells[CELLS];
	unsigned long at, sum;
};

static volatile int panics;

static __attribute__((noreturn, noinline)) void panic(const struct machine *machine)
{
	panics += (int)machine->at;
	abort();
}

/* The accesses of a case are not known to be made by the one before. */
static __attribute__((noinline)) void run_step(struct machine *machine, enum step step)
{
	unsigned long *cell = &machine->cells[machine->at % CELLS];

	switch (step) {
	case ADD:
		*cell += machine->sum;
		break;
	case PANIC:
		panic(machine);
	case MOVE:
		machine->cells[(machine->at + 7) % CELLS] = *cell;
		break;
	case MIX:
		if (machine->at > STEPS)
			panic(machine);
		*cell ^= *cell >> 3 ^ machine->at;
		break;
	case SWAP:
		machine->sum += *cell;
		*cell = machine->cells[0];
		break;
	case RAISE:
		machine->at++;
		if (machine->sum == 1)
			panic(machine);
		__attribute__((fallthrough));
	case FOLD:
		machine->sum = machine->sum * 31 + *cell;
		break;
	case HALT:
		panic(machine);
	case REST:
	default:
		machine->at += 3;
	}
}

static void *run_machine(void *argument)
{
	struct machine *machine = argument;

	for (unsigned i = 0; i < STEPS; i++) {
		enum step step = (enum step)(i * 5 % STEP_KINDS);

		run_step(machine, step == PANIC || step == HALT ? REST : step);
	}
	return NULL;
}

int main(void)
{
	struct machine machines[2] = {{.sum = 3}, {.sum = 3}};
	pthread_t thread = guest_start(run_machine, &machines[1]);

	run_machine(&machines[0]);
	guest_join(thread);
	CHECK(!memcmp(&machines[0], &machines[1], sizeof(machines[0])));
	return guest_passed();
}
