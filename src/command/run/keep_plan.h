/* Plans that `snarl plan` has made go to the cache, for later runs of what was planned. */
#ifndef COMMAND_RUN_KEEP_PLAN_H
#define COMMAND_RUN_KEEP_PLAN_H

#include "options/options.h"
#include "x86/plan.h"

struct plan_to_keep {
	const char *path; /* of the module's file, for messages */
	const struct decoder *decoder;
	const struct image *image;
	const struct plan_options *options;
	const struct plan *plan;
	struct arena *arena;
};

/* An exit status; a message if what the user asked for by --plan-cache cannot be done, or if
 * the cache has another plan and --verify is asked for. */
int keep_plan(const struct plan_to_keep *made, const struct options *settings);

/* Of a library of the system most runs need another plan, with its atomics alone: makes it
 * and keeps it, if it is not there. */
int keep_plan_of_atomics(const struct plan_to_keep *made, const struct options *settings);

/* Makes a relative --plan-cache absolute, as the program may change its folder.  False after
 * a message. */
bool keep_plan_settle(struct options *settings);

#endif
