/*
 * The descriptors that a thread waits for: one that it reads or writes, or those that it gave
 * to poll(), select() or an epoll.
 */
#ifndef INSPECT_PEERS_POLLED_H
#define INSPECT_PEERS_POLLED_H

#include "inspect/base/target.h"

#define POLLED_MAX 1024u

struct polled {
	int descriptor;
	bool is_read; /* it waits for data, else for room */
};

struct polled_list {
	struct polled rows[POLLED_MAX];
	size_t count;
	bool is_timed;
};

/* False: @thread polls nothing. */
bool polled_find(struct target *target, const struct target_thread *thread,
		 struct polled_list *list);

#endif
