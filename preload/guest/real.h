/*
 * The real functions behind our wrappers.
 *
 * They are looked up in the objects that follow ours in the search order, all
 * of them before the program runs: a look-up frees the message of the program's
 * last failed one, which dlerror() must still return.  A function that is
 * needed earlier, or whose object is loaded later, is looked up at its first
 * use; if it is not in the search order then, in all objects that are loaded.
 */
#ifndef PRELOAD_GUEST_REAL_H
#define PRELOAD_GUEST_REAL_H

#include "base/atomic.h"
#include "base/types.h"

/* One use of a real function.  All slots lie in one section and form a table;
 * the alignment is one that compilers do not raise. */
struct real_slot {
	void *found;
	const char *name;
	const char *version; /* NULL: the default one */
	bool is_late;	     /* not looked up before a call of it */
} __attribute__((aligned(32)));

/* Looks up the function of @slot and stores it there.  NULL if no object defines it. */
void *real_resolve(struct real_slot *slot);

/* Looks up all of them. */
void real_prepare(void);

/* For dlsym() of ours (look_up.S): the real one, which is NULL until it was resolved, and what a
 * look-up of @name in one library finds. */
extern void *real_dlsym_found;
void real_dlsym_resolve(void);
void *real_look_up_in(void *handle, const char *name);

/* An expression: the real @function, typed as declared. */
#define REAL(function) REAL_NAMED(function, #function, NULL, false)
#define REAL_VERSION(function, version) REAL_NAMED(function, #function, version, false)

/* Of a library that few programs have: looking in vain takes time, and calls malloc. */
#define REAL_LATE(function) REAL_NAMED(function, #function, NULL, true)

#define REAL_NAMED(function, name, version, is_late)                                               \
	({                                                                                         \
		static __attribute__((section("snarl_real"))) struct real_slot slot = {            \
			NULL, name, version, is_late};                                             \
		/* relaxed: every resolution yields the same. */                                   \
		void *found = load_relaxed(&slot.found);                                           \
		if (UNLIKELY(!found))                                                              \
			found = real_resolve(&slot);                                               \
		(__typeof__(&function))found;                                                      \
	})

#endif
