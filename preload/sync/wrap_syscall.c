#define _GNU_SOURCE
#include "preload/sync/wrap_syscall.h"

#include <unistd.h>

#include "preload/guest/real.h"

uint64_t guest_foreign_waits;
void *guest_real_syscall;

void guest_resolve_syscall(void)
{
	guest_real_syscall = (void *)REAL(syscall);
}
