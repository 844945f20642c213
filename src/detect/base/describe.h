/*
 * Descriptions: records of the stacks, threads and locks that findings name.  Each is
 * described once, before the first record that names it (finding/results.h has the layout).
 *
 * All functions are called with detector.lock held, unless they say otherwise.
 */
#ifndef DETECT_BASE_DESCRIBE_H
#define DETECT_BASE_DESCRIBE_H

#include <string.h>

#include "detect/base/detector.h"
#include "finding/results.h"

/* What a string takes in a record. */
static inline uint32_t describe_string_bytes(const char *text)
{
	return (uint32_t)(4 + strlen(text));
}

void describe_stack(struct detector *detector, stack_id id);
void describe_lock(struct detector *detector, lock_id id);

/* What the description of a lock names: stacks, thread and module. */
void describe_origins(struct detector *detector, struct sync_info *info);

/* The description itself, into a slot.  Called without detector.lock. */
void describe_lock_in(struct detector *detector, const struct sync_info *info,
		      unsigned char bytes[RESULTS_LOCK_BYTES]);

/* And the threads that made it, one by the other. */
void describe_thread(struct detector *detector, thread_id id);

/* Is that done?  Called without detector.lock, by the thread itself or as a hint. */
bool describe_has_thread(const struct thread *thread);

/* @thread has got a name. */
void describe_renamed(struct detector *detector, struct thread *thread);

/* All that @finding's events name, but for those of other processes.  Afterwards its ids are
 * those of the records. */
void describe_finding(struct detector *detector, struct finding *finding);

#endif
