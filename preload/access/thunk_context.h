/*
 * Signals in the middle of a thunk: the clone's registers.
 *
 * The thunk's assembly may have pushed some of them, or restored some; the C
 * code that it calls may have changed the others.  Async-signal-safe.
 */
#ifndef PRELOAD_ACCESS_THUNK_CONTEXT_H
#define PRELOAD_ACCESS_THUNK_CONTEXT_H

#include "preload/arch/arch.h"

/* Do @found interrupt a thunk, or what it calls?  Then @clone are the registers
 * as they will be when it returns to the clone, and *@frame is its frame, NULL
 * if that is not complete, or is being taken down. */
bool thunk_context_find(const struct context_registers *found, struct context_registers *clone,
			const struct access_frame **frame);

#endif
