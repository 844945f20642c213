/* The second look at what was found in a process that runs. */
#ifndef INSPECT_WAITS_CONFIRM_H
#define INSPECT_WAITS_CONFIRM_H

#include "inspect/waits/verdict.h"

/* Drops the verdicts that do not hold any more. */
void confirm_verdicts(struct inspection *inspection);

#endif
