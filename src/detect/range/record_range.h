/*
 * Ranges: many granules that a thread is about to touch, recorded in one go.
 *
 * As for a whole granule (record_fast.h), while everything is as simple as that: a granule
 * with records of what is past is recorded by itself; the first one with another thread's
 * unordered access or an atomic in it ends the range, and what follows is left to the checks
 * of the accesses themselves.
 */
#ifndef DETECT_RANGE_RECORD_RANGE_H
#define DETECT_RANGE_RECORD_RANGE_H

#include "detect/race/record_fast.h"

/* @thread will touch @size_bytes from where @access begins on.  False: not all is recorded, in
 * one epoch that goes on.  What it knows to have been recorded in that it does not look at
 * again: memory_forget_ahead(). */
bool record_range(struct detector *detector, struct thread *thread, struct access *access,
		  size_t size_bytes);

/* @access, which a function of libc makes.  False: not all of it; the rest is access_check()'s. */
bool record_call(struct detector *detector, struct thread *thread, struct access *access);

#endif
