/* The results file of a run: made before it, finished after it. */
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
	uint64_t ready_bytes; /* allocated at first; 0: all */
};

/* Makes the results file: @save, or a temporary one if @save is NULL.  Its disk space
 * is allocated, since a full disk would kill a guest that writes to the mapping; where that
 * is memory, only as much as guests need before they ask for more, if @is_for_guests.  It has
 * room for the events of --timeline if @keeps_events.  Returns 0, or STATUS_FAILED after a
 * message. */
int results_file_create(struct results_file *results, const char *save, bool is_for_guests,
			bool keeps_events);

/* Allocates all of it, for records that are not a guest's. */
void results_file_make_whole(struct results_file *results);

/* For when no other process will open it any more: unlinks a temporary file, so that
 * it is gone even if this process is killed. */
void results_file_hide(struct results_file *results);

/* Deletes a temporary file; cuts a saved one to its used size unless a process still
 * has it mapped.  @is_likely_in_use decides where the kernel cannot tell. */
void results_file_finish(struct results_file *results, bool is_likely_in_use);

/* True if the process @pid maps the file; false also without permission to see. */
bool results_file_is_mapped_by(const struct results_file *results, pid_t pid);

#endif
