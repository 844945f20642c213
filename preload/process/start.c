/* The constructor, which begins observation if no wrapper was called before. */
#include "preload/guest/guest.h"
#include "preload/process/observation.h"
#include "preload/process/wrap_process.h"

/* Exit handlers that are registered here, before the program runs, are called
 * after the program's own and after the destructors of all libraries. */
__attribute__((constructor)) static void begin_library(void)
{
	observation_begin();
	if (guest_state == GUEST_ON)
		process_watch_exit();
}
