#include "inspect/waits/verdict.h"

#include <string.h>

/* The state of what ends the wait, and by whom: of a condition, its mutex. */
static const struct lock_state *needed_state(const struct wait *wait)
{
	return wait->kind == OBJECT_CONDITION ? &wait->mutex_state : &wait->state;
}

long verdict_follow(const struct inspection *inspection, uint32_t index)
{
	const struct wait *wait = &inspection->waits[index];
	const struct lock_state *state = needed_state(wait);
	struct target *target = (struct target *)(uintptr_t)&inspection->target;
	const struct target_thread *holder;

	/* Who waits for a condition needs the mutex also when it is woken, or in time. */
	if (!wait->is_blocked || !state->holder ||
	    (wait->is_timed && wait->kind != OBJECT_CONDITION))
		return -1;
	holder = target_find_thread(target, state->holder);
	return holder ? holder - target->threads : -1;
}

static struct verdict *add_verdict(struct inspection *inspection, enum finding_kind kind,
				   uint32_t member_count)
{
	struct pool *pool = inspection->target.pool;
	struct verdict *verdict;

	inspection->verdicts =
		pool_grow(pool, inspection->verdicts, inspection->verdict_count, sizeof(*verdict));
	verdict = &inspection->verdicts[inspection->verdict_count++];
	*verdict = (struct verdict){.kind = kind, .severity = SEVERITY_ERROR};
	verdict->members = pool_alloc(pool, (member_count + 1) * sizeof(uint32_t));
	return verdict;
}

static void add_cycle(struct inspection *inspection, uint32_t first, uint32_t count)
{
	struct verdict *verdict = add_verdict(inspection, FINDING_DEADLOCK, count);
	uint32_t at = first;

	for (uint32_t i = 0; i < count; i++) {
		verdict->members[verdict->member_count++] = at;
		at = (uint32_t)verdict_follow(inspection, at);
	}
	if (count == 1)
		verdict->details |= DETAIL_RELOCK;
}

/* Marks each thread with the walk that met it first; a walk that meets itself has a cycle. */
static void find_cycles(struct inspection *inspection)
{
	size_t count = inspection->target.thread_count;
	uint32_t *walks = pool_alloc(inspection->target.pool, (count + 1) * sizeof(*walks));

	for (uint32_t first = 0; first < count; first++) {
		long at = first;
		uint32_t length = 0;

		while (at >= 0 && !walks[at]) {
			walks[at] = first + 1;
			at = verdict_follow(inspection, (uint32_t)at);
		}
		if (at < 0 || walks[at] != first + 1)
			continue;
		for (long next = at; !length || next != at; length++)
			next = verdict_follow(inspection, (uint32_t)next);
		add_cycle(inspection, (uint32_t)at, length);
	}
}

/* Waits for a mutex whose owner is no thread of the process. */
static void find_ended_holders(struct inspection *inspection)
{
	struct target *target = &inspection->target;

	for (uint32_t i = 0; i < target->thread_count; i++) {
		const struct wait *wait = &inspection->waits[i];
		struct verdict *verdict;

		if (wait->kind != OBJECT_MUTEX || wait->is_timed || !wait->state.holder ||
		    wait->state.flags & (LOCK_IS_PROCESS_SHARED | LOCK_IS_ROBUST) ||
		    target_find_thread(target, wait->state.holder))
			continue;
		verdict = add_verdict(inspection, FINDING_DEADLOCK, 1);
		verdict->details = DETAIL_ENDED_OWNER;
		verdict->members[verdict->member_count++] = i;
	}
}

/* Only another thread of this process can end it, and none does so by itself in time. */
static bool is_inner_wait(const struct wait *wait)
{
	return wait->is_blocked && !wait->is_timed && wait->kind != OBJECT_KIND_COUNT &&
	       !wait->is_shared_futex;
}

/* A signal handler may post or wake, but it takes part in no lock. */
static bool may_be_woken_by_handler(const struct wait *wait)
{
	return wait->kind == OBJECT_SEMAPHORE || wait->kind == OBJECT_FUTEX;
}

static void find_hang(struct inspection *inspection)
{
	uint32_t count = (uint32_t)inspection->target.thread_count;
	bool may_be_woken = false;
	struct verdict *verdict;

	for (uint32_t i = 0; i < count; i++) {
		if (!is_inner_wait(&inspection->waits[i]))
			return;
		may_be_woken |= may_be_woken_by_handler(&inspection->waits[i]);
	}
	verdict = add_verdict(inspection, FINDING_HANG, count);
	for (uint32_t i = 0; i < count; i++)
		verdict->members[verdict->member_count++] = i;
	if (may_be_woken && inspection->has_handler) {
		verdict->severity = SEVERITY_WARNING;
		verdict->details |= DETAIL_HANDLER;
	}
}

void verdict_find(struct inspection *inspection)
{
	find_cycles(inspection);
	find_ended_holders(inspection);
	if (!inspection->verdict_count && inspection->target.thread_count)
		find_hang(inspection);
}
