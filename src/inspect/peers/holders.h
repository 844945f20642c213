/* Which processes have an end of a pipe or socket open. */
#ifndef INSPECT_PEERS_HOLDERS_H
#define INSPECT_PEERS_HOLDERS_H

#include <sys/types.h>

#include "base/types.h"

#define HOLDERS_SHOWN 3u

/* An end that is looked for. */
struct wanted_end {
	uint64_t inode;
	bool is_pipe;	      /* else a socket */
	bool is_written;      /* of a pipe: its end for writing, else that for reading */
	bool is_own;	      /* the process itself has it */
	uint32_t other_count; /* other processes that have it */
	pid_t others[HOLDERS_SHOWN];
	char names[HOLDERS_SHOWN][32];
	bool has_unknown; /* there are processes that we may not look at */
};

/* Completes @ends, in one walk through all processes. */
void holders_find(pid_t pid, struct wanted_end *ends, size_t count);

#endif
