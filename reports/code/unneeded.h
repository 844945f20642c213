/*
 * Loads whose value is not needed on each way from there.
 *
 * Compilers move a load to where the source makes none: ahead of a branch, or out of a loop whose
 * rounds make it under a condition.  The value, and what is computed of it, is followed through
 * registers and stack slots along all ways up to what needs it (a branch, a store, an address, a
 * call, the result).  A way that ends without that, or a conditional move or a mask that may throw
 * it away, says that the source can do without the load.
 */
#ifndef REPORTS_CODE_UNNEEDED_H
#define REPORTS_CODE_UNNEEDED_H

#include "reports/symbols/elf_image.h"

#define UNNEEDED_LOOPS_MAX 240u

struct unneeded_row {
	uint32_t offset; /* of an instruction */
	uint32_t loop;	 /* its number; 0: it is in none */
};

/* The instructions behind the load in loops that it is not in itself, and those that mask parts of
 * a vector with its value: one loop may have become straight code. */
struct unneeded_loops {
	uint64_t start; /* of the function */
	struct unneeded_row rows[UNNEEDED_LOOPS_MAX];
	size_t count;
};

/* Is what the instruction at @address loads not needed on each way?  False also if it is not
 * known. */
bool unneeded_find(struct elf_image *image, uint64_t address, struct unneeded_loops *loops);

#endif
