#include "inspect/waits/verdict.h"

#include <string.h>

/* The state of what ends the wait, and by whom: of a condition, its mutex. */
static const struct lock_state *needed_state(const struct wait *wait)
{
	return wait->kind == OBJECT_CONDITION ? &wait->mutex_state : &wait->state;
}

struct look *verdict_look(struct inspection *inspection, uint32_t number, uint32_t *index)
{
	size_t at = 0;

	while (number - inspection->looks[at].first >= inspection->looks[at].target.thread_count)
		at++;
	*index = number - inspection->looks[at].first;
	return &inspection->looks[at];
}

struct target_thread *verdict_holder(struct inspection *inspection, struct look *look,
				     uint32_t inner_id, bool is_shared, struct look **owner)
{
	struct target_thread *holder = target_find_thread(&look->target, inner_id);

	*owner = look;
	for (size_t i = 0; !holder && is_shared && i < inspection->look_count; i++) {
		*owner = &inspection->looks[i];
		holder = target_find_thread(&(*owner)->target, inner_id);
	}
	return holder;
}

/* The thread that the wait of thread @number is for; -1: none, not known, or the wait
 * ends by itself. */
static long follow_wait(struct inspection *inspection, uint32_t number)
{
	uint32_t index;
	struct look *look = verdict_look(inspection, number, &index);
	const struct wait *wait = &look->waits[index];
	const struct lock_state *state = needed_state(wait);
	const struct target_thread *holder;

	/* Who waits for a condition needs the mutex also when it is woken, or in time. */
	if (!wait->is_blocked || !state->holder ||
	    (wait->is_timed && wait->kind != OBJECT_CONDITION))
		return -1;
	holder = verdict_holder(inspection, look, state->holder, wait->is_shared, &look);
	return holder ? (long)look->first + (holder - look->target.threads) : -1;
}

static struct verdict *add_verdict(struct inspection *inspection, enum finding_kind kind,
				   uint32_t member_count)
{
	struct pool *pool = inspection->pool;
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
	uint32_t index;

	for (uint32_t i = 0; i < count; i++) {
		verdict->members[verdict->member_count++] = at;
		if (verdict_look(inspection, at, &index) != verdict_look(inspection, first, &index))
			verdict->details |= DETAIL_PROCESS_SHARED;
		at = (uint32_t)follow_wait(inspection, at);
	}
	if (count == 1)
		verdict->details |= DETAIL_RELOCK;
}

/* Marks each thread with the walk that met it first; a walk that meets itself has a cycle. */
static void find_cycles(struct inspection *inspection)
{
	const struct look *last = &inspection->looks[inspection->look_count - 1];
	size_t count = last->first + last->target.thread_count;
	uint32_t *walks = pool_alloc(inspection->pool, (count + 1) * sizeof(*walks));

	for (uint32_t first = 0; first < count; first++) {
		long at = first;
		uint32_t length = 0;

		while (at >= 0 && !walks[at]) {
			walks[at] = first + 1;
			at = follow_wait(inspection, (uint32_t)at);
		}
		if (at < 0 || walks[at] != first + 1)
			continue;
		for (long next = at; !length || next != at; length++)
			next = follow_wait(inspection, (uint32_t)next);
		add_cycle(inspection, (uint32_t)at, length);
	}
}

/* Waits for a mutex whose owner is no thread of the process. */
static void find_ended_holders(struct inspection *inspection)
{
	struct look *look = &inspection->looks[0];

	for (uint32_t i = 0; i < look->target.thread_count; i++) {
		const struct wait *wait = &look->waits[i];
		struct verdict *verdict;

		if (wait->kind != OBJECT_MUTEX || wait->is_timed || !wait->state.holder ||
		    wait->is_shared || wait->state.flags & LOCK_IS_ROBUST ||
		    target_find_thread(&look->target, wait->state.holder))
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
	       !wait->is_shared;
}

/* A signal handler may post or wake, but it takes part in no lock. */
static bool may_be_woken_by_handler(const struct wait *wait)
{
	return wait->kind == OBJECT_SEMAPHORE || wait->kind == OBJECT_FUTEX ||
	       wait->kind == OBJECT_CHANNEL;
}

static void find_hang(struct inspection *inspection)
{
	const struct look *look = &inspection->looks[0];
	uint32_t count = (uint32_t)look->target.thread_count;
	bool may_be_woken = false;
	struct verdict *verdict;

	for (uint32_t i = 0; i < count; i++) {
		if (!is_inner_wait(&look->waits[i]))
			return;
		may_be_woken |= may_be_woken_by_handler(&look->waits[i]);
	}
	verdict = add_verdict(inspection, FINDING_HANG, count);
	for (uint32_t i = 0; i < count; i++)
		verdict->members[verdict->member_count++] = i;
	if (may_be_woken && look->has_handler) {
		verdict->severity = SEVERITY_WARNING;
		verdict->details |= DETAIL_HANDLER;
	}
}

void verdict_find(struct inspection *inspection)
{
	find_cycles(inspection);
	find_ended_holders(inspection);
	if (!inspection->verdict_count)
		find_hang(inspection);
}
