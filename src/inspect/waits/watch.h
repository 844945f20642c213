/* What has not moved between two looks: threads that never ran in between. */
#ifndef INSPECT_WAITS_WATCH_H
#define INSPECT_WAITS_WATCH_H

#include "inspect/waits/verdict.h"

struct watch;

/* Notes what the threads of process @pid do, and waits.  NULL, and the reason in @why. */
struct watch *watch_begin(struct pool *pool, pid_t pid, uint64_t span_ms,
			  char why[TARGET_MESSAGE_BYTES]);

/* Notes of each thread of @look whether it has moved since. */
void watch_compare(const struct watch *watch, struct look *look);

#endif
