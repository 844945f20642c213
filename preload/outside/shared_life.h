/*
 * What the kernel says of shared memory and of other processes.
 *
 * Read from /proc by system calls only: it is asked in the middle of the
 * program's lock calls.
 */
#ifndef PRELOAD_OUTSIDE_SHARED_LIFE_H
#define PRELOAD_OUTSIDE_SHARED_LIFE_H

#include "base/types.h"

/* A number for a file, outside of all addresses. */
static inline uintptr_t file_identity(uint64_t device, uint64_t inode)
{
	return 1ul << 63 | ((device << 40 ^ inode << 4) & ~(1ul << 63));
}

/* Keys leave the highest bit to those that only one process uses. */
#define SHARED_KEY_BITS (~0ull >> 1)

/* What the memory at @address is called in every process that maps it: a hash
 * of its file and the place in it.  0: it is this process's own. */
uint64_t shared_memory_key(uintptr_t address);

/* What a file is called in every process. */
uint64_t shared_file_key(uintptr_t identity);

/* Does the kernel say that process @pid has locked the file of @key by flock()? */
bool shared_file_is_locked_by(uint64_t key, uint32_t pid);

/* A number that tells this life of process @pid, as this program, from others.
 * 0: it is gone, or dead and not yet waited for. */
uint64_t shared_process_life(uint32_t pid);

#endif
