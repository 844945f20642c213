/* Writes the outputs that the options name, and finds the exit status. */
#ifndef COMMAND_BASE_OUTPUT_H
#define COMMAND_BASE_OUTPUT_H

#include <sys/types.h>

#include "options/options.h"

struct shown;

/* The report to write. */
struct output_task {
	const struct options *options;
	const char *const *files;
	size_t file_count;
	const char *program; /* as the user named it, or NULL */
	pid_t pid;	     /* for %p, or 0 */
	int status_else;     /* the exit status if no finding counts */
	struct shown *shown; /* what was printed while the program ran, or NULL */
	bool is_live;	     /* the program runs: for output_write_due() */
	uint32_t running_count; /* observed processes that have not ended */
};

/* 0 if all outputs can be written and all other files be read, else STATUS_FAILED after a
 * message. */
int output_check(const struct options *options);

/* Writes all outputs.  --exit-code if findings count, else @task->status_else, or
 * STATUS_FAILED after a message. */
int output_write(const struct output_task *task);

/* Is there an output for findings while the program runs? */
bool output_is_live(const struct options *options);

/* Writes those that are due to it (reports/view/shown.h).  What fails is left to
 * output_write(). */
void output_write_due(const struct output_task *task);

#endif
