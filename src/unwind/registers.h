/*
 * The registers of the frame that the walk has come to.
 *
 * A caller's register is recovered lazily: the walk notes where it was saved,
 * and the word is read, and with that becomes something the result rests on,
 * only when a frame needs the register to find its own caller.  Most saved
 * registers are never needed.
 *
 * Words are read only in pages known to be mapped: the kernel is asked once for
 * each page of the stack beyond the one the walk began in.
 */
#ifndef UNWIND_REGISTERS_H
#define UNWIND_REGISTERS_H

#include "elf/eh_frame.h"
#include "unwind/arch.h"
#include "unwind/unwind.h"

enum register_place {
	PLACE_LOST,  /* nobody knows: asking for it ends the walk */
	PLACE_START, /* as it was at the start; the value may not be known */
	PLACE_WORD,  /* in the stack word at this address */
	PLACE_VALUE  /* this */
};

struct unwind_registers {
	struct unwind_result *result; /* told of every word read; may be NULL */
	uintptr_t address;	      /* of the code: the program counter */
	uintptr_t floor;	      /* no word of this frame is below it ... */
	uintptr_t highest_word;	      /* ... and this is the highest read in it */
	uintptr_t readable_page;      /* the last seen to be mapped */
	bool start_is_known;	      /* all of it, not only rbp */
	uint8_t places[DWARF_RETURN_ADDRESS]; /* enum register_place */
	uintptr_t values[DWARF_RETURN_ADDRESS];
};

/* Reads the word at @address of the present frame.  False if that is nonsense. */
bool unwind_read_word(struct unwind_registers *registers, uintptr_t address, uintptr_t *value);

/* The value of register @number.  False if it cannot be known. */
bool unwind_read_register(struct unwind_registers *registers, unsigned int number,
			  uintptr_t *value);

#endif
