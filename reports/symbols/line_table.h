/*
 * What a line table says of its files beyond their names: the digest of their content,
 * which DWARF 5 has room for (clang writes it).
 */
#ifndef REPORTS_SYMBOLS_LINE_TABLE_H
#define REPORTS_SYMBOLS_LINE_TABLE_H

#include "reports/symbols/elf_image.h"

#define LINE_TABLE_DIGEST_BYTES 16u

/*
 * The MD5 of file number @index of @unit, as dwarf_getsrcfiles() counts.  NULL if the
 * table has none.
 */
const unsigned char *line_table_digest(struct elf_image *image, Dwarf_Die *unit, size_t index);

#endif
