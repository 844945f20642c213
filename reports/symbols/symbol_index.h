/*
 * The symbols of an ELF file by their addresses.
 *
 * libdw looks through all symbols for each address, which takes milliseconds in large
 * files.  Here they are sorted once.  Of symbols that cover an address, global ones come
 * before local ones, then that which begins last counts, then the shorter one.  A symbol
 * without a size, as assembly has them, reaches to the next symbol of its section.
 */
#ifndef REPORTS_SYMBOLS_SYMBOL_INDEX_H
#define REPORTS_SYMBOLS_SYMBOL_INDEX_H

#include <elfutils/libdwfl.h>

#include "base/types.h"
#include "reports/model/pool.h"

struct symbol_index;

struct indexed_symbol {
	uint64_t start;
	uint64_t end; /* start: it has no size */
	uint64_t reached; /* the last end of this and all before it */
	const char *name;
	uint32_t section;
	int number; /* in its table */
	unsigned char type;
	unsigned char rank; /* 0: local */
};

struct symbol_index *symbol_index_new(struct pool *pool, Dwfl_Module *module);

/* The symbol at @address, or NULL. */
const struct indexed_symbol *symbol_index_find(const struct symbol_index *index, uint64_t address);

#endif
