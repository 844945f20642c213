#define _GNU_SOURCE
#include "preload/guest/perturb.h"

#include <sched.h>
#include <time.h>

#include "base/hash.h"
#include "base/kernel.h"
#include "detect/base/thread.h"

#define STEP_NS 2000000u /* longer than it takes to create a thread or to wake one */
#define STEPS_USUALLY 3u /* at most: threads that begin together are to meet, ... */
#define STEPS_AMIDST 4u	 /* at least: ... and to stay in each other's way */
#define OFTEN_CALLS 32u /* the first ones; later the chance falls with their number */

/* Of a pause before a call, in eighths. */
#define CHANCE_USUALLY 3u
#define CHANCE_AMIDST 7u

static uint64_t random_number(const struct guest_thread *self)
{
	uint64_t hash = hash_append(hash_append(1, guest_options.perturb), self->thread->id);

	return hash_mix(hash_append(hash, self->call_count));
}

/* Other threads that are scheduled by the same rules run on while this one sleeps. */
static bool is_realtime(void)
{
	long policy = kernel_call1(SYS_sched_getscheduler, 0);

	return policy != SCHED_OTHER && policy != SCHED_BATCH && policy != SCHED_IDLE;
}

static void pause_for(uint64_t steps)
{
	const struct timespec time = {.tv_nsec = (long)(steps * STEP_NS)};

	if (!is_realtime())
		kernel_call2(SYS_nanosleep, &time, NULL);
}

/* What it does is not whole yet: it holds a lock, or a later write may rest on what it
 * has read under one. */
static bool is_amidst(const struct thread *thread)
{
	return thread->held.count || thread->accesses.stale_read_count;
}

void perturb_call(struct guest_thread *self)
{
	uint64_t random = random_number(self);
	uint64_t rarity = 1 + self->call_count++ / OFTEN_CALLS;
	uint32_t choice = (uint32_t)random;

	random = (random >> 32) % (8 * rarity);
	if (is_amidst(self->thread) && random < CHANCE_AMIDST)
		pause_for(STEPS_AMIDST + choice % (STEPS_AMIDST + 1));
	else if (random < CHANCE_USUALLY)
		pause_for(1 + choice % STEPS_USUALLY);
}

void perturb_start(struct guest_thread *self)
{
	if (perturb_is_wanted())
		pause_for(random_number(self) % STEPS_USUALLY);
	self->call_count = 1;
}
