/*
 * An ELF file: its symbols, debug information and unwind table, each opened at the
 * first use.
 *
 * Addresses are the file's own (those of its symbols), so that processes that
 * loaded it at different addresses share one image.  A separate file of debug
 * information is found by build id.  A file whose build id is not the recorded one
 * is not used: its symbols and lines would be wrong.
 *
 * Read by elfutils, which knows all forms of debug information.  The guest, and what
 * is said of programs before they run, read ELF files by src/elf.
 */
#ifndef REPORTS_SYMBOLS_ELF_IMAGE_H
#define REPORTS_SYMBOLS_ELF_IMAGE_H

#include <elfutils/libdwfl.h>
#include <gelf.h>

#include "base/types.h"
#include "reports/model/pool.h"

struct elf_image {
	struct pool *pool;
	const char *path;
	const char *build_id; /* as recorded; "" if unknown */
	Dwfl *dwfl;
	Dwfl_Module *module; /* NULL: there is no usable file */
	bool is_dwarf_tried;
	Dwarf *dwarf;	/* NULL: none */
	bool has_changed; /* another file is at this path now */
	struct variable_index *variables; /* of types/variables.c */
	struct known_pointees *pointees;  /* of types/data.c */
	struct known_codes *codes;	  /* of types/code.c */
	struct unit_functions *functions; /* of scopes.c */
	struct unit_index *units;
	struct symbol_index *symbols;
};

/* Opens the symbols.  Never NULL: an unusable image has no names. */
struct elf_image *elf_image_open(struct pool *pool, const char *path, const char *build_id);
void elf_image_close(struct elf_image *image);

/* Loads the debug information if there is any. */
Dwarf *elf_image_dwarf(struct elf_image *image);

/* Name of the symbol that covers @address and the distance to its start, or
 * NULL.  @is_code asks for functions, else for data. */
const char *elf_image_symbol(struct elf_image *image, uint64_t address, bool is_code,
			     uint64_t *distance);

/* The symbol @name: its address and size.  False: there is none. */
bool elf_image_find_symbol(struct elf_image *image, const char *name, uint64_t *address,
			   uint64_t *size_bytes);

/* The first program header of @type; false: there is none. */
bool elf_image_header(struct elf_image *image, uint32_t type, GElf_Phdr *header);

/* Start of the function at @address by the unwind table; false if unknown. */
bool elf_image_function_start(struct elf_image *image, uint64_t address, uint64_t *start);

/* Is @address in code that handlers of signals return to, by the unwind table? */
bool elf_image_is_signal_return(struct elf_image *image, uint64_t address);

bool elf_image_unit(struct elf_image *image, uint64_t address, Dwarf_Die *unit, Dwarf_Addr *bias);

/* With -gsplit-dwarf the unit is a skeleton: moves on to its content, if found. */
void elf_image_enter_split_unit(Dwarf_Die *unit);

/* Demangles C++ and Rust names, and tells functions of glibc as their callers do; others
 * stay as they are. */
const char *demangle_name(struct pool *pool, const char *name);

#endif
