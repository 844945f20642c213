/*
 * One ELF file as the symbolizer sees it: symbols, debug information, unwind
 * table, each opened when first asked for.
 *
 * Addresses here are the file's own (those of its symbols), so that images are
 * shared between processes that loaded them at different places.  Debug
 * information in a file of its own is found by build id.  An image whose build
 * id is not the recorded one is not used: its lines would be lies.
 */
#ifndef REPORTS_SYMBOLS_ELF_IMAGE_H
#define REPORTS_SYMBOLS_ELF_IMAGE_H

#include <elfutils/libdwfl.h>

#include "base/types.h"
#include "reports/model/pool.h"

struct elf_image {
	struct pool *pool;
	const char *path;
	const char *build_id; /* as recorded; "" if unknown */
	Dwfl *dwfl;
	Dwfl_Module *module; /* NULL: cannot be used */
	bool is_dwarf_tried;
	Dwarf *dwarf;	/* NULL: none */
	bool has_changed; /* another file is at this path now */
	struct variable_index *variables; /* of types/variables.c */
	struct pointee_answers *pointees; /* of types/data.c */
	struct unit_functions *functions; /* of scopes.c */
	struct unit_index *units;
};

/* Opens symbols only.  Never NULL: an unusable image yields no names. */
struct elf_image *elf_image_open(struct pool *pool, const char *path, const char *build_id);
void elf_image_close(struct elf_image *image);

/* Loads the debug information if there is any. */
Dwarf *elf_image_dwarf(struct elf_image *image);

/*
 * Name of the symbol that covers @address and the distance to its start, or
 * NULL.  @is_code asks for functions, else for data.
 */
const char *elf_image_symbol(struct elf_image *image, uint64_t address, bool is_code,
			     uint64_t *distance);

/* Start of the function at @address by the unwind table; false if unknown. */
bool elf_image_function_start(struct elf_image *image, uint64_t address, uint64_t *start);

/* The compilation unit of @address; false if there is none. */
bool elf_image_unit(struct elf_image *image, uint64_t address, Dwarf_Die *unit, Dwarf_Addr *bias);

/* With -gsplit-dwarf the unit is a skeleton: goes on to its content if found. */
void elf_image_enter_split_unit(Dwarf_Die *unit);

/* A symbol as people write it: demangled for C++ and Rust, else as it is. */
const char *demangle_name(struct pool *pool, const char *name);

#endif
