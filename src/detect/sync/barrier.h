/* Barriers: every arrival happens before every departure of its round. */
#ifndef DETECT_SYNC_BARRIER_H
#define DETECT_SYNC_BARRIER_H

#include "detect/base/detector.h"

/* What barriers gather.  A lock with wakes, as all threads of a round come at once, and one
 * that would give up loses what orders them.  Nothing is taken inside. */
extern struct runtime_lock barriers_lock;

void barrier_initialised(struct sync_object *object, uint32_t size);

/* Before the real wait.  True: a deadlock or hang was reported. */
bool barrier_arrived(struct detector *detector, struct thread *thread, struct sync_object *object,
		     stack_id stack);

/* After it. */
void barrier_departed(struct detector *detector, struct thread *thread,
		      struct sync_object *object);

/* Before its life ends: others that have left the real wait may not have learnt yet what it
 * taught them.  Waits for them, but not for ever. */
void barrier_ends(const struct sync_object *object);

#endif
