/*
 * The key of a plan: a digest of all that it rests on.
 *
 * That is what the planner is (its sources, the decoder's version), what it was asked
 * for, and what it reads of the module: where its segments and tables lie, the bytes
 * that nobody can write to (text, constants, unwind tables, relocations, the build id),
 * and each pointer into its text that data hold.  Where the module was loaded, where its
 * clones and sites went and what is written to them is no part of it: a plan that is
 * kept can be moved (plan_file.h).
 */
#ifndef X86_CACHE_PLAN_KEY_H
#define X86_CACHE_PLAN_KEY_H

#include "base/types.h"

struct decoder;
struct image;
struct plan_options;

struct plan_key {
	uint64_t words[2];
};

void plan_key_make(struct plan_key *key, const struct decoder *decoder, const struct image *image,
		   const struct plan_options *options);

#endif
