/*
 * Live output: findings are printed while the program runs.
 *
 * A thread looks at the results file once a second, and has those findings written that
 * are due (reports/view/shown.h).  A look joins all records anew, so the next one waits
 * ten times as long as the last one took.  A program that ends within a second or two has
 * all of its findings at its end, in order.
 */
#ifndef COMMAND_RUN_LIVE_H
#define COMMAND_RUN_LIVE_H

#include <pthread.h>
#include <sys/types.h>

#include "command/base/results_file.h"
#include "options/options.h"
#include "reports/view/shown.h"

#define LIVE_PAUSE_MS 1000u

struct live {
	struct shown shown; /* to be read after live_stop() */
	const struct options *options;
	const struct results_file *results;
	const char *program;
	pid_t pid;
	uint64_t offset; /* of the next record to look at */
	bool is_started;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t end;
	bool is_ending; /* protected by the lock */
};

/* To be called once the program has run for LIVE_PAUSE_MS: most programs need no such thread.
 * Does nothing if there is no output for it. */
void live_start(struct live *live, const struct options *options,
		const struct results_file *results, const char *program, pid_t pid);

void live_stop(struct live *live);

#endif
