/*
 * The real functions behind our wrappers.
 *
 * Each is looked up once, in the objects behind us in the search order, at its
 * first use: wrappers are called before our constructor runs.
 */
#ifndef PRELOAD_REAL_H
#define PRELOAD_REAL_H

#include "base/atomic.h"
#include "base/types.h"

/* Looks @name up (at @version, or the default one if NULL) and keeps it in
 * *@slot.  NULL if no object defines it. */
void *real_resolve(void **slot, const char *name, const char *version);

/* An expression: the real @function, typed as declared. */
#define REAL(function) REAL_NAMED(function, #function, NULL)
#define REAL_VERSION(function, version) REAL_NAMED(function, #function, version)

#define REAL_NAMED(function, name, version)                                                        \
	({                                                                                         \
		static void *slot;                                                                 \
		/* relaxed: every resolution yields the same. */                                   \
		void *found = load_relaxed(&slot);                                                 \
		if (UNLIKELY(!found))                                                              \
			found = real_resolve(&slot, name, version);                                \
		(__typeof__(&function))found;                                                      \
	})

#endif
