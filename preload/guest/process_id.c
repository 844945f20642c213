#include "preload/guest/process_id.h"

#include "base/atomic.h"
#include "base/kernel.h"
#include "base/runtime_lock.h"

static uint32_t own_pid WRITTEN_IN_FORKS; /* 0: observation has not begun */

void process_id_note(void)
{
	own_pid = (uint32_t)kernel_call0(SYS_getpid);
}

bool process_is_own(void)
{
	long pid = kernel_call0(SYS_getpid);

	/* Programs that may not ask make no processes either. */
	return pid < 0 || (uint32_t)pid == own_pid;
}

bool process_is_borrowed(void)
{
	/* relaxed: it is written while there is one thread. */
	return load_relaxed(&own_pid) && !process_is_own();
}
