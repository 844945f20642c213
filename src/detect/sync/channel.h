/*
 * Channels: hand-overs through the kernel.
 *
 * A pipe, a socket, an eventfd, a futex word, a signal number: a writer (waker, sender)
 * gives its clock, a reader (waiter, handler) takes it.  Clocks that are given are
 * merged, so a reader comes after all earlier writers.  May miss a race; accepted, as
 * it cannot make a false one.
 *
 * A channel is found by a key, which its users make up (CHANNEL_KEY), or by its
 * number.  It lives while it is held, and for some time after, as the kernel's object
 * may have unknown users.  When there are too many, those not used lately are
 * forgotten.  Channels are never unmapped; a stale number names some other channel,
 * which adds an edge and does no harm.
 *
 * An epoll descriptor watches channels: what is written to them is given to it
 * too.
 */
#ifndef DETECT_SYNC_CHANNEL_H
#define DETECT_SYNC_CHANNEL_H

#include "base/id_table.h"
#include "base/intern.h"
#include "detect/base/detector.h"

#define CHANNEL_WATCHERS 4u
#define CHANNEL_RESTING_MAX 4096u

#define CHANNEL_KEY(kind, number)                                                                  \
	((uint64_t)(kind) << 56 | ((uint64_t)(number)&0xffffffffffffffull))

/* What is given to channels with more watchers than they have room for. */
#define CHANNEL_WATCHED_WIDELY CHANNEL_KEY(0xff, 0)

struct channel {
	struct intern_link link;
	struct sync_object object; /* what handover.h works on ... */
	struct sync_info info;
	struct sync_extra extra; /* ... in one piece */
	uint64_t key;
	uint64_t peer;	 /* key of the other direction, if it was told */
	uint32_t number; /* from 1 */
	uint32_t holder_count;
	uint32_t watchers[CHANNEL_WATCHERS]; /* numbers of channels */
	uint32_t is_watched_widely;	     /* by more than these */
	uint32_t takes_signals;		     /* a signalfd */
	uint32_t was_used;		     /* since it was last looked at to be forgotten */
	bool is_resting;
	struct channel *next_resting;
};

struct channel_table {
	struct runtime_lock lock; /* all below, innermost; numbers and keys are searched without */
	struct arena arena;
	struct id_table numbers;
	struct intern_table by_key;
	struct channel *oldest_resting;
	struct channel *newest_resting;
	uint32_t resting_count;
};

/* The only initialisation needed; usable before there is a detector. */
#define CHANNEL_TABLE_EMPTY                                                                        \
	{                                                                                          \
		.arena = {.pages = pages_from_kernel }                                             \
	}

/* In a fork's child, with the lock taken: gives back what other threads hold. */
void channels_forked(struct channel_table *table);

/* NULL if there is none. */
struct channel *channel_find(const struct channel_table *table, uint64_t key);

/* Finds it or begins it.  @thread is the caller, or NULL where there is none to
 * give memory of forgotten channels to.  NULL when memory is exhausted. */
struct channel *channel_get(struct channel_table *table, struct thread *thread, uint64_t key);

/* The same, and keeps it: until channel_release(). */
struct channel *channel_hold(struct channel_table *table, struct thread *thread, uint64_t key);
void channel_hold_again(struct channel_table *table, struct channel *channel);
void channel_release(struct channel_table *table, struct channel *channel);

static inline struct channel *channel_by_number(const struct channel_table *table, uint32_t number)
{
	return number ? id_table_get(&table->numbers, number) : NULL;
}

void channel_give(struct channel_table *table, struct detector *detector, struct thread *thread,
		  struct channel *channel);
void channel_take(struct detector *detector, struct thread *thread, struct channel *channel);

/* From now on what is given to @channel is given to @watcher too; so is what was. */
void channel_watch(struct detector *detector, struct thread *thread, struct channel *channel,
		   struct channel *watcher);

#endif
