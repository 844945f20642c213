/* What is mapped in a process, and the modules among it. */
#ifndef INSPECT_PROCESS_MAPS_H
#define INSPECT_PROCESS_MAPS_H

#include "inspect/base/target.h"

/* 0, or a negative errno. */
int maps_read(struct target *target);

#endif
