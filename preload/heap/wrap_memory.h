/* Memory that ends its life, and the locks in it. */
#ifndef PRELOAD_HEAP_WRAP_MEMORY_H
#define PRELOAD_HEAP_WRAP_MEMORY_H

#include "preload/guest/guest.h"

/* As guest_enter(), but without counting a loss for calls under the guard:
 * allocations of our own code (by the loader, for a library that we open) are
 * not observed. */
static inline __attribute__((always_inline)) struct guest_thread *memory_enter(void)
{
	struct guest_thread *self = guest_self;

	if (UNLIKELY(!self || guest_state != GUEST_ON ||
		     self->guard > (uintptr_t)__builtin_frame_address(0)))
		return NULL;
	return guest_enter();
}

/* [start, end) is about to be freed or unmapped by the call at @at. */
void memory_locks_end(uintptr_t start, uintptr_t end, const struct unwind_start *at);

/* [start, end) may be moved by the call that follows.  The lives of its locks
 * end now, as other threads may have the memory after the call; except those of
 * held locks, which go on if the memory stays. */
void memory_locks_may_end(uintptr_t start, uintptr_t end, const struct unwind_start *at);

/* A block that no wrapped function of C was asked for; NULL: none was to be had. */
void memory_block_begins(void *block, size_t size, const struct unwind_start *at);

/* It is about to be given back, and may be given out again unseen. */
void memory_block_is_forgotten(void *block, const struct unwind_start *at);

#endif
