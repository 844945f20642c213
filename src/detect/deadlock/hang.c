#include "detect/deadlock/hang.h"

#include "base/hash.h"
#include "detect/base/held_locks.h"
#include "detect/base/report.h"
#include "detect/base/slot.h"
#include "detect/base/thread.h"
#include "detect/deadlock/wait.h"
#include "detect/deadlock/wait_graph.h"

static bool is_shared(const struct sync_object *object)
{
	return !object || !object->info ||
	       (object->info->attributes & (SYNC_PROCESS_SHARED | SYNC_NAMED)) ||
	       object->info->kind == OBJECT_FILE_LOCK;
}

/* Is the lock free, or left by a thread that ended, so that its waiter is only
 * about to run? */
static bool has_holder(const struct detector *detector, const struct sync_object *object)
{
	/* relaxed: validated by the second look of wait_read(). */
	const struct thread *owner = detector_thread(detector, load_relaxed(&object->owner));
	const struct thread *thread;
	uint32_t slot = 0;

	if (owner)
		return owner->state == THREAD_RUNNING || !(object->info->attributes & SYNC_ROBUST);
	if (object->info->kind != OBJECT_RWLOCK)
		return false;
	while ((thread = slot_next_thread(detector, &slot)))
		for (uint32_t i = 0; i < thread->held.count; i++)
			if (thread->held.locks[i].object == object)
				return true;
	return false;
}

/* Can @wait be ended by no thread that waits, and has it not been ended yet? */
static bool is_stuck(const struct detector *detector, const struct thread *thread,
		     const struct wait *wait)
{
	const struct thread *target;

	switch (wait->kind) {
	case WAIT_LOCK:
		return !is_shared(wait->object) && has_holder(detector, wait->object);
	case WAIT_CONDITION:
	case WAIT_FUTEX:
		return !is_shared(wait->object) && wait->object->info->extra->wake_count == 0;
	case WAIT_INPUT:
		return !detector->hooks->may_have_input(detector, wait);
	case WAIT_TOKEN:
		return !is_shared(wait->object) && wait->object->info->extra->is_value_known &&
		       wait->object->info->extra->value <= 0;
	case WAIT_BARRIER:
		return !is_shared(wait->object) && wait->object->info->extra->barrier_size &&
		       wait->object->info->extra->barrier_round == thread->waiting.barrier_round;
	case WAIT_JOIN:
		target = detector_thread(detector, wait->target);
		return target && (target->state == THREAD_RUNNING);
	case WAIT_NONE:
		break;
	}
	return false;
}

static bool is_part(const struct thread *thread)
{
	return thread && (thread->state == THREAD_CREATED || thread->state == THREAD_RUNNING);
}

/* A handler may post a semaphore, wake a futex or write to a pipe.  No other wait is
 * lawfully ended by one. */
static bool is_ended_by_handlers(const struct wait *wait)
{
	return wait->kind == WAIT_TOKEN || wait->kind == WAIT_FUTEX || wait->kind == WAIT_INPUT;
}

/* What all waits together look like. */
struct look {
	uint64_t versions;   /* their sum, for the second look */
	bool may_be_handled; /* a signal handler may end one */
};

/* Every thread waits and is stuck? */
static bool all_stuck(const struct detector *detector, struct look *look)
{
	const struct thread *thread;
	uint32_t slot = 0;

	*look = (struct look){0};
	while ((thread = slot_next_thread(detector, &slot))) {
		struct wait wait;

		if (!is_part(thread))
			continue;
		if (thread->waiting.is_cancelled || !wait_read(thread, &wait) || wait.is_timed ||
		    !is_stuck(detector, thread, &wait))
			return false;
		look->versions += wait.version * 31 + thread->id;
		look->may_be_handled |= is_ended_by_handlers(&wait);
	}
	return true;
}

static void report_lost_wakeup(struct detector *detector, const struct thread *thread,
			       const struct wait *wait)
{
	const struct sync_info *info = wait->object ? wait->object->info : NULL;
	struct finding *finding;
	struct finding_event *event;

	/* One's own signal is not one that one could have waited for. */
	if (wait->kind != WAIT_CONDITION || !info || !info->extra->idle_signaller ||
	    info->extra->idle_signaller == thread->id)
		return;
	finding = report_begin(detector, FINDING_LOST_WAKEUP);
	report_event(finding, info->extra->idle_signaller, ACTION_SIGNAL, wait->object,
		     info->extra->idle_stack);
	event = report_event(finding, thread->id, ACTION_WAIT, wait->object, wait->stack);
	report_holds(event, thread);
	report_emit(detector, finding,
		    hash_append(hash_append(1, info->extra->idle_stack), wait->stack));
}

