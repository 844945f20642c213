/*
 * Members of structures, classes and unions by debug information: where each is, how many
 * bytes it takes, and which is at an offset.  Bit fields are found by the bytes that their
 * bits are in; base classes count as members, if they have data.
 */
#ifndef REPORTS_TYPES_MEMBERS_H
#define REPORTS_TYPES_MEMBERS_H

#include "reports/types/types.h"

bool member_is_bit_field(Dwarf_Die *member);

/* In bytes from the start of the structure. */
uint64_t member_offset(Dwarf_Die *member);

/* The only field or base class of @type with bytes in the range; of several bit
 * fields the first. */
bool member_find(Dwarf_Die *type, uint64_t offset, uint64_t size_bytes, Dwarf_Die *found);

/* "{ready, busy}": the bit fields that one access touches. */
const char *member_bit_field_names(struct pool *pool, Dwarf_Die *type, uint64_t offset,
				   uint64_t size_bytes);

#endif
