#define _GNU_SOURCE
#include "preload/sync/wrap_syscall.h"

#include <unistd.h>

#include "preload/guest/real.h"

void *guest_real_syscall;

void guest_resolve_syscall(void)
{
	guest_real_syscall = (void *)REAL(syscall);
}
