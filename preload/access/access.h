/*
 * Accesses of cloned code: from a thunk (x86/decode/thunk.h) to the race
 * engine.
 *
 * A thunk keeps the registers that C code may change in an access frame on the
 * program's stack, below what its functions use there, and calls here.  This
 * path uses general registers only, little stack, and nothing of the C library.
 * Deep work (a fresh unwind, a finding) goes through access_deeply(): on a
 * stack of ours, with the vector registers kept.
 */
#ifndef PRELOAD_ACCESS_ACCESS_H
#define PRELOAD_ACCESS_ACCESS_H

#include "preload/guest/access_words.h"
#include "preload/arch/x86_64/frame.h"
#include "preload/guest/guest.h"
#include "x86/decode/thunk.h"

/* The thunks' addresses, for plans. */
void access_thunks(struct thunk_addresses *thunks);

/* Offsets of access_current, access_shared and access_ahead from the thread pointer. */
int32_t access_current_tls(void);
int32_t access_shared_tls(void);
int32_t access_ahead_tls(void);

/* Runs @function(@context) on @self's own stack, with all vector registers kept
 * and signals blocked.  Not nested: within it, calls @function directly. */
void access_deeply(struct guest_thread *self, void (*function)(void *), void *context);

/* A detector_hooks.value_at. */
uint64_t access_value_at(uintptr_t address, size_t size_bytes);

/* A detector_hooks.access_stack. */
stack_id access_stack(struct detector *detector, struct thread *thread,
		      const struct access *access);

#endif
