#define _GNU_SOURCE
#include "preload/guest/perturb.h"

#include <sched.h>
#include <time.h>

#include "base/hash.h"
#include "base/kernel.h"
#include "detect/base/thread.h"

#define STEP_NS 2000000u /* longer than it takes to create a thread or to wake one */
#define STEPS_USUALLY 2u /* at most: threads that begin together are to meet, ... */
#define STEPS_AMIDST 6u	 /* at least: ... and to stay in each other's way */
#define OFTEN_CALLS 32u /* the first ones; later the chance falls with their number */

/* Of a pause before a call, in parts of 32. */
#define CHANCES 32u
#define CHANCE_USUALLY 2u
#define CHANCE_AMIDST 31u

static uint64_t random_of_run(void)
{
	return hash_append(1, guest_options.perturb);
}

static uint64_t random_number(const struct guest_thread *self)
{
	uint64_t hash = hash_append(random_of_run(), self->thread->id);

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

/* What it does is not whole yet: it holds a lock or a semaphore's token, or a later write
 * may rest on what it has read under a lock. */
static bool is_amidst(const struct guest_thread *self)
{
	return self->thread->held.count || self->thread->accesses.stale_read_count ||
	       self->token_count;
}

/* The same for all threads of a run: two that do the same stay side by side. */
static uint64_t steps_amidst(void)
{
	return STEPS_AMIDST + hash_mix(random_of_run()) % STEPS_AMIDST;
}

void perturb_call(struct guest_thread *self)
{
	uint64_t random = random_number(self);
	uint64_t rarity = 1 + self->call_count++ / OFTEN_CALLS;
	uint32_t choice = (uint32_t)random;

	random = (random >> 32) % (CHANCES * rarity);
	if (is_amidst(self) && random < CHANCE_AMIDST)
		pause_for(steps_amidst());
	else if (random < CHANCE_USUALLY)
		pause_for(1 + choice % STEPS_USUALLY);
}

void perturb_start(struct guest_thread *self)
{
	self->call_count = 0;
	self->token_count = 0;
	if (perturb_is_wanted())
		perturb_call(self);
}
