/*
 * What wrap_syscall.S needs.
 */
#ifndef PRELOAD_SYNC_WRAP_SYSCALL_H
#define PRELOAD_SYNC_WRAP_SYSCALL_H

#include "base/types.h"

/* The real syscall(2), once known. */
extern void *guest_real_syscall;
void guest_resolve_syscall(void);

#endif
