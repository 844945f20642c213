/* The options and the result of planning (x86/plan.h). */
#ifndef X86_EMIT_PLAN_DATA_H
#define X86_EMIT_PLAN_DATA_H

#include "base/arena.h"
#include "base/growing.h"
#include "x86/decode/thunk.h"
#include "x86/states/state.h"
#include "x86/survey/site.h"

struct function;
struct module;

/* Bytes to write over the original text. */
struct plan_patch {
	uint32_t offset;
	uint8_t length;
	uint8_t bytes[7];
};

/* What words of the clones rest on: each has had one of these added. */
enum plan_base {
	BASE_TEXT,    /* the distance from the clones to the original text */
	BASE_SITES,   /* the id of the first site */
	BASE_CURRENT, /* current_tls */
	BASE_SHARED,  /* shared_tls */
	BASE_AHEAD,   /* ahead_tls */
	PLAN_BASES
};

/* A library that is watched for its atomics is copied wholly if it has some, and no more
 * text: planning that takes 15 ms. */
#define PLAN_SMALL_TEXT_BYTES (128u << 10)

/* For tests alone (--force): which shortcuts are taken wherever they can be, or nowhere.
 * Summaries: which checks of reads ask for their page's (detect/shadow/summary.h), as a
 * rule those that walk through memory in large steps.  Ranges: of which loops accesses are
 * recorded ahead (x86/emit/range.h), as a rule the long ones.  Ahead: loops run without
 * checks once all is recorded. */
enum plan_force {
	PLAN_FORCE_NOTHING,
	PLAN_FORCE_SUMMARIES,
	PLAN_FORCE_NO_SUMMARIES,
	PLAN_FORCE_RANGES,
	PLAN_FORCE_NO_RANGES,
	PLAN_FORCE_NO_AHEAD,
	PLAN_FORCE_ALL
};

struct plan_options {
	struct thunk_addresses thunks;
	int32_t current_tls;	/* offset from the thread pointer of the current word */
	int32_t shared_tls;	/* ... of the last read set seen that has this epoch */
	int32_t ahead_tls;	/* ... of the stack pointer of a loop that needs no checks */
	site_number first_site;	/* number of sites[0]; 'reserve' assigns it once the count is
				 * known */
	site_number (*reserve)(void *context, uint32_t count);
	void *(*place)(void *context, size_t size_bytes, uint64_t *address);
	/* Returns memory for the clone and its final address, within 2 GiB of the module: if
	 * there is room, the one that is there already, which may be any number.  NULL: no
	 * room. */
	bool places_pages;	/* 'place' returns whole pages, which may be replaced */
	void *context;
	bool keeps_instructions; /* all functions keep them, and where each one's clone begins */
	bool forget_targets;	/* fuzz mode: no jump tables, computed gotos, pointers */
	enum plan_force force;
	bool only_atomics;	/* copy what may order threads alone: plan.c */
	bool counts;		/* clones count executed accesses (bench) ... */
	int32_t count_tls;	/* ... in this word of the thread, atomics and strings aside */
};

static inline bool plan_forces(const struct plan_options *options, enum plan_force shortcut)
{
	return options->force == shortcut || options->force == PLAN_FORCE_ALL;
}

struct plan {
	unsigned char *clone;
	uint64_t clone_address;
	size_t clone_bytes;
	struct plan_site *sites;
	uint32_t site_count;
	site_number first_site; /* the number of sites[0] */
	size_t site_room; /* in bytes; 0: they are another's */
	struct growing calls; /* of the sites those that are calls: their indices, as uint32_t */
	uint32_t update_group_count;
	struct plan_patch *patches;
	uint32_t patch_count;
	size_t patch_room; /* of a kept plan, with the positions; 0: they are the arena's */
	struct plan_states states;
	struct growing positions[PLAN_BASES]; /* of the words that rest on each, as uint32_t */
	struct plan_statistics statistics;
	const struct module *module; /* NULL if the plan was kept (cache/plan_file.h) */
	const struct function *functions;
	uint32_t function_count;
};

/* The bases of @plan's clones. */
void plan_bases(const struct plan *plan, uint64_t text_address,
		const struct plan_options *options, int64_t bases[PLAN_BASES]);

/* Adds @by to the words of @code, @size_bytes long, that rest on @base.  False: a position
 * is none, or a distance becomes too long. */
bool plan_rebase(unsigned char *code, size_t size_bytes, enum plan_base base,
		 const struct growing *positions, int64_t by);

#endif
