#include "inspect/waits/confirm.h"

#include <string.h>

#include "inspect/process/process.h"
#include "inspect/python/python.h"

static bool is_same_wait(const struct wait *one, const struct wait *other)
{
	return one->kind == other->kind && one->object == other->object &&
	       one->state.holder == other->state.holder && one->mutex == other->mutex &&
	       one->mutex_state.holder == other->mutex_state.holder;
}

static struct target_thread *member_thread(struct inspection *inspection, uint32_t number,
					   struct look **look, const struct wait **wait)
{
	uint32_t index;

	*look = verdict_look(inspection, number, &index);
	*wait = &(*look)->waits[index];
	return &(*look)->target.threads[index];
}

static uint64_t count_switches(struct inspection *inspection, uint32_t number)
{
	const struct wait *wait;
	struct look *look;
	const struct target_thread *thread = member_thread(inspection, number, &look, &wait);

	return process_switches(&look->target, thread);
}

static bool waits_as_before(struct inspection *inspection, uint32_t number)
{
	const struct wait *before;
	struct look *look;
	const struct target_thread *thread = member_thread(inspection, number, &look, &before);
	struct wait now;

	if (!process_is_still(&look->target, thread))
		return false;
	/* What the kernel tells of files and descriptors was read a moment ago. */
	if (before->kind == OBJECT_CHANNEL || before->kind == OBJECT_FILE_LOCK)
		return true;
	wait_find(&look->target, thread, &now);
	if (before->kind == OBJECT_SEMAPHORE && before->name)
		python_find_lock(&look->target, thread, &now);
	return is_same_wait(&now, before);
}

/* All sleep, then all objects are as they were, then nobody has woken since: so these
 * were there together. */
static bool holds_still(struct inspection *inspection, const struct verdict *verdict)
{
	uint64_t *switches =
		pool_alloc(inspection->pool, (verdict->member_count + 1) * sizeof(*switches));
	const uint32_t *members = verdict->members;

	for (uint32_t i = 0; i < verdict->member_count; i++)
		switches[i] = count_switches(inspection, members[i]);
	for (uint32_t i = 0; i < verdict->member_count; i++)
		if (!waits_as_before(inspection, members[i]))
			return false;
	for (uint32_t i = 0; i < verdict->member_count; i++)
		if (count_switches(inspection, members[i]) != switches[i])
			return false;
	return true;
}

/* Threads that came since may hold what seemed to be left, or wake the others. */
static bool has_same_threads(const struct look *look)
{
	return process_thread_count(&look->target) == look->target.thread_count;
}

void confirm_verdicts(struct inspection *inspection)
{
	size_t kept = 0;

	for (size_t i = 0; i < inspection->look_count; i++)
		target_forget_pages(&inspection->looks[i].target);
	for (size_t i = 0; i < inspection->verdict_count; i++) {
		const struct verdict *verdict = &inspection->verdicts[i];
		bool needs_all =
			verdict->kind == FINDING_HANG || verdict->details & DETAIL_ENDED_OWNER;

		if (holds_still(inspection, verdict) &&
		    (!needs_all || has_same_threads(&inspection->looks[0])))
			inspection->verdicts[kept++] = *verdict;
	}
	inspection->verdict_count = kept;
}
