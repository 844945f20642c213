/*
 * What the kernel says of shared memory and of other processes.
 *
 * Read from /proc by system calls only: it is asked in the middle of the
 * program's lock calls.
 */
#ifndef PRELOAD_SHARED_LIFE_H
#define PRELOAD_SHARED_LIFE_H

#include "base/types.h"

/* What the memory at @address is called in every process that maps it: a hash
 * of its file and the place in it.  0: it is this process's own. */
uint64_t shared_memory_key(uintptr_t address);

/* A number that tells this life of process @pid, as this program, from others.
 * 0: it is gone, or dead and not yet waited for. */
uint64_t shared_process_life(uint32_t pid);

#endif
