/* Mutexes and spin locks: exclusive, owned, perhaps recursive. */
#ifndef DETECT_SYNC_MUTEX_H
#define DETECT_SYNC_MUTEX_H

#include "detect/base/held_locks.h"
#include "detect/base/thread.h"
#include "detect/sync/lock.h"
#include "detect/deadlock/misuse.h"

static inline bool mutex_is_mine(const struct thread *thread, const struct sync_object *object)
{
	/* relaxed: only this thread writes its own id there. */
	return load_relaxed(&object->owner) == thread->id;
}

/* Before a call that may block. */
static inline void mutex_wanted(struct detector *detector, struct thread *thread,
				struct sync_object *object, bool is_timed, stack_id stack)
{
	if (LIKELY(!mutex_is_mine(thread, object)))
		lock_wanted(detector, thread, object, LOCK_EXCLUSIVE, is_timed, stack);
}

/* It had an owner, as far as was seen: @thread, which has taken it once more, or another. */
void mutex_acquired_owned(struct detector *detector, struct thread *thread,
			  struct sync_object *object, stack_id stack);

/* After it succeeded. */
static inline __attribute__((always_inline)) void
mutex_acquired(struct detector *detector, struct thread *thread, struct sync_object *object,
	       stack_id stack)
{
	/* relaxed: as in mutex_is_mine() */
	if (LIKELY(!load_relaxed(&object->owner)))
		lock_acquired_free(detector, thread, object, LOCK_EXCLUSIVE, stack);
	else
		mutex_acquired_owned(detector, thread, object, stack);
}

/* And by EOWNERDEAD: its holder had ended. */
static inline void mutex_inherited(const struct thread *thread, struct sync_object *object)
{
	object->generation |= SYNC_ABANDONED;
	if (object->info)
		object->info->heir = thread->id;
}

/* Before the real release of a lock that @thread does not hold, by our state; @real: by its
 * memory.  A mutex of another thread's orders that release with who takes it next. */
void mutex_releasing_unheld(struct detector *detector, struct thread *thread,
			    struct sync_object *object, stack_id stack, enum real_state real);

/* Before the real release.  False if @thread does not hold it, by our state: the
 * caller then asks the object's memory and calls mutex_releasing_unheld(). */
static inline bool mutex_releasing(struct detector *detector, struct thread *thread,
				   struct sync_object *object)
{
	struct held_lock *held;

	if (LIKELY(thread->held.top[-1].object == object))
		held = &thread->held.top[-1];
	else
		held = held_locks_find(&thread->held, object);
	if (UNLIKELY(!held))
		return false;
	if (UNLIKELY(held->recursion)) {
		held->recursion--;
		return true;
	}
	lock_releasing(detector, thread, object, held);
	return true;
}

#endif
