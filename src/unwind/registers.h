/*
 * The registers of the current frame of an unwind.
 *
 * A caller's register is recovered lazily: a step only notes where it was saved.
 * The word is read, and the result then depends on it, when a frame needs the
 * register to find its own caller.  Most saved registers are never needed.
 *
 * Words are read only in pages known to be mapped: the kernel is asked once for
 * each page of the stack beyond the first one.
 */
#ifndef UNWIND_REGISTERS_H
#define UNWIND_REGISTERS_H

#include "elf/eh_frame.h"
#include "unwind/arch.h"
#include "unwind/unwind.h"

enum register_place {
	PLACE_LOST,  /* not known: reading it ends the unwind */
	PLACE_START, /* as at the start of the unwind, where it may not be known */
	PLACE_WORD,  /* the value is the address of the stack word that holds it */
	PLACE_VALUE  /* the value is the register's */
};

struct unwind_registers {
	struct unwind_result *result; /* gets every word read; may be NULL */
	uintptr_t address;	      /* the program counter */
	uintptr_t floor;	      /* no word of this frame is below it */
	uintptr_t highest_word;	      /* the highest one that was read in this frame */
	uintptr_t readable_start;     /* from here ... */
	uintptr_t readable_end;	      /* ... to here all pages are known to be mapped */
	bool start_is_known;	      /* all preserved registers, not only the frame pointer */
	uint8_t places[ARCH_DWARF_RETURN_ADDRESS]; /* enum register_place */
	uintptr_t values[ARCH_DWARF_RETURN_ADDRESS];
};

/* Reads the word at @address of the current frame.  False if there can be none. */
bool unwind_read_word(struct unwind_registers *registers, uintptr_t address, uintptr_t *value);

/* The value of register @number.  False if it cannot be known. */
bool unwind_read_register(struct unwind_registers *registers, unsigned int number,
			  uintptr_t *value);

#endif
