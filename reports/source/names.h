/*
 * What an identifier of the source can be, by debug information.
 *
 * Every name in a statement is declared in its unit, except macros: so an unknown
 * name may be one.  The names of a unit are listed once; a name's type is read when
 * the name is looked up.
 */
#ifndef REPORTS_SOURCE_NAMES_H
#define REPORTS_SOURCE_NAMES_H

#include "reports/symbols/elf_image.h"

enum name_flag {
	NAME_DATA = 1u << 0,   /* a variable, member or parameter */
	NAME_MEMBER = 1u << 1, /* ... a member */
	NAME_FUNCTION = 1u << 2,
	NAME_OTHER = 1u << 3,	 /* a type, an enumerator, a namespace ... */
	NAME_ATOMIC = 1u << 4,	 /* data of an atomic type, or a pointer to such data */
	NAME_VOLATILE = 1u << 5, /* a pointer to volatile data */
	NAME_REFERENCE = 1u << 6, /* data that is a reference of C++, or a function's result */
	NAME_TYPE = 1u << 7,	 /* another name of a type, which may be atomic or volatile */
	NAME_VOLATILE_ITSELF = 1u << 8 /* volatile data; what it points to is not for that */
};

struct names;

/* Its memory is the pool's. */
struct names *names_new(struct pool *pool);

/* The flags of all declarations of @name in the unit of @address; 0 if there is none. */
uint32_t names_look_up(struct names *names, struct elf_image *image, uint64_t address,
		       const char *name, size_t length);

/* Are @member and @name members of one structure of that unit? */
bool names_are_siblings(struct names *names, struct elf_image *image, uint64_t address,
			const char *member, const char *name, size_t length);

/* The unit's compiler, as DWARF names it, or NULL. */
const char *names_producer(struct elf_image *image, uint64_t address);

#endif
