/*
 * Files that are known to be whole.
 *
 * To read all of a file for its checksum takes longer than all else that is done with it.  So
 * who has written one, or has found its checksum right, notes that in the time of its last
 * change: the nanoseconds are a digest of this boot of the machine, the key, the length and the
 * seconds.  Whatever changes a file gives it another time.  Once the machine has started anew no
 * mark counts, as what was written before may not all have come to the disk.
 */
#ifndef X86_CACHE_KNOWN_WHOLE_H
#define X86_CACHE_KNOWN_WHOLE_H

#include <sys/stat.h>

#include "x86/cache/plan_key.h"

/* A number for this boot; 0: it has none that can be read. */
uint64_t known_whole_boot(void);

/* Is the file of @status, whose plan has @key, marked? */
bool known_whole(uint64_t boot, const struct plan_key *key, const struct stat *status);

/* Marks @file, of @size_bytes.  Its time is then that of now, with another fraction. */
void known_whole_note(uint64_t boot, const struct plan_key *key, int file, uint64_t size_bytes);

#endif
