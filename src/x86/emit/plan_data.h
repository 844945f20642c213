/* The options and the result of planning (x86/plan.h). */
#ifndef X86_EMIT_PLAN_DATA_H
#define X86_EMIT_PLAN_DATA_H

#include "base/arena.h"
#include "x86/decode/thunk.h"
#include "x86/emit/state.h"
#include "x86/survey/site.h"
#include "x86/survey/statistics.h"

struct function;
struct module;

/* Bytes to write over the original text. */
struct plan_patch {
	uint32_t offset;
	uint8_t length;
	uint8_t bytes[15];
};

struct plan_options {
	struct thunk_addresses thunks;
	int32_t current_tls;	/* offset from the thread pointer of the current word */
	int32_t shared_tls;	/* ... of the last read set seen that has this epoch */
	site_number first_site;	/* number of sites[0]; 'reserve' assigns it once the count is
				 * known */
	site_number (*reserve)(void *context, uint32_t count);
	void *(*place)(void *context, size_t size_bytes, uint64_t *address);
	/* Returns memory for the clone and its final address, within 2 GiB of the module;
	 * NULL: no room. */
	bool places_pages;	/* 'place' returns whole pages, which may be replaced */
	void *context;
	bool keeps_instructions; /* all functions keep them, and where each one's clone begins */
	bool forget_targets;	/* fuzz mode: no jump tables, computed gotos, pointers */
	bool only_atomics;	/* copy functions with locked instructions alone, and small ones */
	bool counts;		/* clones count executed accesses (bench) ... */
	int32_t count_tls;	/* ... in this word of the thread, atomics and strings aside */
};

struct plan {
	unsigned char *clone;
	uint64_t clone_address;
	size_t clone_bytes;
	struct plan_site *sites;
	uint32_t site_count;
	site_number first_site; /* the number of sites[0] */
	size_t site_room; /* in bytes */
	struct plan_patch *patches;
	uint32_t patch_count;
	struct plan_states states;
	struct plan_statistics statistics;
	const struct module *module;
	const struct function *functions;
	uint32_t function_count;
};

#endif
