/*
 * Types by debug information: what lies at an offset inside of a value.
 *
 * From a variable's type and a distance, down through arrays, structures and
 * base classes to the smallest part that has all the bytes asked for.
 */
#ifndef REPORTS_TYPES_TYPES_H
#define REPORTS_TYPES_TYPES_H

#include <elfutils/libdw.h>

#include "base/types.h"
#include "reports/model/pool.h"

struct type_place {
	const char *path;	 /* "[3].balance"; "" is the whole */
	const char *stable_path; /* "[].balance": the same for all elements */
	const char *type;	 /* of the part: "long"; NULL if unknown */
	const char *holder;	 /* what has the field: "struct account", or NULL */
	const char *field;	 /* "balance", or NULL */
	uint64_t field_offset;	 /* of the field in its holder */
	unsigned encoding;	 /* DW_ATE_..., if the part is a number; else 0 */
	uint64_t number_bytes;	 /* ... and its size */
	bool is_atomic;		 /* the part is, or is in, an atomic type */
	bool is_volatile;	 /* the same of volatile */
};

/* The type of a variable, member or type @die. */
bool type_of(Dwarf_Die *die, Dwarf_Die *type);

/*
 * What has the bytes [@offset, @offset + @size_bytes) of a @type.  A size of 0
 * asks for the lock that begins there: its own parts are of no interest.
 */
struct type_place type_find_place(struct pool *pool, const Dwarf_Die *type, uint64_t offset,
				  uint64_t size_bytes);

/* The type of the whole part of @type that has these bytes; false if none has. */
bool type_find_part(struct pool *pool, const Dwarf_Die *type, uint64_t offset, uint64_t size_bytes,
		    Dwarf_Die *part);

/* Is it a structure that ends in an array of any length? */
bool type_is_open(const Dwarf_Die *type);

/* "struct account", "char *", "int[8]"; NULL if it has no name. */
const char *type_name(struct pool *pool, const Dwarf_Die *type);

/* Is it by its name a type of locks or of other synchronisation objects? */
bool type_is_lock(Dwarf_Die *type);

/* True for _Atomic, std::atomic and its parts, and Rust's atomics. */
bool type_is_atomic(const Dwarf_Die *type);

#endif
