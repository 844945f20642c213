/* Threads: how they begin, end, and are joined. */
#ifndef DETECT_SYNC_THREAD_H
#define DETECT_SYNC_THREAD_H

#include "detect/base/detector.h"
#include "detect/base/thread.h"

/* The first thread of a process, or one whose creation was not seen.  NULL
 * when memory is exhausted. */
struct thread *thread_adopt(struct detector *detector, bool is_main);

/* @parent creates a thread, which begins with its clocks.  Called before it runs.  NULL
 * when memory is exhausted. */
struct thread *thread_create(struct detector *detector, struct thread *parent, stack_id stack);

/* The creation failed; @child never ran. */
void thread_create_failed(struct detector *detector, struct thread *child);

/* Called by the thread itself, at its beginning and after its function. */
void thread_started(struct detector *detector, struct thread *thread);
void thread_ending(struct detector *detector, struct thread *thread);

/* @thread joined @target.  @stack is where. */
void thread_joined(struct detector *detector, struct thread *thread, struct thread *target,
		   stack_id stack);
void thread_detached(struct detector *detector, struct thread *target);

#endif
