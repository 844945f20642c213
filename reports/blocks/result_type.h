/*
 * The type of what a call has returned, by what becomes of it.
 *
 * "new Engine" asks for bytes and then calls the constructor with their address, which may be
 * inlined: a variable of the right type, 'this' or another, has it in a register, or a
 * variable in memory gets it.
 */
#ifndef REPORTS_BLOCKS_RESULT_TYPE_H
#define REPORTS_BLOCKS_RESULT_TYPE_H

#include "reports/symbols/elf_image.h"

/* The class of @size_bytes whose address the call before @address of the file has returned; false
 * if it is unknown. */
bool result_type_find(struct elf_image *image, uint64_t address, uint64_t size_bytes,
		      Dwarf_Die *type);

#endif
