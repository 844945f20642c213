/*
 * Static data by debug information: which variable, element and field it is.
 *
 * The index of a file's variables is built at the first use.
 */
#ifndef REPORTS_TYPES_VARIABLES_H
#define REPORTS_TYPES_VARIABLES_H

#include "reports/symbols/elf_image.h"
#include "reports/types/types.h"

struct variable_place {
	const char *name;	 /* "bank::accounts[3].balance" */
	const char *stable_name; /* the same for all elements: "bank::accounts[].balance" */
	const char *file;	 /* of the declaration: "bank.c", or NULL */
	unsigned line;
	uint64_t offset;  /* in the variable */
	bool is_nameless; /* no symbol either: the name is an offset in its module */
	struct type_place part;
};

/* The part of a variable with @size_bytes at @address of the file, if any. */
bool variable_find(struct pool *pool, struct elf_image *image, uint64_t address,
		   uint64_t size_bytes, struct variable_place *place);

/* Completes *@place, which is at an offset of @symbol: finds its part by a declaration
 * in another file than the one that defines it, if there is one. */
void variable_find_declared(struct pool *pool, struct elf_image *image, const char *symbol,
			    uint64_t size_bytes, struct variable_place *place);

/* The type of the part with exactly @size_bytes at @address, if any. */
bool variable_type(struct pool *pool, struct elf_image *image, uint64_t address,
		   uint64_t size_bytes, Dwarf_Die *type);

/* A lock's name by its variable, element and field: "bank.c:accounts[0].lock"; or NULL. */
const char *variable_name(struct pool *pool, struct elf_image *image, uint64_t address);

#endif
