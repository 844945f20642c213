/*
 * The events of --timeline, written as they happen (finding/timeline.h has the layout).
 *
 * What a thread holds and waits for stands in its books already, so its wrappers tell nothing:
 * whenever its guard goes down, what has changed since the last time becomes events.  Without
 * the option guest_leave() has no more to do than before.
 *
 * While half of the ring is free each hold is written when it begins and when it ends.  Later
 * it is one event, at its end, unless its thread waits meanwhile; then the short ones that
 * nothing happened in are left out, and counted, so that the ring goes back further.
 */
#ifndef PRELOAD_RESULTS_TIMELINE_H
#define PRELOAD_RESULTS_TIMELINE_H

#include "detect/base/detector.h"
#include "finding/timeline.h"

struct guest_thread;

/* If the results file has a ring, events are kept from now on. */
void timeline_begin(void);

/* guest_hooks.left: @self's guard has gone down. */
void timeline_left(struct guest_thread *self);

/* @self signals @object: a TIMELINE_SIGNAL, ..._BROADCAST or ..._POST.  Under the guard. */
void timeline_signalled(struct guest_thread *self, enum timeline_kind kind,
			const struct sync_object *object, stack_id stack);

/* The calling thread has made finding @finding.  Called with detector.lock held. */
void timeline_found(struct detector *detector, uint32_t finding);

/* The process ends. */
void timeline_end(void);

/* The run ends, as far as this process knows. */
void timeline_run_ended(void);

#endif
