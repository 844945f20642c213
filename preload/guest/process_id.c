#include "preload/guest/process_id.h"

#include "base/atomic.h"
#include "base/kernel.h"

static uint32_t own_pid; /* 0: observation has not begun */

void process_id_note(void)
{
	own_pid = (uint32_t)kernel_call0(SYS_getpid);
}

bool process_is_own(void)
{
	return (uint32_t)kernel_call0(SYS_getpid) == own_pid;
}

bool process_is_borrowed(void)
{
	/* relaxed: it is written while there is one thread. */
	uint32_t own = load_relaxed(&own_pid);

	return own && (uint32_t)kernel_call0(SYS_getpid) != own;
}
