/*
 * What a pointer points to: the type of memory that has no variable of its own.
 *
 * A heap block has no type, but who accesses it has: debug information knows
 * which variables are in registers and stack slots at an instruction, and of
 * what type.  From there the address is followed as it is computed: "mov
 * 0x8(%rax),%ecx" with a struct conn * in rax reads the field at offset 8.
 * (The idea is that of "perf annotate --data-type".)
 *
 * The way back is taken in a straight line, so it is a guess where ways join; what
 * is found must therefore have the size of the access.
 */
#ifndef REPORTS_TYPES_POINTEE_H
#define REPORTS_TYPES_POINTEE_H

#include "reports/symbols/elf_image.h"
#include "reports/types/types.h"

struct pointee {
	const char *root;	 /* the type pointed to: "struct conn" */
	uint64_t root_bytes;	 /* 0 if unknown */
	const char *variable;	 /* "main::done", of the accessing frame itself; or NULL */
	struct type_place place; /* in it */
};

/* What the instruction at @address accesses, @size_bytes of it; false if unknown. */
bool pointee_find(struct pool *pool, struct elf_image *image, uint64_t address, uint64_t size_bytes,
		  struct pointee *pointee);

#endif
