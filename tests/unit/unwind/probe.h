/*
 * The probe of the unwinder's tests takes the caller's stack in four ways and
 * compares them.
 *
 * A fresh unwind must agree with libunwind, and the memo with the fresh unwind.  A
 * control memo verifies return addresses alone, and its errors are counted: a
 * scenario without any does not test what else the memo verifies.
 */
#ifndef UNWIND_PROBE_H
#define UNWIND_PROBE_H

#include "unwind/unwind.h"

struct probe_counts {
	uint32_t asked;
	uint32_t hits;		     /* of the memo */
	uint32_t oracle_differs;     /* fresh unwind and libunwind */
	uint32_t memo_differs;	     /* memo and fresh unwind */
	uint32_t by_rules;	     /* unwound by rules alone */
	uint32_t rules_differ;	     /* that and fresh unwind */
	uint32_t ended_early;	     /* not at the thread's first frame */
	uint32_t crossed_signal;
	uint32_t used_rbp;
	uint32_t used_other;
	uint32_t words_in_excess; /* more than a return address per frame: saved
				   * registers that led to a frame */
	uint32_t control_wrong; /* the control memo's false hits */
	uint32_t last_signal;	/* that the latest stack crossed, or 0 */
	uint32_t last_frame_count;
	uintptr_t last_outermost;
};

extern struct probe_counts probe_counts;

/* Forgets all stacks and counts. */
void probe_reset(void);

/* Fails the calling test if any stack was wrong, or none was asked for. */
void probe_must_agree(void);

/* As a wrapper would: takes its caller's stack. */
void probe(void);

#endif
