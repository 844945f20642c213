/*
 * Unwind information: where functions begin and end, and where exceptions land.
 *
 * .eh_frame has an entry (FDE) for each function, also in stripped files, and
 * .eh_frame_hdr a sorted table of them.  An entry may point to language-specific
 * data (LSDA), in which C++ and its relatives list landing pads.  The formats
 * are those of the Linux Standard Base and of the Itanium C++ ABI.
 */
#ifndef ELF_EH_FRAME_H
#define ELF_EH_FRAME_H

#include "elf/image.h"

struct unwind_range {
	uint64_t start, size_bytes;
	uint64_t lsda;	      /* 0: none */
	bool is_signal_frame; /* returns where no call was made */
};

typedef void (*unwind_range_function)(void *context, const struct unwind_range *range);

/*
 * Calls for each function, by address if there is a sorted table of them.  False
 * with *@why if that cannot be read; entries that cannot are left out.
 */
bool eh_frame_each(const struct image *image, unwind_range_function call, void *context,
		   const char **why);

/* At least as many as eh_frame_each() calls for. */
uint32_t eh_frame_count(const struct image *image);

typedef void (*landing_pad_function)(void *context, uint64_t address);

/* Calls for each landing pad of @range.  False if its data cannot be read. */
bool landing_pads_each(const struct image *image, const struct unwind_range *range,
		       landing_pad_function call, void *context);

#endif
