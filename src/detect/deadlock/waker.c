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

		if (!held_locks_is_lock(held) || held->mode != LOCK_EXCLUSIVE ||
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
	const struct sync_info *lock = detector_lock(detector, kept->lock);
	bool is_provisional = lock && lock->kind == OBJECT_SEMAPHORE;
	uint32_t number;

	finding->is_provisional = is_provisional;
	report_lock_event(finding, kept->thread, ACTION_HOLD, kept->lock, kept->hold);
	report_event(finding, kept->thread, ACTION_WAIT, object, kept->stack);
	report_lock_event(finding, brought->thread, ACTION_HOLD, brought->lock, brought->hold);
	report_event(finding, brought->thread, ACTION_SIGNAL, object, brought->stack);
	number = report_emit(detector, finding,
			     hash_append(hash_append(1, kept->stack), brought->stack));
	if (is_provisional && number)
		report_note_provisional(sync_find(&detector->objects, lock->address), number);
}

static bool is_same(const struct waker_note *left, const struct waker_note *right)
{
	return left->lock == right->lock && left->thread == right->thread &&
	       left->is_of_taken == right->is_of_taken;
}

/* Keeps a note unless there is such a one, or no room. */
static bool add_note(struct waker_note *notes, const struct waker_note *note)
{
	for (unsigned i = 0; i < WAKER_NOTE_MAX; i++) {
		if (is_same(&notes[i], note))
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
	if (kept->lock && kept->lock == brought->lock && kept->thread != brought->thread &&
	    kept->is_of_taken == brought->is_of_taken)
		report_waker(detector, object, kept, brought);
}

/* Does @object have one token, which has been taken, but it is not said yet under which locks? */
static bool is_being_taken(const struct sync_object *object)
{
	const struct sync_extra *extra = object->info->extra;

	return object->info->kind == OBJECT_SEMAPHORE && extra->has_one_token &&
	       load_acquire(&extra->value) != 0;
}

/*
 * Of a semaphore with one token: was that taken under @lock?  Who holds @lock and waits for such a
 * token waits for others than who waits for one that was taken without: the first reader of a
 * room, under the lock of their number, waits for a writer alone, and it is the last reader who
 * posts under that lock.
 */
static bool is_of_taken(const struct sync_object *object, lock_id lock)
{
	const struct sync_extra *extra = object->info->extra;

	if (object->info->kind != OBJECT_SEMAPHORE || !extra->has_one_token)
		return false;
	for (unsigned i = 0; i < SYNC_TAKEN_UNDER; i++)
		if (extra->taken_under[i] == lock)
			return true;
	return false;
}

/* What there is to note of @held; false: nothing.  @mutex: that of the condition @object. */
static bool find_note(const struct thread *thread, const struct held_lock *held,
		      const struct sync_object *object, const struct sync_object *mutex,
		      stack_id stack, struct waker_note *note)
{
	lock_id lock;

	if (held->object == mutex || held->object == object || !held_locks_is_lock(held) ||
	    held->mode != LOCK_EXCLUSIVE || held_locks_is_passed_on(&thread->held, held))
		return false;
	lock = held->object->info->id;
	*note = (struct waker_note){lock, thread->id, held->stack, stack,
				    is_of_taken(object, lock)};
	return true;
}

static void note_locks(struct detector *detector, struct thread *thread,
		       struct sync_object *object, const struct sync_object *mutex,
		       stack_id stack, bool is_wait)
{
	struct sync_info *info = object->info;

	for (uint32_t i = 0; i < thread->held.count; i++) {
		struct waker_note note;

		if (!find_note(thread, &thread->held.locks[i], object, mutex, stack, &note))
			continue;
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
		struct waker_note note;
		bool is_noted = false;

		if (!find_note(thread, &thread->held.locks[i], object, mutex, 0, &note))
			continue;
		for (unsigned n = 0; n < WAKER_NOTE_MAX && !is_noted; n++)
			is_noted = is_same(&notes[n], &note);
		if (!is_noted && !notes[WAKER_NOTE_MAX - 1].lock)
			return false;
	}
	return true;
}

void waker_waits(struct detector *detector, struct thread *thread, struct sync_object *object,
		 struct sync_object *mutex, stack_id stack)
{
	if (!object->info || has_all_notes(thread, object->info->extra->kept, object, mutex) ||
	    is_being_taken(object))
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
