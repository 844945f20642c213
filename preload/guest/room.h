/*
 * Rooms: memory for argument lists and environments, kept per thread.
 *
 * A child of vfork() shares our memory and never comes back from exec, so what
 * it takes cannot be given back by it.  But it runs with its parent thread's
 * thread pointer while that thread sleeps: a room found by the thread pointer
 * is the same thread's again, and is used again.
 */
#ifndef PRELOAD_GUEST_ROOM_H
#define PRELOAD_GUEST_ROOM_H

#include "base/types.h"

enum room_use { ROOM_ARGUMENTS, ROOM_ENVIRONMENT, ROOM_PATH };

/* The calling thread's room for @use, of at least @size_bytes, not cleared;
 * valid until the next call for that use.  NULL without memory. */
void *room_take(enum room_use use, size_t size_bytes);

#endif
