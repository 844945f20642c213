/*
 * The names of a module's functions, from its file: for debuggers and
 * profilers.
 *
 * The loader maps dynamic symbols only.  The others are read from the file.
 */
#ifndef PRELOAD_DEBUGGER_FUNCTION_NAMES_H
#define PRELOAD_DEBUGGER_FUNCTION_NAMES_H

#include "elf/mapped_file.h"
#include "preload/code/clones.h"
#include "elf/image.h"
#include "x86/plan.h"

struct function_names {
	struct mapped_file file;
	const char **by_function; /* in the file; NULL: it has none */
	size_t page_bytes;
	const char *module; /* base name of the file */
};

/* Reads the names of @plan's functions from the file at @path, which has
 * @image.  If it cannot be read there are none. */
void function_names_read(struct function_names *names, const char *path,
			 const struct clone_region *region, const struct image *image,
			 const struct plan *plan);
void function_names_free(struct function_names *names);

#define FUNCTION_NAME_BYTES 1024

/* Writes the name of @function, number @index; without one, "MODULE+0xOFFSET"
 * from the module's start @from.  Returns its length. */
size_t function_name_write(const struct function_names *names, uint32_t index, uint64_t from,
			   char name[FUNCTION_NAME_BYTES]);

#endif
