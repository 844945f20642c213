/*
 * What an identifier of the source can be, by debug information.
 *
 * Everything that a statement names is declared in its unit, but for macros: a
 * name that is not known here may be one.  The names of a unit are listed once,
 * their types looked at when they are asked for.
 */
#ifndef REPORTS_SOURCE_NAMES_H
#define REPORTS_SOURCE_NAMES_H

#include "reports/symbols/elf_image.h"

enum name_flag {
	NAME_DATA = 1u << 0,   /* a variable, member or parameter */
	NAME_MEMBER = 1u << 1, /* ... a member */
	NAME_FUNCTION = 1u << 2,
	NAME_OTHER = 1u << 3,	 /* a type, an enumerator, a namespace ... */
	NAME_ATOMIC = 1u << 4,	 /* data of an atomic type, or pointing to it */
	NAME_VOLATILE = 1u << 5, /* the same of volatile */
	NAME_REFERENCE = 1u << 6 /* data that is a reference of C++ */
};

struct names;

/* Its memory is the pool's. */
struct names *names_new(struct pool *pool);

/* Flags of all that is called @name in the unit of @address; 0 if nothing is. */
uint32_t names_look_up(struct names *names, struct elf_image *image, uint64_t address,
		       const char *name, size_t length);

/* What the unit's compiler calls itself, or NULL. */
const char *names_producer(struct elf_image *image, uint64_t address);

#endif
