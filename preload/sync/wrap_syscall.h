/* The real syscall(2), for wrap_syscall.S and wrap_futex.c. */
#ifndef PRELOAD_SYNC_WRAP_SYSCALL_H
#define PRELOAD_SYNC_WRAP_SYSCALL_H

#include "base/types.h"

/* NULL until guest_resolve_syscall() was called. */
extern void *guest_real_syscall;
void guest_resolve_syscall(void);

#endif
