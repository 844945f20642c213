/* Names of a plan's functions, from the symbols of the module's file. */
#ifndef X86_PLAN_NAMES_H
#define X86_PLAN_NAMES_H

struct elf_file;
struct image;
struct plan;

/* Fills @names, one for each function of @plan, with the first of its symbols.  All are
 * NULL before, and those without a symbol stay so.  @image is the module in @file. */
void plan_names_read(const struct plan *plan, const struct image *image,
		     const struct elf_file *file, const char **names);

#endif
