#include "inspect/waits/watch.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "inspect/process/process.h"

struct watch {
	struct target target; /* as it was */
	bool *is_still;	      /* for each thread */
	uint64_t span_ms;
};

/* Before the second look, which may stop threads. */
static void find_still(struct watch *watch, const uint64_t *switches)
{
	struct target *target = &watch->target;

	for (size_t i = 0; i < target->thread_count; i++)
		watch->is_still[i] = target->threads[i].call != STATE_RUNS &&
				     process_is_still(target, &target->threads[i]) &&
				     process_switches(target, &target->threads[i]) == switches[i];
}

struct watch *watch_begin(struct pool *pool, pid_t pid, uint64_t span_ms,
			  char why[TARGET_MESSAGE_BYTES])
{
	const struct timespec span = {(time_t)(span_ms / 1000), (long)(span_ms % 1000) * 1000000};
	struct watch *watch = pool_alloc(pool, sizeof(*watch));
	struct target *target = &watch->target;
	uint64_t *switches;

	if (!process_open(target, pool, pid, why))
		return NULL;
	watch->span_ms = span_ms;
	watch->is_still = pool_alloc(pool, (target->thread_count + 1) * sizeof(bool));
	switches = pool_alloc(pool, (target->thread_count + 1) * sizeof(*switches));
	for (size_t i = 0; i < target->thread_count; i++)
		switches[i] = process_switches(target, &target->threads[i]);
	(void)nanosleep(&span, NULL);
	find_still(watch, switches);
	return watch;
}

static bool has_moved(const struct watch *watch, const struct target_thread *now)
{
	struct target *target = (struct target *)(uintptr_t)&watch->target;
	const struct target_thread *before = target_find_thread(target, now->inner_id);

	return !before || before->id != now->id || !watch->is_still[before - target->threads];
}

void watch_compare(const struct watch *watch, struct look *look)
{
	for (size_t i = 0; i < look->target.thread_count; i++) {
		char *note = look->waits[i].note;
		size_t length = strlen(note);
		const char *comma = length ? ", " : "";

		if (has_moved(watch, &look->target.threads[i]))
			(void)snprintf(note + length, WAIT_NOTE_BYTES - length, "%shas moved",
				       comma);
		else
			(void)snprintf(note + length, WAIT_NOTE_BYTES - length,
				       "%shas not moved in %g s", comma,
				       (double)watch->span_ms / 1000.0);
	}
}