/* @is_for_ever: no handler may end it. */
static void report_hang(struct detector *detector, bool is_for_ever)
{
	struct finding *finding = report_begin(detector, FINDING_HANG);
	uint32_t number;
	uint64_t key = 0;

	for (thread_id id = 1; id <= detector->threads.last; id++) {
		struct thread *thread = detector_thread(detector, id);
		struct finding_event *event;
		struct wait wait;

		if (!is_part(thread) || !wait_read(thread, &wait))
			continue;
		event = report_event(finding, id, wait_action(&wait), wait.object, wait.stack);
		if (event)
			event->target = wait.target;
		report_holds(event, thread);
		key += hash_append(1, wait.stack);
	}
	if (!is_for_ever) {
		finding->severity = SEVERITY_WARNING;
		finding->details |= DETAIL_HANDLER;
		finding->is_provisional = true;
	}
	number = report_emit(detector, finding, key);
	if (!is_for_ever) {
		/* 0: another thread has seen it, too.  release: pairs with hang_wait_ended(). */
		if (number)
			store_release(&detector->open_hang, number);
		return;
	}
	for (thread_id id = 1; id <= detector->threads.last; id++) {
		struct thread *thread = detector_thread(detector, id);
		struct wait wait;

		if (is_part(thread) && wait_read(thread, &wait))
			report_lost_wakeup(detector, thread, &wait);
	}
}

/* A thread in a reported deadlock cannot run either, but its finding has been
 * made: the rest that waits for it is not another one. */
static bool is_known(const struct detector *detector)
{
	const struct thread *thread;
	uint32_t slot = 0;

	while ((thread = slot_next_thread(detector, &slot)))
		if (is_part(thread) && thread->waiting.is_deadlocked)
			return true;
	return false;
}

/* Who waits for the mutex of a condition has been woken.  'wake_count' need not say so: a
 * broadcast also wakes who has begun to wait since it was announced. */
static bool is_asleep(struct detector *detector, const struct thread *thread)
{
	struct wait wait;

	if (!wait_read(thread, &wait))
		return false;
	wait.excludes_mutex = true;
	return detector->hooks->is_asleep(detector, thread, &wait);
}

static bool all_asleep(struct detector *detector)
{
	const struct thread *thread;
	uint32_t slot = 0;

	while ((thread = slot_next_thread(detector, &slot)))
		if (is_part(thread) && !is_asleep(detector, thread))
			return false;
	return true;
}

/* A cycle through a semaphore that a running thread could have posted. */
static bool find_deadlock(struct detector *detector, struct thread *looking)
{
	struct thread *thread;
	uint32_t slot = 0;

	while ((thread = slot_next_thread(detector, &slot)))
		if (is_part(thread) &&
		    wait_find_deadlock(detector, thread, looking ? looking : thread))
			return true;
	return false;
}

bool hang_is_likely(struct detector *detector)
{
	struct look look;

	/* relaxed: a thread that changes them checks after it did. */
	return load_relaxed(&detector->blocked_count) >= load_relaxed(&detector->alive_count) &&
	       all_stuck(detector, &look) && look.versions &&
	       !(look.may_be_handled && load_relaxed(&detector->has_been_handled)); /* a hint */
}

/* Under detector.lock. */
static void take_back(struct detector *detector)
{
	if (detector->open_hang)
		report_retract(detector, detector->open_hang);
	detector->open_hang = 0;
	detector->has_been_handled = true;
}

void hang_wait_ended(struct detector *detector)
{
	/* acquire: pairs with report_hang(). */
	if (LIKELY(!load_acquire(&detector->open_hang)))
		return;
	runtime_lock(&detector->lock);
	take_back(detector);
	runtime_unlock(&detector->lock);
}

/* Under detector.lock.  Do all still wait as they did? */
static bool is_unchanged(const struct detector *detector, const struct look *before)
{
	struct look now;

	return all_stuck(detector, &now) && now.versions == before->versions;
}

bool hang_check(struct detector *detector, struct thread *thread)
{
	struct look before;
	bool is_for_ever;
	bool is_hang;

	if (!hang_is_likely(detector))
		return false;
	runtime_lock(&detector->lock);
	is_hang = all_stuck(detector, &before) && !is_known(detector);
	runtime_unlock(&detector->lock);
	if (!is_hang || detector->hooks->can_be_woken(detector) || !all_asleep(detector))
		return false;
	if (find_deadlock(detector, thread))
		return true;
	is_for_ever = !before.may_be_handled || !detector->hooks->has_handler(detector);
	runtime_lock(&detector->lock);
	is_hang = is_unchanged(detector, &before);
	if (is_hang)
		report_hang(detector, is_for_ever);
	/* Who has ended its wait meanwhile may not have seen that there is a finding: one of
	 * us sees the other (wait_end()). */
	fence_full();
	if (is_hang && !is_for_ever && !is_unchanged(detector, &before))
		take_back(detector);
	runtime_unlock(&detector->lock);
	return is_hang && is_for_ever;
}
