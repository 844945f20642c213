/*
 * The beginning of observation, if no wrapper was called before.
 */
#include "preload/guest/guest.h"
#include "preload/process/observation.h"
#include "preload/process/wrap_process.h"

/*
 * Exit handlers registered here, before the program's first instruction, run
 * after the program's own and after the destructors of all libraries.
 */
__attribute__((constructor)) static void start(void)
{
	observation_begin();
	if (guest_state == GUEST_ON)
		process_watch_exit();
}
