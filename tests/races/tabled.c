/*
 * RULES, 'Plain or atomic': code with unwind tables is observed, in which untabled.c's is not.
 * Data between functions is no code, though it looks like locked instructions.
 */
#include "tables.h"

MAKE_LOCK(".cfi_startproc", ".cfi_endproc")

__asm__(".text\n"
	".byte 0x06, 0xf0, 0x83, 0x07, 0x01, 0x06, 0xf0, 0x83, 0x07, 0x01, 0x06\n"
	".skip 300, 0\n"
	".byte 0x87, 0x07\n");

static int free_datum;

static void *free_write(void *unused)
{
	(void)unused;
	free_datum = 1;
	return NULL;
}

static void *free_read(void *unused)
{
	(void)unused;
	KEEP(free_datum);
	MUST(free_datum < 2);
	return NULL;
}

RACE(free)

int main(int argc, char **argv)
{
	static const struct race_case cases[] = {
		CASE(held, "silent"),
		CASE(free, "data-race:error"),
	};

	return RUN_CASES(cases, argc, argv);
}
