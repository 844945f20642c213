/*
 * Call frame information: where functions begin and end, how to find a caller's
 * frame, and where exceptions land.
 *
 * .eh_frame has an entry (FDE) for each function, also in stripped files; an
 * entry names the part that it shares with others (CIE).  Both hold call frame
 * instructions, which unwind/rules.c executes.  .eh_frame_hdr is a table of the
 * entries sorted by address.  An entry may point to language-specific data
 * (LSDA), in which C++ and its relatives list landing pads.  The formats are
 * those of the Linux Standard Base (Core, section 10.6), of DWARF 5 (section
 * 6.4) and of the Itanium C++ ABI.
 *
 * Every read is checked against the segments given.  The planner gives those of
 * a file or a loaded module, the unwinder a loaded module as one segment.  Takes
 * no lock and writes nothing but its results.
 */
#ifndef ELF_EH_FRAME_H
#define ELF_EH_FRAME_H

#include "base/arch/arch.h"
#include "elf/image.h"

#define DWARF_REGISTER_COUNT (ARCH_DWARF_RETURN_ADDRESS + 1)

/* A module's .eh_frame_hdr. */
struct eh_frame {
	const struct image_segment *segments;
	unsigned segment_count;
	uint64_t header; /* its address */
	const unsigned char *rows;
	uint32_t row_count;
};

struct eh_frame_entry {
	uint64_t function, function_end;
	uint64_t lsda;				  /* 0: none */
	const unsigned char *own, *own_end;	  /* instructions of the entry itself */
	const unsigned char *common, *common_end; /* ... and of its CIE */
	uint64_t common_address; /* of the CIE, which is read once for a run of entries */
	uint64_t code_alignment;
	int64_t data_alignment;
	uint8_t pointer_encoding, lsda_encoding;
	bool has_augmentation;
	bool is_signal_frame; /* the kernel's call of a handler, not a call */
};

/* False with *@why if there is no search table at @header that can be read. */
bool eh_frame_open(struct eh_frame *frames, const struct image_segment *segments,
		   unsigned segment_count, uint64_t header, const char **why);

/* The last function that starts at or below @address, and the address of its
 * entry, by the search table alone.  False: there is none. */
bool eh_frame_search(const struct eh_frame *frames, uint64_t address, uint64_t *function,
		     uint64_t *entry_address);

/* The entry at @address.  @entry is all zeroes or was read from @frames before.
 * False: no entry, or one that is not understood. */
bool eh_frame_read(const struct eh_frame *frames, uint64_t address, struct eh_frame_entry *entry);

typedef void (*eh_frame_function)(void *context, const struct eh_frame_entry *entry);

/* Calls for each function of @image, by address if there is a search table.  False
 * with *@why if that cannot be read; entries that cannot be read are left out. */
bool eh_frame_each(const struct image *image, eh_frame_function call, void *context,
		   const char **why);

/* At least as many as eh_frame_each() calls for. */
uint32_t eh_frame_count(const struct image *image);

typedef void (*landing_pad_function)(void *context, uint64_t address);

/* Calls for each landing pad in the data at @lsda of the function at @function.
 * False if the data cannot be read. */
bool eh_frame_each_landing_pad(const struct image *image, uint64_t lsda, uint64_t function,
			       landing_pad_function call, void *context);

#endif
