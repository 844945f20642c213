/*
 * Wakes: how many of those who wait at an object have been woken and have not gone on
 * yet.  Of conditions and futexes; under sync_info.busy.
 */
#ifndef DETECT_DATA_WAKES_H
#define DETECT_DATA_WAKES_H

#include "detect/data/object.h"

/* Somebody begins to wait. */
static inline void wakes_wait(struct sync_info *info)
{
	info->extra->waiter_count++;
}

/* A waiter has gone on: woken, as far as its result tells, or for another reason. */
static inline void wakes_end(struct sync_info *info, bool is_woken)
{
	struct sync_extra *extra = info->extra;

	if (extra->waiter_count)
		extra->waiter_count--;
	if (extra->wake_count && (is_woken || extra->wake_count > extra->waiter_count))
		extra->wake_count--;
}

/* Up to @count of them are woken. */
static inline void wakes_wake(struct sync_info *info, uint32_t count)
{
	struct sync_extra *extra = info->extra;
	uint32_t asleep = extra->waiter_count - extra->wake_count;

	extra->wake_count += count < asleep ? count : asleep;
}

#endif
