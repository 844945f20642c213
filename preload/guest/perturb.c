#define _GNU_SOURCE
#include "preload/guest/perturb.h"

#include <sched.h>
#include <time.h>

#include "base/atomic.h"
#include "base/hash.h"
#include "base/kernel.h"
#include "detect/base/thread.h"

#define STEP_NS 2000000u /* longer than it takes to create a thread or to wake one */
#define STEPS_USUALLY 2u /* at most: threads that begin together are to meet, ... */
#define STEPS_AMIDST 6u	 /* at least: ... and to stay in each other's way */
#define OFTEN_CALLS 32u	 /* the first ones; later the chance falls with their number */

/* Of a pause before a call, in parts of 32. */
#define CHANCES 32u
#define CHANCE_USUALLY 2u
#define CHANCE_AMIDST 31u

#define STEP_MOMENTS 1000u /* in the place of so many calls */
#define START_MOMENTS 8u   /* at most: of two threads that begin, who comes first is open */
#define TURN_NS 250000u	   /* between looks at the others */
#define TURNS_MAX 160u	   /* then they are away */

static uint64_t latest_moment; /* of who has gone on */

static uint64_t random_of_run(void)
{
	return hash_append(1, guest_options.perturb);
}

/* Nobody was seen creating the thread that has none yet. */
static uint64_t name_of(struct guest_thread *self)
{
	if (!self->perturbed.name)
		self->perturbed.name = hash_append(random_of_run(), self->thread->id);
	return self->perturbed.name;
}

static uint64_t random_number(struct guest_thread *self)
{
	return hash_mix(hash_append(name_of(self), self->perturbed.call_count));
}

/* Other threads that are scheduled by the same rules run on while this one sleeps. */
static bool is_realtime(void)
{
	long policy = kernel_call1(SYS_sched_getscheduler, 0);

	return policy != SCHED_OTHER && policy != SCHED_BATCH && policy != SCHED_IDLE;
}

static void sleep_for(uint64_t time_ns)
{
	const struct timespec time = {.tv_nsec = (long)time_ns};

	kernel_call2(SYS_nanosleep, &time, NULL);
}

/* --- Turns ------------------------------------------------------------------- */

/* relaxed, here and below: who looks in between looks again, or goes on a little early. */
static uint64_t moment_of(const struct guest_thread *self)
{
	return load_relaxed(&self->perturbed.moment);
}

static void move_to(struct guest_thread *self, uint64_t moment)
{
	uint64_t latest = load_relaxed(&latest_moment);

	store_relaxed(&self->perturbed.moment, moment > latest ? moment : latest);
	store_relaxed(&self->perturbed.is_away, false);
}

/* Is the call over that brought @other to its moment, and @self's not due before it? */
static bool comes_after(const struct guest_thread *other, const struct guest_thread *self)
{
	if (!load_relaxed(&other->perturbed.is_pausing))
		return moment_of(other) > moment_of(self) + 1;
	if (moment_of(other) != moment_of(self))
		return moment_of(other) > moment_of(self);
	return other->perturbed.name > self->perturbed.name;
}

/* Does @other run, and is to do so before @context? */
static bool is_waited_for(struct guest_thread *other, const void *context)
{
	return other != context && !comes_after(other, context) &&
	       !load_relaxed(&other->perturbed.is_away) &&
	       load_relaxed(&other->thread->state) <= THREAD_RUNNING &&
	       !(load_relaxed(&other->thread->waiting.wait.version) & 1);
}

/* The same thread is asked for until it has moved, as there may be many. */
static struct guest_thread *find_earlier(struct guest_thread *self, struct guest_thread *last)
{
	if (last && is_waited_for(last, self))
		return last;
	guest_raise(self);
	last = guest_find(is_waited_for, self);
	guest_leave(self);
	return last;
}

static void await_turn(struct guest_thread *self)
{
	struct guest_thread *earlier = NULL;
	uint32_t turns = 0;

	store_relaxed(&self->perturbed.is_pausing, true);
	while ((earlier = find_earlier(self, earlier))) {
		if (turns++ < TURNS_MAX)
			sleep_for(TURN_NS);
		else
			store_relaxed(&earlier->perturbed.is_away, true);
	}
	if (load_relaxed(&latest_moment) < moment_of(self))
		store_relaxed(&latest_moment, moment_of(self));
	store_relaxed(&self->perturbed.is_pausing, false);
}

/* --- Pauses ------------------------------------------------------------------ */

static void pause_for(struct guest_thread *self, uint64_t steps)
{
	if (is_realtime())
		return;
	move_to(self, moment_of(self) + steps * STEP_MOMENTS);
	store_relaxed(&self->perturbed.is_pausing, true);
	sleep_for(steps * STEP_NS);
	await_turn(self);
}

/* What it does is not whole yet: it holds a lock or a semaphore's token, or a later write
 * may rest on what it has read under a lock. */
static bool is_amidst(const struct guest_thread *self)
{
	return self->thread->held.count || self->thread->accesses.stale_read_count ||
	       self->perturbed.token_count;
}

/* The same for all threads of a run: two that do the same stay side by side. */
static uint64_t steps_amidst(void)
{
	return STEPS_AMIDST + hash_mix(random_of_run()) % STEPS_AMIDST;
}

void perturb_call(struct guest_thread *self)
{
	uint64_t random = random_number(self);
	uint64_t rarity = 1 + self->perturbed.call_count++ / OFTEN_CALLS;
	uint32_t choice = (uint32_t)random;

	move_to(self, moment_of(self) + 1);
	random = (random >> 32) % (CHANCES * rarity);
	if (is_amidst(self) && random < CHANCE_AMIDST)
		pause_for(self, steps_amidst());
	else if (random < CHANCE_USUALLY)
		pause_for(self, 1 + choice % STEPS_USUALLY);
}

void perturb_creates(struct guest_thread *self, struct guest_thread *child)
{
	uint64_t number = self->perturbed.child_count++;

	child->perturbed.name = hash_mix(hash_append(~name_of(self), number));
	child->perturbed.moment = moment_of(self);
	store_relaxed(&child->perturbed.is_away, true);
}

void perturb_start(struct guest_thread *self)
{
	if (!perturb_is_wanted() || is_realtime())
		return;
	move_to(self, moment_of(self) + random_number(self) % START_MOMENTS);
	await_turn(self);
}

void perturb_created(struct guest_thread *self, struct guest_thread *child)
{
	store_relaxed(&child->perturbed.is_away, false);
	perturb_start(self);
}

void perturb_end(struct guest_thread *self)
{
	if (perturb_is_wanted() && guest_state == GUEST_ON)
		pause_for(self, 1 + random_number(self) % STEPS_USUALLY);
}
