/*
 * Types by debug information: which part of a value is at an offset.
 *
 * The search goes from the type of a variable down through arrays, structures and
 * base classes to the smallest part that contains all the wanted bytes.
 */
#ifndef REPORTS_TYPES_TYPES_H
#define REPORTS_TYPES_TYPES_H

#include <elfutils/libdw.h>

#include "base/types.h"
#include "reports/model/pool.h"
#include "reports/types/containers.h"

#define TYPES_NESTED_MOST 32 /* of nested types */

struct type_place {
	const char *path;	 /* "[3].balance"; "" is the whole */
	const char *stable_path; /* "[].balance": the same for all elements */
	const char *type;	 /* of the part: "long"; NULL if unknown */
	const char *holder;	 /* the structure that has the field: "struct account"; or NULL */
	const char *field;	 /* "balance", or NULL */
	uint64_t field_offset;	 /* of the field in its holder */
	struct container_member in_container; /* if it is hidden in a library class */
	unsigned encoding;	 /* DW_ATE_..., if the part is a number; else 0 */
	uint64_t number_bytes;	 /* ... and its size */
	bool is_atomic;		 /* the part is, or is in, an atomic type */
	bool is_volatile;	 /* the same of volatile */
	bool is_reference;	 /* the part is a reference, which no atomic operation loads */
	bool is_lock;		 /* the search ended at the type of a lock */
	bool is_bit_field;	 /* ... or at one or more bit fields */
};

/* The type of a variable, member or type @die. */
bool type_of(Dwarf_Die *die, Dwarf_Die *type);

/* Strips qualifiers and typedefs of @type, and notes them in @place; true if it met a lock's
 * type. */
bool type_peel(Dwarf_Die *type, struct type_place *place);

/* The part of @type with the bytes [@offset, @offset + @size_bytes).  A size of 0
 * asks for the lock that begins there, and the search stops at a lock's type. */
struct type_place type_find_place(struct pool *pool, const Dwarf_Die *type, uint64_t offset,
				  uint64_t size_bytes);

/* The type of the part that has exactly these bytes; false if there is none. */
bool type_find_part(struct pool *pool, const Dwarf_Die *type, uint64_t offset, uint64_t size_bytes,
		    Dwarf_Die *part);

/* True for a structure that ends in a flexible array member. */
bool type_is_open(const Dwarf_Die *type);

/* "struct account", "char *", "int[8]"; NULL if it has no name. */
const char *type_name(struct pool *pool, const Dwarf_Die *type);

/* True if its name is that of a lock or other synchronisation object. */
bool type_is_lock(Dwarf_Die *type);

/* True for _Atomic, std::atomic and its parts, and Rust's atomics. */
bool type_is_atomic(const Dwarf_Die *type);

#endif
