/*
 * Twins: memory of a file that this process has mapped at two addresses.
 *
 * What is at both is one: an atomic by which threads hand something over, a lock of the
 * program's own.  So each access at the later address, the twin, counts as one at the earlier,
 * its home.  All that is recorded of memory and its atomics is recorded there, and nothing at the
 * twin.  This is done in C alone: threads that have mapped a twin, or begin after one was, leave
 * thunks at once.  Others have not heard of a twin, unless who mapped it hands its address to
 * them.
 *
 * A file is known by device, inode and offset.  Code is none, so that compilers which write it
 * through another mapping cost nothing; nor is what is read only at both addresses.
 */
#ifndef PRELOAD_OUTSIDE_TWINS_H
#define PRELOAD_OUTSIDE_TWINS_H

#include "base/atomic.h"
#include "base/runtime_lock.h"
#include "base/types.h"

struct access;
struct thread;

/* Protects the list of mappings.  Nothing nests inside. */
extern struct runtime_lock twins_lock;

extern uint32_t twins_count; /* of ranges with a home elsewhere */

/* [start, end) is a new mapping of the file @descriptor from @offset on, with the flags and
 * protection of mmap(). */
void twins_mapped(uintptr_t start, uintptr_t end, int protection, int flags, int descriptor,
		  uint64_t offset);

/* [start, end) has another protection now. */
void twins_protected(uintptr_t start, uintptr_t end, int protection);

/* Nothing of that is mapped in [start, end) any more. */
void twins_unmapped(uintptr_t start, uintptr_t end);

/* The home of @address; *@bytes, if more, become those that have theirs next to it. */
uintptr_t twins_home_slowly(uintptr_t address, size_t *bytes);

static inline bool twins_exist(void)
{
	/* relaxed: who has the address of a twin comes after its mapping. */
	return UNLIKELY(load_relaxed(&twins_count) != 0);
}

/* The home of what is at @address alone, which is @address itself if it is no twin. */
static inline uintptr_t twins_home(uintptr_t address)
{
	size_t bytes = 1;

	return twins_exist() ? twins_home_slowly(address, &bytes) : address;
}

/* access_check() of all of @access at home, piece by piece. */
void twins_check(struct thread *thread, const struct access *access);

#endif
