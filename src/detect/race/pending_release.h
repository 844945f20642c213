/*
 * Pending releases: stores over what another thread has read.
 *
 * If the location is an atomic one, such a store is a release, and the reader that sees
 * its value acquires.  But a reader that waits for it may not have looked again when the
 * writer finds its earlier read.  So the writer leaves a pending release with each
 * reader, which acquires it before it calls anything an error.  A release is a plain
 * word without its bytes: whose, and when.  Of each writer the last one is kept.
 *
 * In libraries that are watched for synchronisation only (SITE_SILENT) there is no doubt
 * that it was one: such a release is acquired before any access is found to race.
 */
#ifndef DETECT_RACE_PENDING_RELEASE_H
#define DETECT_RACE_PENDING_RELEASE_H

#include "detect/race/race.h"

/* Leaves the step's write as a pending release with the thread of step->other, which has
 * read.  @pair is the finding about the two, 0 if they are certainly ordered. */
void pending_release_leave(struct race_step *step, uint32_t pair, bool is_silent);

/*
 * @thread makes @bytes of a granule atomic, whose reads are at @place.  Threads that have
 * checked a plain load of them, but not made it yet, may still see what @thread stores.
 * Leaves it as a pending release with all readers.
 */
void pending_release_leave_all(struct detector *detector, struct thread *thread,
			       const uint64_t *place, uint32_t bytes);

/* If the thread of step->other has left a pending release after the access that step->other
 * stands for, the step's thread acquires it: true. */
bool pending_release_acquire(struct race_step *step);

/* Acquires all pending releases that silent modules have left.  True: the access that @word
 * stands for then comes before the step. */
bool pending_release_acquire_silent(struct race_step *step, uint64_t word);

#endif
