/*
 * The scopes of source code around an address: blocks, inlined calls, function.
 *
 * dwarf_getscopes() looks through a whole unit for each address, which in a unit of
 * many templates takes longer than all else in a report.  Here the functions of
 * a unit are listed once.
 */
#ifndef REPORTS_SYMBOLS_SCOPES_H
#define REPORTS_SYMBOLS_SCOPES_H

#include "reports/symbols/elf_image.h"

/*
 * The scopes around @address as they are nested in the code, innermost first, the
 * function last.  Their number; 0 if no function of @unit has the address.
 */
int scopes_find(struct elf_image *image, const Dwarf_Die *unit, Dwarf_Addr address,
		Dwarf_Die **scopes);

#endif
