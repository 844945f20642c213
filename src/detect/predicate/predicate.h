/*
 * Predicates: what a condition wait was made for.
 *
 * `if (count == 0) wait(); count--;` takes any wake-up for a count.  A load that alone
 * decides whether the call that waits is made (SITE_AWAITS) is remembered with its value.
 * If the wait has ended by a wake-up, and the thread then stores to the place, which
 * still has this value, and has not looked at it again, it took the wake-up for its
 * predicate: seen to happen.  `while` looks again, and so does who starts anew.
 *
 * Missed are predicates of several words, those that a call tells, stores of constants
 * (a flag that was set aside for nothing does no harm), and what is only read.
 *
 * A thread has one at most, and looks at its own alone.
 */
#ifndef DETECT_PREDICATE_PREDICATE_H
#define DETECT_PREDICATE_PREDICATE_H

#include "detect/base/detector.h"
#include "detect/base/thread.h"
#include "detect/data/access.h"
#include "detect/shadow/origin.h"
#include "detect/shadow/shadow.h"

static inline bool predicate_is_open(const struct thread *thread)
{
	return thread->accesses.predicate.state != PREDICATE_NONE;
}

static inline bool predicate_touches(const struct thread *thread, uintptr_t start,
				     size_t size_bytes)
{
	const struct predicate *predicate = &thread->accesses.predicate;

	return predicate_is_open(thread) && predicate->address < start + size_bytes &&
	       start < predicate->address + predicate->size_bytes;
}

/* Lets the filter of stale reads pass all accesses of the word. */
void predicate_filter(struct thread *thread);

/* @thread, which holds a lock, reads the word that decides a call of @update_group. */
void predicate_read(struct thread *thread, const struct access *access, uint32_t update_group,
		    origin_id origin);

/* @thread accesses its predicate's word.  True: it acts on a wake-up that was none for the
 * predicate; predicate_report() tells. */
bool predicate_meet(struct thread *thread, const struct access *access, uint32_t update_group);

void predicate_report(struct detector *detector, struct thread *thread,
		      const struct access *access);

/* @thread is about to wait at @condition, called from @stack; @thread has been woken, or
 * not; @thread gives up a lock. */
void predicate_wait(struct detector *detector, struct thread *thread,
		    const struct sync_object *condition, stack_id stack);
void predicate_wait_ended(struct thread *thread, bool is_woken);
void predicate_release(struct thread *thread);

#endif
