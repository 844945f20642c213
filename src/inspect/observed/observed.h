/*
 * What the guest library knows of a process that it observes: its threads and locks, and
 * where each blocked thread took what it holds.
 *
 * The library writes that to a results file, which it keeps mapped, so it is read as any
 * memory.  Findings and counts of the run are left out: they are the run's own to report.
 */
#ifndef INSPECT_OBSERVED_OBSERVED_H
#define INSPECT_OBSERVED_OBSERVED_H

#include "inspect/base/target.h"

/* Copies to @image, an empty results file, what the library of @target has written; nothing
 * if it has none. */
void observed_copy(struct target *target, void *image);

/* The number of @target in @image; 0: it is not observed. */
uint32_t observed_find(const void *image, const struct target *target);

/* Fills in the library's ids of the threads of @target that it has told of. */
void observed_threads(const void *image, uint32_t process, struct target *target, uint32_t *ids);

/* Leaves out of the stack of @thread what is the library's. */
void observed_drop_frames(struct target *target, struct target_thread *thread);

#endif
