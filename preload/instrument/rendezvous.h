/*
 * The loader's rendezvous: the function that it calls, for debuggers, whenever
 * its list of modules changes (_r_debug.r_brk).  It does nothing; we have it
 * call races_modules_changed().  New modules are mapped by then, but not yet
 * relocated, and nothing of them has run.
 */
#ifndef PRELOAD_INSTRUMENT_RENDEZVOUS_H
#define PRELOAD_INSTRUMENT_RENDEZVOUS_H

#include "base/types.h"

/* While the process has one thread.  False: the function is not as expected, or
 * may not be changed; modules loaded later will not be observed. */
bool rendezvous_watch(void);

#endif
