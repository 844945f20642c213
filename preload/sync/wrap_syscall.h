/*
 * What wrap_syscall.S counts and needs.
 */
#ifndef PRELOAD_SYNC_WRAP_SYSCALL_H
#define PRELOAD_SYNC_WRAP_SYSCALL_H

#include "base/types.h"

/*
 * The last argument of a syscall() that wrap_syscall.S has passed on.  It is no
 * parameter of who takes the call: the place of one is the callee's to write to, and
 * who passes fewer arguments has variables of its own there, which others may be
 * changing.
 */
#define SYSCALL_LAST_ARGUMENT (((const volatile long *)__builtin_frame_address(0))[2])

/* Waits on futexes that the program made by syscall(2). */
extern uint64_t guest_foreign_waits;

/* The real syscall(2), once known. */
extern void *guest_real_syscall;
void guest_resolve_syscall(void);

#endif
