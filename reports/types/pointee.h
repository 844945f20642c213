/*
 * What a pointer points to: the type of memory that is no variable.
 *
 * A heap block has no type in debug information, but the accessing code has: it is
 * known which variables are in registers and stack slots at an instruction, and
 * their types.  From these the address computation is followed: "mov
 * 0x8(%rax),%ecx" with a struct conn * in rax reads the field at offset 8.
 * (The idea is that of "perf annotate --data-type".)
 *
 * The instructions are followed backwards in a straight line, which is a guess where
 * control flow joins.  So a result counts only if it has the size of the access.
 */
#ifndef REPORTS_TYPES_POINTEE_H
#define REPORTS_TYPES_POINTEE_H

#include "reports/symbols/elf_image.h"
#include "reports/types/types.h"

struct pointee {
	const char *root;	 /* the type pointed to: "struct conn"; NULL if it has no name */
	uint64_t root_bytes;	 /* 0 if unknown */
	const char
		*variable; /* "main::done": a local variable of the accessing function; or NULL */
	struct type_place place; /* in it, ... */
	Dwarf_Die type;
	uint64_t offset; /* ... at this offset of the type */
};

/* What the instruction at @address accesses, with @size_bytes; false if unknown. */
bool pointee_find(struct pool *pool, struct elf_image *image, uint64_t address, uint64_t size_bytes,
		  struct pointee *pointee);

#endif
