#include "detect/sync/thread.h"

#include "detect/base/held_locks.h"
#include "detect/base/slot.h"
#include "detect/base/thread.h"
#include "detect/deadlock/misuse.h"
#include "detect/deadlock/wait.h"
#include "detect/deadlock/waker.h"
#include "detect/race/memory.h"
#include "detect/shadow/cells.h"
#include "detect/sync/lock.h"

static struct thread *make_thread(struct detector *detector, const struct thread *creator)
{
	struct thread *thread = thread_new(detector, creator);

	if (!thread || !shadow_cache_ensure(thread->memory))
		return NULL;
	detector->alive_count++;
	detector_count(detector, THREADS);
	return thread;
}

/*
 * Who is adopted may be in the handler of a signal that came before the first function of a
 * thread which is being created: it knows at least what that one will know.
 */
static void inherit_from_created(struct detector *detector, struct thread *thread)
{
	struct clock_joiner by = memory_before_join(detector, thread);
	struct thread *other;
	uint32_t slot = 0;

	while ((other = slot_next_thread(detector, &slot)))
		if (other->state == THREAD_CREATED && other != thread)
			clock_join_ended(detector, by, other);
}

struct thread *thread_adopt(struct detector *detector, bool is_main)
{
	struct thread *thread;

	runtime_lock(&detector->lock);
	thread = make_thread(detector, NULL);
	if (thread) {
		inherit_from_created(detector, thread);
		thread->is_adopted = !is_main;
		thread->is_detached = true;
		thread->state = THREAD_RUNNING;
		clock_rechain(detector, thread);
	} else {
		detector_count(detector, LOST_MEMORY);
	}
	runtime_unlock(&detector->lock);
	return thread;
}

struct thread *thread_create(struct detector *detector, struct thread *parent, stack_id stack)
{
	struct clock_releaser by = memory_before_release(detector, parent);
	struct thread *child;

	runtime_lock(&detector->lock);
	child = make_thread(detector, parent);
	if (!child) {
		detector_count(detector, LOST_MEMORY);
		runtime_unlock(&detector->lock);
		return NULL;
	}
	child->creator = parent->id;
	child->created = stack;
	parent->is_referenced = true;
	clock_inherit(child, by);
	clock_end_epoch(by);
	clock_tick_structural(detector, parent);
	clock_rechain(detector, child);
	runtime_unlock(&detector->lock);
	return child;
}

void thread_create_failed(struct detector *detector, struct thread *child)
{
	runtime_lock(&detector->lock);
	detector->alive_count--;
	thread_bury(detector, child);
	runtime_unlock(&detector->lock);
}

void thread_started(struct detector *detector, struct thread *thread)
{
	runtime_lock(&detector->lock);
	if (thread->state == THREAD_CREATED)
		thread->state = THREAD_RUNNING;
	runtime_unlock(&detector->lock);
}

/* The end of its holder passes a robust mutex on, to who is told EOWNERDEAD. */
static void give_robust(struct detector *detector, struct clock_releaser by)
{
	struct thread *thread = by.thread;

	for (uint32_t i = 0; i < thread->held.count; i++) {
		struct sync_object *object = thread->held.locks[i].object;

		if (!object->info || !(object->info->attributes & SYNC_ROBUST))
			continue;
		store_relaxed(&object->owner, 0u); /* ordered by the guest's lock */
		lock_give(detector, by, object, thread->held.locks[i].stack);
	}
}

void thread_ending(struct detector *detector, struct thread *thread)
{
	struct clock_releaser by = memory_before_release(detector, thread);

	/* One that was left by a jump. */
	wait_end(detector, thread);
	give_robust(detector, by);
	runtime_lock(&detector->lock);
	if (thread->state == THREAD_RUNNING) {
		thread->state = THREAD_ENDING;
		detector->alive_count--;
	}
	runtime_unlock(&detector->lock);
}

void thread_joined(struct detector *detector, struct thread *thread, struct thread *target,
		   stack_id stack)
{
	struct clock_joiner by = memory_before_join(detector, thread);

	runtime_lock(&detector->lock);
	if (target->state == THREAD_CREATED || target->state == THREAD_RUNNING)
		detector->alive_count--;
	if (target->memory)
		clock_join_ended(detector, by, target);
	waker_joined(detector, thread, target, stack);
	misuse_thread_gone(detector, target);
	target->is_joined = true;
	thread_bury(detector, target);
	runtime_unlock(&detector->lock);
}

void thread_detached(struct detector *detector, struct thread *target)
{
	runtime_lock(&detector->lock);
	target->is_detached = true;
	runtime_unlock(&detector->lock);
}
