/*
 * A module as analysis and emission see it: text, functions, and what of its
 * data is read-only.  The planner fills it from an image; tests from bytes.
 */
#ifndef X86_MODULE_H
#define X86_MODULE_H

#include "x86/function.h"

struct module {
	const unsigned char *text; /* bytes of offset 0 .. text_bytes */
	uint64_t text_address;
	uint32_t text_bytes;
	struct function *functions; /* by start, not overlapping */
	uint32_t function_count;
	/* Whether nobody can write the byte at @address once the program runs
	 * (read-only segments, and relro with the GOT in it).  NULL: nothing is. */
	bool (*is_read_only)(const void *context, uint64_t address);
	const void *context;
};

/* The function that has text offset @offset, or NULL. */
struct function *module_find(const struct module *module, int64_t offset);

#endif
