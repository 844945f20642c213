#include "detect/deadlock/shared_deadlock.h"

#include "base/hash.h"
#include "detect/base/report.h"
#include "detect/base/thread.h"

static enum hold_mode hold_mode(uint32_t mode)
{
	return mode == LOCK_EXCLUSIVE ? HOLD_EXCLUSIVE : HOLD_SHARED;
}

static void add_holds(struct finding_event *event, const struct shared_wait *wait)
{
	uint32_t count = wait->hold_count < FINDING_HOLD_MAX ? wait->hold_count : FINDING_HOLD_MAX;

	event->hold_count = wait->hold_count;
	for (uint32_t i = 0; i < count; i++)
		event->holds[i] = (struct finding_hold){
			.lock = wait->holds[i].lock,
			.mode = hold_mode(wait->holds[i].mode),
			.stack = wait->holds[i].stack,
		};
}

static void add_step(struct finding *finding, const struct shared_cycle *cycle, uint32_t step,
		     uint32_t own)
{
	const struct shared_wait *wait = shared_step_wait(cycle, step);
	uint32_t process = wait->process == own ? 0 : wait->process;
	uint32_t hold = cycle->steps[step].hold;
	struct finding_event *event;

	if (hold < SHARED_HOLDS) {
		event = report_lock_event(finding, wait->thread, ACTION_HOLD,
					  wait->holds[hold].lock, wait->holds[hold].stack);
		if (!event)
			return;
		event->process = process;
		event->mode = hold_mode(wait->holds[hold].mode);
	}
	event = report_lock_event(finding, wait->thread, ACTION_WAIT, wait->lock, wait->stack);
	if (!event)
		return;
	event->process = process;
	event->target = wait->target;
	event->mode = hold_mode(wait->mode);
	add_holds(event, wait);
}

static uint64_t cycle_key(const struct shared_cycle *cycle)
{
	uint64_t key = 0;

	for (uint32_t i = 0; i < cycle->count; i++) {
		const struct shared_wait *wait = shared_step_wait(cycle, i);

		key += hash_append(hash_append(1, wait->process), wait->stack);
	}
	return key;
}

bool shared_deadlock_report(struct detector *detector, struct thread *thread,
			    const struct shared_cycle *cycle, uint32_t own)
{
	struct finding *finding;
	bool is_unchanged;

	runtime_lock(&detector->lock);
	finding = report_begin(detector, FINDING_DEADLOCK);
	finding->details |= DETAIL_PROCESS_SHARED;
	for (uint32_t i = 0; i < cycle->count; i++)
		add_step(finding, cycle, i, own);
	/* What was read of other threads is valid only if they still wait. */
	is_unchanged = shared_is_unchanged(cycle);
	if (is_unchanged) {
		thread->waiting.is_deadlocked = true;
		report_emit(detector, finding, cycle_key(cycle));
	}
	runtime_unlock(&detector->lock);
	return is_unchanged;
}
