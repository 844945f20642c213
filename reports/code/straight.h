/*
 * Straight-line code: where the operands of an instruction come from, and what becomes of
 * what it loads.
 *
 * Follows a register backwards through moves, sums and stack slots, as far as control
 * comes straight.  Like what a pointer points to (pointee.h) that is a guess where
 * control flow joins.
 */
#ifndef REPORTS_TYPES_STRAIGHT_H
#define REPORTS_TYPES_STRAIGHT_H

#include "reports/symbols/elf_image.h"

/* A load of a pointer, or a call that returns one. */
struct pointer_load {
	uint64_t address; /* of the instruction */
	uint64_t end;	  /* ... where it ends: where a call returns to */
	bool has_target;  /* it loads a variable, which is at 'target' */
	uint64_t target;
};

/* Where the pointer comes from by which the instruction at @address reaches its operand.
 * False if it is not known: the pointer may be an argument. */
bool straight_find_load(struct elf_image *image, uint64_t address,
			struct pointer_load *load);

/* Is the instruction at @address a call of a library's function that gives its caller memory:
 * new, or as a file or another process has it?  No order comes with such a pointer. */
bool straight_makes_memory(struct elf_image *image, uint64_t address);

/* The address in the image, or other constant, that the instruction at @address stores. */
bool straight_find_stored(struct elf_image *image, uint64_t address,
			  uint64_t *value);

/* Does a locked comparison follow soon behind the load at @address, perhaps with what it has
 * loaded?  Then it does no harm if that was not atomic. */
bool straight_is_compared(struct elf_image *image, uint64_t address);

#endif
