/*
 * Unwind tables: from an address to the entry that describes its function.
 *
 * A module's .eh_frame_hdr holds a sorted table of function starts, each with
 * the place of its frame description entry (FDE); that names the common part
 * (CIE) it shares with others (LSB Core, section 10.6).  Both carry call frame
 * instructions, which unwind_rules executes.
 *
 * Takes no lock and writes nothing but its result.
 */
#ifndef UNWIND_TABLE_H
#define UNWIND_TABLE_H

#include "base/types.h"

/* Where the return address is in the table's numbering of registers (System V
 * ABI, AMD64 supplement, figure 3.36); the registers proper come before it. */
#define UNWIND_RETURN_ADDRESS 16
#define UNWIND_REGISTER_COUNT 17

struct unwind_entry {
	uintptr_t function;		/* first address of the code described */
	uintptr_t function_end;		/* first address after it */
	const unsigned char *base;	/* the table's; all of it is within 2 GB of it */
	const unsigned char *common;	/* instructions of the common part ... */
	const unsigned char *common_end;
	const unsigned char *own;	/* ... and of the entry itself */
	const unsigned char *own_end;
	uint64_t code_alignment;
	int64_t data_alignment;
	uint8_t pointer_encoding; /* of addresses within the instructions */
	bool has_augmentation_data;
	bool is_signal_frame; /* the kernel's call of a handler, not a call */
};

enum unwind_lookup {
	UNWIND_FOUND,
	UNWIND_NOT_THERE, /* no module, no table, or no entry covers it */
	UNWIND_NOT_UNDERSTOOD
};

enum unwind_lookup unwind_table_find(uintptr_t address, struct unwind_entry *entry);

#endif
