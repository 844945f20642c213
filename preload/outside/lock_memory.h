/*
 * What the memory of a synchronisation object says.
 *
 * Our own state may miss what was done before we started, or by code that does
 * not call wrappers; the object's memory does not.  The layouts are private to
 * glibc; they are known in this file alone.
 */
#ifndef PRELOAD_OUTSIDE_LOCK_MEMORY_H
#define PRELOAD_OUTSIDE_LOCK_MEMORY_H

#include "detect/deadlock/misuse.h"

/* glibc's bits of pthread_mutex_t.__kind. */
#define LOCK_KIND_ROBUST 16
#define LOCK_KIND_INHERITS 32
#define LOCK_KIND_PROTECTS 64
#define LOCK_KIND_SHARED 128

/* The attributes (enum sync_attribute) of the object of @kind at @address. */
uint32_t lock_attributes(enum object_kind kind, uintptr_t address);

/* The number of threads that the barrier at @address waits for. */
uint32_t lock_barrier_size(uintptr_t address);

/* What @object's memory says about its holder. */
enum real_state lock_real_state(const struct sync_object *object);

/* Is it a mutex that pthread_mutex_destroy() has marked? */
bool lock_is_destroyed_mutex(const struct sync_object *object);

/* Reads a word of the program, whose memory may be unmapped.  False: it is. */
bool lock_read_word(const int *address, uint32_t *word);

/* A detector_hooks.may_hold. */
bool lock_may_hold(struct detector *detector, const struct thread *thread,
		   const struct sync_object *object);

#endif
