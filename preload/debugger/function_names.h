/*
 * Names of a module's functions, as its file tells them: for who looks at the
 * program from outside (a debugger, a profiler) and meets a clone.
 *
 * The loader maps no more than the names that modules show each other; the rest
 * is in the file only, which is read once and put away again.
 */
#ifndef PRELOAD_DEBUGGER_FUNCTION_NAMES_H
#define PRELOAD_DEBUGGER_FUNCTION_NAMES_H

#include "preload/code/clones.h"
#include "elf/image.h"
#include "x86/plan.h"

struct function_names {
	void *pages; /* of all the rest */
	size_t page_bytes;
	uint32_t *by_function; /* where its name begins; 0: it has none */
	uint32_t count;
	const char *strings;
	const char *module; /* base name of the file */
};

/* Of @plan's functions, @image being in the file at @path.  A file that cannot be
 * read has no names. */
void function_names_read(struct function_names *names, const char *path,
			 const struct clone_region *region, const struct image *image,
			 const struct plan *plan);
void function_names_free(struct function_names *names);

#define FUNCTION_NAME_BYTES 1024

/* Writes the name of @function, number @index; without one, "MODULE+0xOFFSET" from
 * the module's start @from.  Returns its length. */
size_t function_name_write(const struct function_names *names, uint32_t index, uint64_t from,
			   char name[FUNCTION_NAME_BYTES]);

#endif
