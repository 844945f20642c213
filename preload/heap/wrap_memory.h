/* Memory that ends, and the locks in it. */
#ifndef PRELOAD_HEAP_WRAP_MEMORY_H
#define PRELOAD_HEAP_WRAP_MEMORY_H

#include "preload/guest/guest.h"

/* As guest_enter(), but what our own code allocates and frees (the loader, for a
 * library of ours) is none of the program's, and no loss. */
static inline __attribute__((always_inline)) struct guest_thread *memory_enter(void)
{
	struct guest_thread *self = guest_self;

	if (UNLIKELY(!self || guest_state != GUEST_ON ||
		     self->guard > (uintptr_t)__builtin_frame_address(0)))
		return NULL;
	return guest_enter();
}

/* [start, end) is about to be given back. */
void memory_locks_end(uintptr_t start, uintptr_t end);

/*
 * A call follows that may move it: lives end before the call, since afterwards
 * others may have the place.  If it stays where it is, its locks merely begin
 * anew; but one that is held then stays what it is.
 */
void memory_locks_may_end(uintptr_t start, uintptr_t end);

#endif
