/*
 * The cache of plans: a folder with one file for each, named after its key.
 *
 * Whatever is wrong with it, a plan is made anew.  The folder and its files are used only
 * if they belong to the user or root and nobody else may write to them.  A file is written
 * under a name of its own and then renamed.  So no reader meets half of a file, two writers
 * do no harm, and one that is killed leaves a file that nobody reads.  Before a file would
 * make the folder too large, the oldest ones are removed; a file that is used counts as new.
 * One that is known to be whole (known_whole.h) is not read for that again.
 * Files of other names are left alone.
 */
#ifndef X86_CACHE_PLAN_CACHE_H
#define X86_CACHE_PLAN_CACHE_H

#include "x86/cache/plan_key.h"
#include "x86/plan.h"

#define PLAN_CACHE_BYTES ((uint64_t)1 << 30)
#define PLAN_CACHE_PATH_BYTES 4096

struct plan_cache {
	char folder[PLAN_CACHE_PATH_BYTES];
	uint64_t most_bytes; /* in all files */
	uint64_t boot;	     /* known_whole.h */
};

/* Where plans are kept: in @wanted, or if that is NULL in 'snarl' below @cache_home
 * ($XDG_CACHE_HOME) or .cache of @home, each of which may be NULL too.  Paths that are not
 * absolute do not count.  False: nowhere, or @wanted is "off". */
bool plan_cache_init(struct plan_cache *cache, const char *wanted, const char *cache_home,
		     const char *home);

enum plan_cache_answer { PLAN_CACHE_HAS, PLAN_CACHE_HAS_NOT, PLAN_CACHE_REFUSED };

/* The plan of @key, as plan_file_read() gives it, in *@plan.  Refused: there is a file,
 * but it cannot be used. */
enum plan_cache_answer plan_cache_read(const struct plan_cache *cache, const struct plan_key *key,
				       const struct image *image,
				       const struct plan_options *options, struct arena *arena,
				       struct plan **plan);

/* Keeps @plan.  False: it is not kept. */
bool plan_cache_write(const struct plan_cache *cache, const struct plan_key *key,
		      const struct plan *plan, const struct image *image,
		      const struct plan_options *options);

#endif
