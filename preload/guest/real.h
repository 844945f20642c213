/*
 * The real functions behind our wrappers.
 *
 * Each is looked up in the objects behind us in the search order: before the
 * program runs, as looking up frees what an earlier failure has left, which is
 * the program's to see (dlerror); at its first use where a wrapper is called
 * before that, or where the object that defines it comes later.
 */
#ifndef PRELOAD_GUEST_REAL_H
#define PRELOAD_GUEST_REAL_H

#include "base/atomic.h"
#include "base/types.h"

/* One use of a real function.  All lie in one section, as a table: of an alignment
 * that compilers do not raise. */
struct real_slot {
	void *found;
	const char *name;
	const char *version; /* NULL: the default one */
} __attribute__((aligned(32)));

/* Looks the function of @slot up and keeps it there.  NULL if no object defines it. */
void *real_resolve(struct real_slot *slot);

/* Looks all up. */
void real_prepare(void);

/* An expression: the real @function, typed as declared. */
#define REAL(function) REAL_NAMED(function, #function, NULL)
#define REAL_VERSION(function, version) REAL_NAMED(function, #function, version)

#define REAL_NAMED(function, name, version)                                                        \
	({                                                                                         \
		static __attribute__((section("snarl_real"))) struct real_slot slot = {            \
			NULL, name, version};                                                      \
		/* relaxed: every resolution yields the same. */                                   \
		void *found = load_relaxed(&slot.found);                                           \
		if (UNLIKELY(!found))                                                              \
			found = real_resolve(&slot);                                               \
		(__typeof__(&function))found;                                                      \
	})

#endif
