/*
 * A module as analysis and emission see it: text, functions, and which data is
 * read-only.  The planner fills it from an image, tests from bytes.
 */
#ifndef X86_SURVEY_MODULE_H
#define X86_SURVEY_MODULE_H

#include "x86/survey/function.h"

#define MODULE_BLOCK_BYTES 64u

struct module {
	const unsigned char *text; /* bytes of offset 0 .. text_bytes */
	uint64_t text_address;
	uint32_t text_bytes;
	bool is_fixed; /* linked for this address: absolute operands may be its data */
	struct function *functions; /* by start, not overlapping */
	uint32_t function_count;
	bool has_accessors; /* some functions are: flow/accessors.h */
	/* Per MODULE_BLOCK_BYTES of the text: the first function that ends behind its
	 * beginning.  May be NULL. */
	uint32_t *first_in_block;
	/* A bit per byte of the text, set where a jump through the GOT is at most two
	 * instructions away.  NULL: the bytes are decoded instead. */
	uint8_t *import_jumps;
	/* Makes a function's instructions in place of those of the one before.  NULL: all
	 * functions have theirs. */
	void (*open)(void *opener, struct function *function);
	void *opener;
	/* Whether the byte at @address is read-only once the program runs (read-only
	 * segments, and relro with the GOT in it).  NULL: nothing is. */
	bool (*is_read_only)(const void *context, uint64_t address);
	/* The @count bytes at @address, if they are in a segment that nobody can write to; else
	 * NULL.  NULL: they never are. */
	const unsigned char *(*read_only_bytes)(const void *context, uint64_t address,
						uint32_t count);
	const void *context;
};

/* Fills first_in_block, which has a word for each block of the text. */
void module_index(struct module *module);

/* The function that has text offset @offset, or NULL. */
struct function *module_find(const struct module *module, int64_t offset);

/* Where the clone of the instruction at @offset begins, if clone_offsets are kept; 0: nowhere. */
uint32_t module_clone_offset(const struct module *module, int64_t offset);

/* Does the loader's table decide where the code at @offset leads?  False where that is
 * not known yet. */
static inline bool module_jumps_to_import(const struct module *module, int64_t offset)
{
	return module->import_jumps && offset >= 0 && offset < module->text_bytes &&
	       module->import_jumps[offset / 8] >> offset % 8 & 1;
}

static inline void module_open(const struct module *module, struct function *function)
{
	if (module->open)
		module->open(module->opener, function);
}

#endif
