/*
 * Homes of process-shared objects: the address that stands for one in this process.
 *
 * A file may be mapped at several addresses.  An object in it is one all the same, by device, inode
 * and offset.  The first address at which it was met is its home, for as long as it is mapped
 * there; what is done at another address is done to the object at home.  If its home is unmapped,
 * it moves to the last other address at which it was met.
 */
#ifndef PRELOAD_OUTSIDE_SHARED_HOMES_H
#define PRELOAD_OUTSIDE_SHARED_HOMES_H

#include "base/runtime_lock.h"
#include "base/types.h"
#include "finding/finding.h"

/* Protects the homes.  The lock of the table of objects nests inside. */
extern struct runtime_lock shared_homes_lock;

extern bool shared_homes_are_used; /* an object has one; never cleared */

/* The home of the object of @kind at @address, of which its memory says @attributes: where it is,
 * unless it is process-shared. */
uintptr_t shared_home(enum object_kind kind, uintptr_t address, uint32_t attributes);

/* A spin lock is process-shared, which its memory does not say. */
void shared_homes_have_spins(void);

/* [start, end) is about to be unmapped: objects that nobody holds move away. */
void shared_homes_leave(uintptr_t start, uintptr_t end);

/* What is mapped in [start, end) has changed. */
void shared_homes_forget(uintptr_t start, uintptr_t end);

#endif
