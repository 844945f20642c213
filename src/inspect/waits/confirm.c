#include "inspect/waits/confirm.h"

#include <string.h>

#include "inspect/process/process.h"

static bool is_same_wait(const struct wait *one, const struct wait *other)
{
	return one->kind == other->kind && one->object == other->object &&
	       one->state.holder == other->state.holder && one->mutex == other->mutex &&
	       one->mutex_state.holder == other->mutex_state.holder;
}

/* All sleep, then all objects are as they were, then nobody has woken since: so these
 * were there together. */
static bool holds_still(struct inspection *inspection, const struct verdict *verdict)
{
	struct target *target = &inspection->target;
	uint64_t *switches =
		pool_alloc(target->pool, (verdict->member_count + 1) * sizeof(*switches));
	const uint32_t *members = verdict->members;

	for (uint32_t i = 0; i < verdict->member_count; i++)
		switches[i] = process_switches(target, &target->threads[members[i]]);
	for (uint32_t i = 0; i < verdict->member_count; i++) {
		const struct target_thread *thread = &target->threads[members[i]];
		struct wait now;

		wait_find(target, thread, &now);
		if (!process_is_still(target, thread) ||
		    !is_same_wait(&now, &inspection->waits[members[i]]))
			return false;
	}
	for (uint32_t i = 0; i < verdict->member_count; i++)
		if (process_switches(target, &target->threads[members[i]]) != switches[i])
			return false;
	return true;
}

/* Threads that came since may hold what seemed to be left, or wake the others. */
static bool has_same_threads(const struct inspection *inspection)
{
	return process_thread_count(&inspection->target) == inspection->target.thread_count;
}

void confirm_verdicts(struct inspection *inspection)
{
	size_t kept = 0;

	target_forget_pages(&inspection->target);
	for (size_t i = 0; i < inspection->verdict_count; i++) {
		const struct verdict *verdict = &inspection->verdicts[i];
		bool needs_all =
			verdict->kind == FINDING_HANG || verdict->details & DETAIL_ENDED_OWNER;

		if (holds_still(inspection, verdict) &&
		    (!needs_all || has_same_threads(inspection)))
			inspection->verdicts[kept++] = *verdict;
	}
	inspection->verdict_count = kept;
}
