/*
 * A cursor over an image's bytes that reads DWARF's numbers and pointers.
 *
 * A cursor that meets the end, or a form it does not know, sets 'failed', and
 * yields zeroes from then on: check once, at the end.
 */
#ifndef ELF_DWARF_READER_H
#define ELF_DWARF_READER_H

#include "elf/image.h"

#define DWARF_OMIT 0xff /* the encoding of a pointer that is not there */

struct dwarf_reader {
	const unsigned char *at, *end;
	uint64_t address; /* of 'at' */
	const struct image *image;
	bool failed;
};

/* From @address up to the end of its segment. */
struct dwarf_reader dwarf_reader_at(const struct image *image, uint64_t address);

/* Little-endian, 1 to 8 bytes. */
uint64_t dwarf_read(struct dwarf_reader *reader, unsigned size_bytes);
uint64_t dwarf_read_uleb(struct dwarf_reader *reader);
int64_t dwarf_read_sleb(struct dwarf_reader *reader);
void dwarf_skip(struct dwarf_reader *reader, uint64_t size_bytes);

/* The pointer that @encoding says; @data_base is what data-relative ones count
 * from.  A value of 0 stays 0. */
uint64_t dwarf_read_encoded(struct dwarf_reader *reader, uint8_t encoding, uint64_t data_base);

#endif
