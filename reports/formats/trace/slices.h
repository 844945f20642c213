/*
 * What the ring of events (finding/timeline.h) says, as slices of time: the holds and waits of
 * each thread, and between them moments such as signals, whose ends are their beginnings.
 *
 * Slices stand by process, thread and beginning.  Times count from the first event of a file.
 * Whose end was not seen lasts until its process ends, or the run; ends alone are left out.
 */
#ifndef REPORTS_FORMATS_TRACE_SLICES_H
#define REPORTS_FORMATS_TRACE_SLICES_H

#include "finding/timeline.h"
#include "reports/model/model.h"

struct slice {
	const struct model_process *process;
	uint32_t thread;
	uint32_t waiter_count; /* of a wait: threads that wait for the same then, it among them */
	uint64_t begin_ns;
	uint64_t end_ns;
	bool is_open; /* its end was not seen */
	struct timeline_event event; /* its beginning */
};

struct slices {
	struct slice *rows; /* allocated */
	size_t count;
	size_t room;
	uint64_t lost_count; /* events overwritten or left out */
};

/* 0; -ENODATA if no file has a ring, or another negative errno. */
int slices_read(struct slices *slices, const struct model *model);

void slices_free(struct slices *slices);

#endif
