/* The file that the processes of a run map, while they run and after. */
#ifndef COMMAND_BASE_RESULTS_FILE_H
#define COMMAND_BASE_RESULTS_FILE_H

#include <sys/types.h>

#include "base/types.h"

struct results_file {
	char *path;	 /* absolute */
	char *directory; /* of a temporary file, else NULL */
	int file;
	unsigned char *image; /* mapped, shared */
	uint64_t size_bytes;
};

/*
 * Makes the results file: @save, or a temporary one if that is NULL.  Its
 * space is allocated, so that no guest meets a full disk.  Returns 0, or
 * STATUS_FAILED after a message.
 */
int results_file_create(struct results_file *results, const char *save);

/*
 * No other process will open it any more: a temporary file loses its name, so that
 * nothing is left of it however this process ends.
 */
void results_file_hide(struct results_file *results);

/*
 * The end of a run: a temporary file is deleted; a saved one is cut to its used
 * size unless a process still has it mapped.  @is_likely_in_use decides where
 * the kernel does not tell.
 */
void results_file_finish(struct results_file *results, bool is_likely_in_use);

/* True if the process @pid maps the file; false too if we may not know. */
bool results_file_is_mapped_by(const struct results_file *results, pid_t pid);

#endif
