/*
 * RULES, 'Plain or atomic': what may be ordered by code that is not observed is a warning.  Code
 * without unwind tables is not; the same with them is in tabled.c.
 */
#include "tables.h"

MAKE_LOCK("", "")

int main(int argc, char **argv)
{
	static const struct race_case cases[] = {
		CASE(held, "data-race:warning"),
	};

	return RUN_CASES(cases, argc, argv);
}
