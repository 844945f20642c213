/* The names of an ELF file's functions, by address; none if it is stripped. */
#ifndef ELF_SYMBOL_NAMES_H
#define ELF_SYMBOL_NAMES_H

#include "base/types.h"

struct symbol_name {
	uint64_t address;
	const char *name; /* in the file */
};

struct symbol_names {
	struct symbol_name *rows; /* by address */
	size_t count;
};

/* Reads .symtab, or else .dynsym; what is damaged is left out. */
void symbol_names_read(struct symbol_names *names, const unsigned char *file, size_t size_bytes);
void symbol_names_free(struct symbol_names *names);

/* The name of the symbol at @address exactly, or NULL. */
const char *symbol_names_find(const struct symbol_names *names, uint64_t address);

#endif
