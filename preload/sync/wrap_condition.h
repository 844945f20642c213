/* Waits for conditions, for the pthread and the C11 wrappers. */
#ifndef PRELOAD_SYNC_WRAP_CONDITION_H
#define PRELOAD_SYNC_WRAP_CONDITION_H

#include "detect/sync/condition.h"
#include "preload/guest/guest.h"
#include "preload/sync/wrap_lock.h"

struct condition_call {
	struct guest_thread *self;
	struct condition_wait wait;
};

/* False: it is not observed, make only the real call. */
bool condition_call_begin(struct condition_call *call, uintptr_t condition, uintptr_t mutex,
			  struct wait_limit limit, const struct unwind_start *start);
void condition_call_end(struct condition_call *call, bool is_woken);
/* A cleanup handler: the wait was cancelled, and its mutex acquired again. */
void condition_call_cancelled(void *context);

void condition_call_signal(uintptr_t condition, bool is_broadcast,
			   const struct unwind_start *start);

#endif
