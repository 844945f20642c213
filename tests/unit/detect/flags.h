/*
 * For tests of assumed order: threads that a flag seems to order, which may be an atomic.
 */
#ifndef TESTS_UNIT_FLAGS_H
#define TESTS_UNIT_FLAGS_H

#include "detect/race/record_fast.h"
#include "detect/sync/thread.h"
#include "racing.h"

#define FLAG 64u
#define OWN 128u
#define GATE 256u

static struct thread *a, *b, *c;

/* Whose sites are no news, so that parts of granules are kept pending. */
static inline struct thread *start_known(void)
{
	struct thread *thread = racing_start(first);

	thread->accesses.sample = 1000;
	writes(thread, OWN + 8 * thread->slot, 8); /* begins an epoch */
	return thread;
}

static inline void set_up(void)
{
	set_up_racing();
	racing_sites_are_old(true);
	a = start_known();
	b = start_known();
	c = start_known();
}

static inline void stores_flag(struct thread *thread)
{
	accesses_at(thread, racing_site(SITE_WRITE | SITE_PLAIN_MOVE, 8), FLAG, 8);
}

static inline void loads_flag(struct thread *thread)
{
	accesses_at(thread, racing_site(SITE_READ | SITE_PLAIN_MOVE, 8), FLAG, 8);
}

/* By what is no lock: @to knows what @from has done. */
static inline struct clock_releaser hands_over(struct thread *from, struct thread *to)
{
	struct clock_releaser by = memory_before_release(&judge, from);

	clock_join(memory_before_join(&judge, to), clock_snapshot(by));
	return by;
}

#endif
