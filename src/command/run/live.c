#include "command/run/live.h"

#include <time.h>

#include "base/atomic.h"
#include "command/base/output.h"
#include "finding/results.h"

#define PAUSE_SHARE 10 /* a look may take a tenth of a processor's time */

static struct timespec time_after(uint64_t pause_ms)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	now.tv_nsec += (long)(pause_ms % 1000) * 1000000;
	now.tv_sec += (time_t)(pause_ms / 1000) + now.tv_nsec / 1000000000;
	now.tv_nsec %= 1000000000;
	return now;
}

static uint64_t own_time_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* False at the end of the run. */
static bool pause_for(struct live *live, uint64_t pause_ms)
{
	struct timespec until = time_after(pause_ms);
	bool is_ending;

	(void)pthread_mutex_lock(&live->lock);
	while (!live->is_ending &&
	       pthread_cond_clockwait(&live->end, &live->lock, CLOCK_MONOTONIC, &until) == 0)
		;
	is_ending = live->is_ending;
	(void)pthread_mutex_unlock(&live->lock);
	return !is_ending;
}

/* Has a finding settled since the last time? */
static bool has_news(struct live *live)
{
	const struct record_header *record;
	uint64_t torn = 0;
	bool has_any = false;
	const char *why;

	while (live->offset < live->shown.settled_bytes &&
	       results_next(live->results->image, live->results->size_bytes, &live->offset, &record,
			    &torn, &why) > 0)
		has_any |= record->type == RECORD_FINDING ||
			   (record->type == RECORD_ORDER && live->options->order);
	return has_any;
}

static void write_due(struct live *live)
{
	const char *files[] = {live->results->path};
	const struct output_task task = {
		.options = live->options,
		.files = files,
		.file_count = 1,
		.program = live->program,
		.pid = live->pid,
		.shown = &live->shown,
		.is_live = true,
	};

	output_write_due(&task);
}

static void *look_again_and_again(void *argument)
{
	struct live *live = argument;
	const struct results_header *header = (const void *)live->results->image;
	uint64_t pause_ms = 0;

	while (pause_for(live, pause_ms)) {
		uint64_t begin_ms = own_time_ms();

		if (has_news(live))
			write_due(live);
		/* relaxed: records tell by themselves whether they are whole. */
		live->shown.settled_bytes = load_relaxed(&header->tail);
		pause_ms = LIVE_PAUSE_MS + PAUSE_SHARE * (own_time_ms() - begin_ms);
	}
	return NULL;
}

void live_start(struct live *live, const struct options *options,
		const struct results_file *results, const char *program, pid_t pid)
{
	if (!output_is_live(options))
		return;
	live->options = options;
	live->results = results;
	live->program = program;
	live->pid = pid;
	(void)pthread_mutex_init(&live->lock, NULL);
	(void)pthread_cond_init(&live->end, NULL);
	live->is_started = pthread_create(&live->thread, NULL, look_again_and_again, live) == 0;
}

void live_stop(struct live *live)
{
	if (!live->is_started)
		return;
	(void)pthread_mutex_lock(&live->lock);
	live->is_ending = true;
	(void)pthread_cond_signal(&live->end);
	(void)pthread_mutex_unlock(&live->lock);
	(void)pthread_join(live->thread, NULL);
}
