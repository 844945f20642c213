/*
 * What wrap_syscall.S counts and needs.
 */
#ifndef PRELOAD_WRAP_SYSCALL_H
#define PRELOAD_WRAP_SYSCALL_H

#include "base/types.h"

/* Waits on futexes that the program made by syscall(2). */
extern uint64_t guest_foreign_waits;

/* The real syscall(2), once known. */
extern void *guest_real_syscall;
void guest_resolve_syscall(void);

#endif
