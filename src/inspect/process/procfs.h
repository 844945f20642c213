/* Files of /proc about a process and its threads. */
#ifndef INSPECT_PROCESS_PROCFS_H
#define INSPECT_PROCESS_PROCFS_H

#include <sys/types.h>

#include "base/types.h"

/* Reads the file @name of a process, terminated.  Its length, or a negative errno. */
ssize_t procfs_read(pid_t pid, const char *name, char *text, size_t size_bytes);

/* The number behind @key ("Tgid:") in the text of a status file; @base 10 or 16. */
bool procfs_number(const char *status, const char *key, int base, uint64_t *value);

/* Where the link @name of a process leads, terminated; "" if it cannot be read. */
void procfs_link(pid_t pid, const char *name, char *path, size_t size_bytes);

/* True if @pid is in the same namespace ("ns/mnt") as we are, or if that is not known. */
bool procfs_shares_namespace(pid_t pid, const char *name);

#endif
