/* Names of a plan's functions, as the symbols of the module's file tell them. */
#ifndef X86_PLAN_NAMES_H
#define X86_PLAN_NAMES_H

struct elf_file;
struct image;
struct plan;

/* Fills in @names, one for each function of @plan, @image being the module in @file.
 * All are NULL at first, and those without a symbol stay so; of several names the
 * first is taken. */
void plan_names_read(const struct plan *plan, const struct image *image,
		     const struct elf_file *file, const char **names);

#endif
