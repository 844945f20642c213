/*
 * Ranges: many granules that a thread is about to touch, recorded in one go.
 *
 * As for a whole granule (record_fast.h), while everything is as simple as that: the
 * first granule with another thread's unordered access, a record or an atomic in it ends
 * the range, and what follows is left to the checks of the accesses themselves.
 */
#ifndef DETECT_RANGE_RECORD_RANGE_H
#define DETECT_RANGE_RECORD_RANGE_H

#include "detect/race/record_fast.h"

/* @thread will touch all of [start, end), whole granules, by @site. */
void record_range(struct detector *detector, struct thread *thread, uintptr_t start, uintptr_t end,
		  bool is_write, site_id site);

/* The same for @access, which a function of libc makes.  False: not all of it; the rest is
 * access_check()'s. */
bool record_long(struct detector *detector, struct thread *thread, struct access *access);

#endif
