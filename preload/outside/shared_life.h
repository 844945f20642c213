/*
 * What the kernel says about shared memory and other processes.
 *
 * It is read from /proc, by system calls only, as this happens during the
 * program's lock calls.
 */
#ifndef PRELOAD_OUTSIDE_SHARED_LIFE_H
#define PRELOAD_OUTSIDE_SHARED_LIFE_H

#include "base/types.h"

/* A number for a file, which is no valid address. */
static inline uintptr_t file_identity(uint64_t device, uint64_t inode)
{
	return 1ul << 63 | ((device << 40 ^ inode << 4) & ~(1ul << 63));
}

/* The highest bit is kept for keys that only one process uses. */
#define SHARED_KEY_BITS (~0ull >> 1)

/* What the kernel says of a mapping: [start, end), from @offset of a file on. */
struct shared_mapping {
	uintptr_t start, end;
	uint64_t offset;
	uint64_t file; /* a hash of its device and inode */
	bool is_shared;
};

/* The mapping that has @address.  False: there is none. */
bool shared_mapping_find(uintptr_t address, struct shared_mapping *mapping);

/* shared_memory_key() of @address, which is in @mapping. */
uint64_t shared_mapping_key(const struct shared_mapping *mapping, uintptr_t address);

/* A key of the memory at @address that is the same in every process that maps
 * it: a hash of its file and the offset there.  0: the memory is private. */
uint64_t shared_memory_key(uintptr_t address);

/* A key of a file that is the same in every process. */
uint64_t shared_file_key(uintptr_t identity);

/* Has process @pid locked the file of @key by flock(), as the kernel says? */
bool shared_file_is_locked_by(uint64_t key, uint32_t pid);

/* A number for process @pid while it runs its present program: no other
 * process, and no other program of it, has the same.  0: it has ended, though
 * perhaps nobody has waited for it. */
uint64_t shared_process_life(uint32_t pid);

#endif
