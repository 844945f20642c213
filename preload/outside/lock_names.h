/*
 * Names that the program gives to locks, for reports.
 *
 * A name belongs to a life.  One that is given before the lock's first use waits for that.
 */
#ifndef PRELOAD_OUTSIDE_LOCK_NAMES_H
#define PRELOAD_OUTSIDE_LOCK_NAMES_H

#include "detect/data/object.h"

/* The lock at @address, now or from its first use on, is called @name, which is copied.
 * Called with the guard up. */
void lock_names_set(uintptr_t address, const char *name);

/* A life of @object has begun. */
void lock_names_begin(struct sync_object *object);

#endif
