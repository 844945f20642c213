/*
 * Rooms: memory for argument lists and environments, kept per thread.
 *
 * A child of vfork() shares our memory and does not return from exec, so it
 * cannot free what it takes.  But it has the thread pointer of its parent
 * thread, which sleeps meanwhile: it finds the parent's room by it, and the
 * room is reused by the next call.
 */
#ifndef PRELOAD_GUEST_ROOM_H
#define PRELOAD_GUEST_ROOM_H

#include "base/types.h"

enum room_use { ROOM_ARGUMENTS, ROOM_ENVIRONMENT, ROOM_PATH };

/* The calling thread's room for @use, of at least @size_bytes, not cleared.
 * Valid until the next call for that use.  NULL without memory. */
void *room_take(enum room_use use, size_t size_bytes);

#endif
