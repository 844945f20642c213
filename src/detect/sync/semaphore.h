/*
 * Semaphores: a post hands over to the wait that takes its token.
 *
 * No wait can tell one token from another.  So the tokens are taken to go in the order in
 * which they came, those of the beginning first, and the wait that makes n + 1 of them
 * where n were there at first comes after the first post, not after all that were made by
 * then: two threads whose semaphore lets two in are not ordered by who came first.
 * Threads that share out what they have waited for do so by other means, which order
 * them; together they have come after as many posts as it takes.  Where not every wait
 * and post is seen (named, of several processes, posted amid our own code), and of more
 * tokens than SYNC_TOKENS the oldest, a wait comes after all posts.
 *
 * A semaphore of initial value 1 of which each post is by the thread that last
 * waited is a lock, and is treated as one (lock order, deadlocks) until a post
 * by another thread shows that it is not; what was found by then is retracted.
 * Nothing is found before such a post was seen, and a thread that waits twice
 * in a row waits for another's post, not for itself.  Who takes it under another
 * lock and wants that again, before it posts, makes no edge between the two, nor, when it
 * has given that back, from the semaphore to any other.
 */
#ifndef DETECT_SYNC_SEMAPHORE_H
#define DETECT_SYNC_SEMAPHORE_H

#include "detect/base/detector.h"
#include "detect/base/held_locks.h"
#include "detect/base/thread.h"

/* Is the semaphore a lock, by what was seen of it? */
static inline bool semaphore_is_lock(const struct sync_info *info)
{
	return info && info->extra->is_value_known && !info->is_not_a_lock;
}

/* Notes what @thread, which has just taken the only token, holds, before the value says that it is
 * out: lock_order/chain.c and deadlock/waker.c look there. */
static inline void semaphore_note_held(const struct thread *thread, struct sync_info *info)
{
	const struct held_lock *held = thread->held.top;

	for (uint32_t i = 0; i < SYNC_TAKEN_UNDER; i++) {
		bool is_lock = i < thread->held.count && (--held)->object->info;

		info->extra->taken_under[i] = is_lock ? held->object->info->id : 0;
	}
}

void semaphore_initialised(struct detector *detector, struct sync_object *object, uint32_t value);

/* Before a wait that may block.  @is_timed: the wait is bounded. */
void semaphore_wanted(struct detector *detector, struct thread *thread, struct sync_object *object,
		      bool is_timed, stack_id stack);

/* It will block.  True: a deadlock or hang was reported; wait_end() follows. */
bool semaphore_wait_begin(struct detector *detector, struct thread *thread,
			  struct sync_object *object, bool is_timed, stack_id stack);

/* A token was taken. */
void semaphore_taken(struct detector *detector, struct thread *thread, struct sync_object *object,
		     stack_id stack);

/* Before the real post. */
void semaphore_posted(struct detector *detector, struct thread *thread, struct sync_object *object,
		      stack_id stack);

#endif
