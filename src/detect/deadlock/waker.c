#include "detect/deadlock/waker.h"

#include "base/hash.h"
#include "detect/base/held_locks.h"
#include "detect/base/thread.h"
#include "detect/base/report.h"

static bool has_used(const struct sync_info *info, thread_id thread)
{
	for (unsigned i = 0; i < ARRAY_LENGTH(info->users); i++)
		if (info->users[i] == thread)
			return true;
	return false;
}

/* @target ended with the lock, and @thread was told so: nobody waits for it. */
static bool has_inherited(const struct thread *thread, const struct held_lock *held,
			  const struct thread *target)
{
	return held->object->info->heir == thread->id &&
	       held_locks_find(&target->held, held->object);
}

void waker_joined(struct detector *detector, struct thread *thread, struct thread *target,
		  stack_id stack)
{
	for (uint32_t i = 0; i < thread->held.count; i++) {
		struct held_lock *held = &thread->held.locks[i];
		struct finding *finding;
		struct finding_event *event;

		if (!held->object->info || held->mode != LOCK_EXCLUSIVE ||
		    !has_used(held->object->info, target->id) ||
		    has_inherited(thread, held, target))
			continue;
		finding = report_begin(detector, FINDING_WAIT_HOLDING_LOCK);
		report_event(finding, thread->id, ACTION_HOLD, held->object, held->stack);
		event = report_event(finding, thread->id, ACTION_JOIN, held->object, stack);
		if (event)
			event->target = target->id;
		report_holds(event, thread);
		report_emit(detector, finding, hash_append(hash_append(1, stack), held->stack));
	}
}

static void report_waker(struct detector *detector, const struct sync_object *object,
			 const struct waker_note *kept, const struct waker_note *brought)
{
	struct finding *finding = report_begin(detector, FINDING_WAIT_HOLDING_LOCK);

	report_lock_event(finding, kept->thread, ACTION_HOLD, kept->lock, kept->hold);
	report_event(finding, kept->thread, ACTION_WAIT, object, kept->stack);
	report_lock_event(finding, brought->thread, ACTION_HOLD, brought->lock, brought->hold);
	report_event(finding, brought->thread, ACTION_SIGNAL, object, brought->stack);
	report_emit(detector, finding, hash_append(hash_append(1, kept->stack), brought->stack));
}

/* Keeps a note unless there is one of this thread and lock, or no room. */
static bool add_note(struct waker_note *notes, const struct waker_note *note)
{
	for (unsigned i = 0; i < WAKER_NOTE_MAX; i++) {
		if (notes[i].lock == note->lock && notes[i].thread == note->thread)
			return false;
		if (!notes[i].lock) {
			notes[i] = *note;
			return true;
		}
	}
	return false;
}

static void compare_notes(struct detector *detector, const struct sync_object *object,
			  const struct waker_note *kept, const struct waker_note *brought)
{
	if (kept->lock && kept->lock == brought->lock && kept->thread != brought->thread)
		report_waker(detector, object, kept, brought);
}

static void note_locks(struct detector *detector, struct thread *thread,
		       struct sync_object *object, const struct sync_object *mutex,
		       stack_id stack, bool is_wait)
{
	struct sync_info *info = object->info;

	for (uint32_t i = 0; i < thread->held.count; i++) {
		const struct held_lock *held = &thread->held.locks[i];
		struct waker_note note;

		if (held->object == mutex || held->object == object || !held->object->info ||
		    held->mode != LOCK_EXCLUSIVE)
			continue;
		note = (struct waker_note){held->object->info->id, thread->id, held->stack, stack};
		if (!add_note(is_wait ? info->extra->kept : info->extra->brought, &note))
			continue;
		named_ids_add(&detector->objects.named, note.lock);
		for (unsigned other = 0; other < WAKER_NOTE_MAX; other++) {
			if (is_wait)
				compare_notes(detector, object, &note,
					      &info->extra->brought[other]);
			else
				compare_notes(detector, object, &info->extra->kept[other], &note);
		}
	}
}

/* Is everything that note_locks() would note there already?  A look without
 * the lock: notes are only ever added. */
static bool has_all_notes(const struct thread *thread, const struct waker_note *notes,
			  const struct sync_object *object, const struct sync_object *mutex)
{
	for (uint32_t i = 0; i < thread->held.count; i++) {
		const struct held_lock *held = &thread->held.locks[i];
		bool is_noted = false;

		if (held->object == mutex || held->object == object || !held->object->info ||
		    held->mode != LOCK_EXCLUSIVE)
			continue;
		for (unsigned n = 0; n < WAKER_NOTE_MAX && !is_noted; n++)
			is_noted = notes[n].thread == thread->id &&
				   notes[n].lock == held->object->info->id;
		if (!is_noted && !notes[WAKER_NOTE_MAX - 1].lock)
			return false;
	}
	return true;
}

void waker_waits(struct detector *detector, struct thread *thread, struct sync_object *object,
		 struct sync_object *mutex, stack_id stack)
{
	if (!object->info || has_all_notes(thread, object->info->extra->kept, object, mutex))
		return;
	runtime_lock(&detector->lock);
	if (object->info)
		note_locks(detector, thread, object, mutex, stack, true);
	runtime_unlock(&detector->lock);
}

bool waker_knows_post(const struct thread *thread, const struct sync_object *semaphore)
{
	return has_all_notes(thread, semaphore->info->extra->brought, semaphore, NULL);
}

void waker_signals(struct detector *detector, struct thread *thread, struct sync_object *object,
		   stack_id stack)
{
	if (!object->info || has_all_notes(thread, object->info->extra->brought, object,
					   object->info->extra->condition_mutex))
		return;
	runtime_lock(&detector->lock);
	if (object->info)
		note_locks(detector, thread, object, object->info->extra->condition_mutex, stack,
			   false);
	runtime_unlock(&detector->lock);
}
