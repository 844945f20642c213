/*
 * The loader's rendezvous: the function that it calls, for debuggers, whenever
 * its list of modules changes (_r_debug.r_brk).  It does nothing; we patch it
 * to call races_modules_changed().  At that time new modules are mapped but not
 * relocated, and none of their code has run.
 */
#ifndef PRELOAD_INSTRUMENT_RENDEZVOUS_H
#define PRELOAD_INSTRUMENT_RENDEZVOUS_H

#include "base/types.h"

/* To be called while the process has one thread.  False: the function is not as
 * expected, or cannot be changed; modules that are loaded later are not
 * observed. */
bool rendezvous_watch(void);

#endif
