/*
 * Ids of locks that are named by what may outlive the lock: gates of witnesses in the
 * lock-order graph, notes of waits, examples of classes.  While an id is named it rests
 * after its lock's end (object.c), lest the next lock with it be taken for the old one.
 *
 * Counted by id, cut to the table's size: of two ids that share a count either may be taken
 * for named without need.  Any thread may count.
 */
#ifndef DETECT_DATA_NAMED_IDS_H
#define DETECT_DATA_NAMED_IDS_H

#include "base/arena.h"
#include "base/atomic.h"
#include "base/types.h"

#define NAMED_IDS_COUNT 65536u

struct named_ids {
	uint32_t *counts; /* NULL: there was no memory, and all may be named */
};

static inline void named_ids_init(struct named_ids *named, page_source pages)
{
	named->counts = pages(NAMED_IDS_COUNT * sizeof(*named->counts));
}

static inline void named_ids_change(struct named_ids *named, lock_id id, uint32_t change)
{
	/* relaxed: whoever ends a lock's life comes after who named it. */
	if (named->counts)
		fetch_add_relaxed(&named->counts[id % NAMED_IDS_COUNT], change);
}

static inline void named_ids_add(struct named_ids *named, lock_id id)
{
	named_ids_change(named, id, 1);
}

static inline void named_ids_drop(struct named_ids *named, lock_id id)
{
	named_ids_change(named, id, -1u);
}

static inline bool named_ids_has(const struct named_ids *named, lock_id id)
{
	return !named->counts || load_relaxed(&named->counts[id % NAMED_IDS_COUNT]);
}

#endif
