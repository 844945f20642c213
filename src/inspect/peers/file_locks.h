/* Locks of files, by /proc/locks. */
#ifndef INSPECT_PEERS_FILE_LOCKS_H
#define INSPECT_PEERS_FILE_LOCKS_H

#include <sys/types.h>

#include "base/types.h"

/* The process that has a lock on the file of which one of @pid waits for; 0: none that is
 * known. */
pid_t file_lock_holder(pid_t pid, uint64_t device, uint64_t inode);

#endif
