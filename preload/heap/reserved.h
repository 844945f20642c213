/*
 * Areas of addresses that the program has reserved to grow in, of a gigabyte and more.
 *
 * Memory that nobody may access needs no check when it is given back: an answer for each page of
 * some terabytes takes seconds.  Of each area one range is known that holds all that was ever
 * made accessible.
 */
#ifndef PRELOAD_HEAP_RESERVED_H
#define PRELOAD_HEAP_RESERVED_H

#include "base/runtime_lock.h"
#include "base/types.h"

/* Protects the areas.  Nothing nests inside. */
extern struct runtime_lock reserved_lock;

/* Nobody may access the new mapping [start, start + size_bytes). */
void reserved_begins(uintptr_t start, size_t size_bytes);

/* It may be accessed from now on. */
void reserved_opened(uintptr_t start, size_t size_bytes);

/* It is about to be unmapped: makes it the part that somebody may have accessed. */
void reserved_ends(uintptr_t *start, size_t *size_bytes);

#endif
