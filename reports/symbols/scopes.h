/*
 * The scopes of source code around an address: blocks, inlined calls, function.
 *
 * dwarf_getscopes() searches a whole unit for each address.  In units with many
 * templates that took longer than the rest of a report, so here the functions of a
 * unit are listed once.
 */
#ifndef REPORTS_SYMBOLS_SCOPES_H
#define REPORTS_SYMBOLS_SCOPES_H

#include "reports/symbols/elf_image.h"

/* The scopes around @address, innermost first, the function last.  Returns their
 * number; 0 if no function of @unit contains the address. */
int scopes_find(struct elf_image *image, const Dwarf_Die *unit, Dwarf_Addr address,
		Dwarf_Die **scopes);

/* The same around @address of the file, whose unit's addresses are smaller by *@bias; 0 if no
 * unit has it. */
int scopes_at(struct elf_image *image, uint64_t address, Dwarf_Die **scopes, Dwarf_Addr *bias);

/* "store::(anonymous namespace)::Cache::": the namespaces, classes and functions in which @die is
 * declared; "" where one is a lambda, too. */
const char *scopes_prefix(struct pool *pool, const Dwarf_Die *die);

#endif
