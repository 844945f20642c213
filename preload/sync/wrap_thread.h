/* Threads, for the pthread and the C11 wrappers. */
#ifndef PRELOAD_SYNC_WRAP_THREAD_H
#define PRELOAD_SYNC_WRAP_THREAD_H

#include "preload/guest/guest.h"

/* A context for a thread that is about to be created, with thread_run() as its
 * routine and the context as argument.  NULL: it is not observed. */
struct guest_thread *thread_prepare(const struct unwind_start *start, void *(*routine)(void *),
				    void *argument);
/* The real call has returned. */
void thread_prepared(struct guest_thread *child, bool is_created);
void *thread_run(void *context);

struct thread_join {
	struct guest_thread *self;
	struct guest_thread *target;
	stack_id stack;
};

/* False: it is not observed, make only the real call. */
bool thread_join_begin(struct thread_join *join, uint64_t handle, bool is_timed,
		       const struct unwind_start *start);
void thread_join_end(struct thread_join *join, bool is_joined);
/* A cleanup handler: the join was cancelled. */
void thread_join_cancelled(void *context);

void thread_note_detached(uint64_t handle);

/* The calling thread is about to end, by pthread_exit() or thrd_exit(). */
void thread_note_exit(void);

#endif
