/*
 * The threads of a process that runs: their stacks, as ptrace and the unwind tables of
 * its modules tell.
 */
#ifndef REPORTS_SYMBOLS_LIVE_THREADS_H
#define REPORTS_SYMBOLS_LIVE_THREADS_H

#include <sys/types.h>

#include "base/types.h"

#define LIVE_FRAMES_MAX 64u

struct live_module {
	uint64_t start;
	uint64_t end;
	uint64_t bias; /* address = bias + ELF address */
	const char *path;
};

struct live_visitor {
	void *context;
	void (*module)(void *context, const struct live_module *module);
	/* @frames are like return addresses, innermost first. */
	void (*thread)(void *context, pid_t thread, const uint64_t *frames, uint32_t count);
};

/* Tells @visitor of the modules of process @pid, then of its threads, each of which is
 * stopped for a moment.  Does nothing without permission. */
void live_visit(pid_t pid, const struct live_visitor *visitor);

#endif
