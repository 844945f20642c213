/*
 * Signals in the middle of a thunk: the clone's registers.
 *
 * The thunk's assembly may have pushed some of them, or restored some; the C
 * code that it calls may have changed the others.  Async-signal-safe.
 */
#ifndef PRELOAD_ACCESS_THUNK_CONTEXT_H
#define PRELOAD_ACCESS_THUNK_CONTEXT_H

#include <ucontext.h>

#include "base/types.h"

struct access_frame;

/* Where the kernel keeps each general register, in the encoding's order. */
extern const uint8_t thunk_register_places[16];

/*
 * Do @found interrupt a thunk, or what it calls?  Then @clone are the registers
 * as they will be when it returns to the clone, and *@frame is its frame, NULL
 * if that is not complete, or is being taken down.
 */
bool thunk_context_find(const gregset_t found, gregset_t clone, const struct access_frame **frame);

#endif
