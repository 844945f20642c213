/*
 * RULES, 'Happens-before': matrices that are walked by columns, each step in another page.
 */
#include "cases.h"

#define ROWS 96
#define ROUNDS 4

static double columns_written_data[ROWS][ROWS] __attribute__((aligned(4096)));

static void *columns_written_read(void *writes)
{
	double sum = 0;

	for (int round = 0; round < ROUNDS; round++)
		for (int column = 0; column < ROWS; column++)
			for (int row = 0; row < ROWS; row++)
				sum += columns_written_data[row][column];
	KEEP(sum);
	if (writes)
		columns_written_data[ROWS / 2][ROWS / 2] += 1;
	return NULL;
}

static void *columns_written_write(void *unused)
{
	(void)unused;
	return columns_written_read(&columns_written_data);
}

static void columns_written_case(void)
{
	run_both(columns_written_read, columns_written_write, NULL);
}

/* Who has joined the readers may write, and new readers see what was written. */
static double columns_handed_data[ROWS][ROWS] __attribute__((aligned(4096)));

static void *columns_handed_read(void *unused)
{
	double sum = 0;

	(void)unused;
	for (int round = 0; round < ROUNDS; round++)
		for (int column = 0; column < ROWS; column++)
			for (int row = 0; row < ROWS; row++)
				sum += columns_handed_data[row][column];
	KEEP(sum);
	return NULL;
}

static void columns_handed_case(void)
{
	for (int turn = 0; turn < 3; turn++) {
		columns_handed_data[turn][ROWS / 2] += 1;
		run_both(columns_handed_read, columns_handed_read, NULL);
	}
}

static const struct race_case cases[] = {
	CASE(columns_written, "data-race:error"),
	CASE(columns_handed, "silent"),
};

int main(int argc, char **argv)
{
	return RUN_CASES(cases, argc, argv);
}
