/*
 * Races: observation of memory, from the first thread creation on.
 *
 * Until then, or a timer that the C library makes threads for, a program has one
 * thread, and pays nothing.  Then its code and that of its libraries is planned
 * (src/x86), copied with checks, and patched to jump into the copies, while no
 * other thread can run it.  Modules that are loaded later are instrumented before
 * their code runs.
 */
#ifndef PRELOAD_INSTRUMENT_RACES_H
#define PRELOAD_INSTRUMENT_RACES_H

#include "preload/guest/guest.h"

/* Observation of memory has not begun yet, and has not failed to begin. */
extern bool races_are_pending;

void races_begin_slowly(struct guest_thread *self, const struct unwind_start *start);

/* A thread is about to be created by @self at @start, with the guard up. */
static inline void races_begin(struct guest_thread *self, const struct unwind_start *start)
{
	if (UNLIKELY(races_are_pending))
		races_begin_slowly(self, start);
}

/* The loader has loaded or unloaded modules.  Called inside the loader, by any
 * thread @self, with the guard up. */
void races_modules_changed(struct guest_thread *self);

#endif
