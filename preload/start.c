/*
 * Beginning and end of observation.
 */
#define _GNU_SOURCE
#include <stdlib.h>

#include "event/results.h"
#include "preload/bare.h"
#include "preload/guest.h"
#include "preload/sink.h"

/*
 * Registered before anything of the program is, so it runs after the program's
 * own exit handlers and destructors.
 */
static void finish(int status, void *context)
{
	(void)context;
	guest_finish(true);
	sink_end(PROCESS_EXITED, (uint32_t)status);
	if (bare_is_reporter())
		bare_exit(status);
}

__attribute__((constructor)) static void start(void)
{
	guest_start();
	if (guest_state == GUEST_ON)
		on_exit(finish, NULL);
}
