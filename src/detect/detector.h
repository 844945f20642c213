/* The detector as a whole: made, in a fork's child, and ended. */
#ifndef DETECT_DETECTOR_H
#define DETECT_DETECTOR_H

#include "detect/base/detector.h"

/* False when memory is exhausted.  @detector is zeroed memory, or was one before.  @pages feeds all
 * arenas.  @predicts_races: clock.h. */
bool detector_init(struct detector *detector, const struct detector_hooks *hooks,
		   bool predicts_races, page_source pages);

/* The process ends (or execs): sums up, and if it ends orderly classifies what
 * only the end shows. */
void detector_ended(struct detector *detector, bool is_orderly);

/* The counters become what they are when @ending, the calling thread, has ended.  With
 * detector.lock. */
void detector_sum_up(struct detector *detector, struct thread *ending);

/* In a fork's child, called by its only thread, @thread: the others are gone,
 * with what they hold and wait for.  It holds detector.lock and what nests inside;
 * spin locks are not held by anybody. */
void detector_forked(struct detector *detector, struct thread *thread);

#endif
