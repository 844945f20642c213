/*
 * A file's bytes, mapped for reading.
 *
 * Who cuts a file short while it is mapped ends who reads it there (SIGBUS).
 * Accepted: nobody does that to programs and libraries that may be running, as it
 * ends these too.
 */
#ifndef ELF_MAPPED_FILE_H
#define ELF_MAPPED_FILE_H

#include "base/types.h"

struct mapped_file {
	const unsigned char *bytes;
	size_t size_bytes;
};

/* 0, or a negative errno; -ENOEXEC if it can be opened but has no bytes to map, so
 * that it can be no program. */
int mapped_file_open(struct mapped_file *file, const char *path);
void mapped_file_close(struct mapped_file *file);

#endif
