#include "detect/deadlock/wait_graph.h"

#include "base/hash.h"
#include "detect/base/held_locks.h"
#include "detect/base/thread.h"
#include "detect/deadlock/handler.h"
#include "detect/base/report.h"
#include "detect/base/slot.h"

#define WALK_MAX 64u	  /* threads in one cycle */
#define WALK_BUDGET 4096u /* steps of one walk, which may branch at each reader */

struct step {
	struct thread *thread;
	struct wait wait;
	struct sync_object *held; /* what the previous step waits for */
};

struct walk {
	struct detector *detector;
	struct step steps[WALK_MAX];
	uint32_t depth;
	uint32_t budget; /* steps left */
};

bool wait_read(const struct thread *thread, struct wait *copy)
{
	/* acquire: pairs with the releases in wait_begin() and wait_end(). */
	uint64_t version = load_acquire(&thread->waiting.wait.version);

	if (version % 2 == 0)
		return false;
	*copy = thread->waiting.wait;
	fence_acquire();
	return load_relaxed(&thread->waiting.wait.version) ==
	       version; /* relaxed: after the fence */
}

/* What must be released before @wait can end: its object, or the mutex that a
 * condition wait takes again. */
static struct sync_object *needed_object(const struct wait *wait)
{
	return wait->kind == WAIT_CONDITION ? wait->mutex : wait->object;
}

/* A semaphore has an owner only as far as it has been used as a lock. */
static bool is_owned(const struct wait *wait, const struct sync_object *object)
{
	const struct sync_info *info = object->info;

	return wait->kind != WAIT_TOKEN ||
	       (info && info->extra->has_been_unlocked && !info->is_not_a_lock);
}

/* The one thread that can end @wait, or NULL: nobody, several, or not known. */
static struct thread *single_owner(const struct detector *detector, const struct wait *wait)
{
	struct sync_object *object = needed_object(wait);

	if (wait->kind == WAIT_JOIN)
		return detector_thread(detector, wait->target);
	if (wait->kind == WAIT_BARRIER || !object || !is_owned(wait, object))
		return NULL;
	/* relaxed: validated by the second look. */
	return detector_thread(detector, load_relaxed(&object->owner));
}

static bool is_held_by(const struct thread *thread, const struct sync_object *object)
{
	return held_locks_find(&thread->held, object);
}

/* Does @other, which waits too, keep @wait from ending? */
static bool blocks_wait(const struct wait *wait, const struct thread *other,
			const struct wait *other_wait)
{
	struct sync_object *object = needed_object(wait);

	if (wait->kind != WAIT_LOCK || !object)
		return false;
	if (wait->mode == LOCK_EXCLUSIVE)
		return is_held_by(other, object);
	/* A reader that queues waits for writers that wait. */
	return wait->mode == LOCK_SHARED_QUEUED && other_wait->kind == WAIT_LOCK &&
	       other_wait->object == object && other_wait->mode == LOCK_EXCLUSIVE;
}

/* Appends @thread, which holds @held, if it waits without a time limit.  False: not appended. */
static bool push_step(struct walk *walk, struct thread *thread, struct sync_object *held)
{
	struct step *step = &walk->steps[walk->depth];

	for (uint32_t i = 0; i < walk->depth; i++)
		if (walk->steps[i].thread == thread)
			return false;
	if (walk->depth == WALK_MAX || walk->budget == 0)
		return false;
	walk->budget--;
	if (!wait_read(thread, &step->wait))
		return false;
	if (step->wait.is_timed && step->wait.kind != WAIT_CONDITION)
		return false;
	step->thread = thread;
	step->held = held;
	walk->depth++;
	return true;
}

static bool walk_holders(struct walk *walk, struct thread *goal);

/* Goes on from the last step, along single owners.  True: it has reached @goal. */
static bool walk_on(struct walk *walk, struct thread *goal)
{
	for (;;) {
		const struct wait *wait = &walk->steps[walk->depth - 1].wait;
		struct sync_object *object = needed_object(wait);
		struct thread *owner = single_owner(walk->detector, wait);

		if (!owner)
			return object && object->info && object->info->kind == OBJECT_RWLOCK &&
			       walk_holders(walk, goal);
		if (owner == goal) {
			walk->steps[0].held = object;
			return walk->depth > 1 || wait->kind != WAIT_TOKEN;
		}
		if (!push_step(walk, owner, object))
			return false;
	}
}

/* Goes on to the readers and queued writers, which are found among the threads that wait: a
 * thread that runs is part of no deadlock. */
static bool walk_holders(struct walk *walk, struct thread *goal)
{
	const struct detector *detector = walk->detector;
	uint32_t depth = walk->depth;
	const struct wait *wait = &walk->steps[depth - 1].wait;
	struct thread *other;
	uint32_t slot = 0;

	while ((other = slot_next_thread(detector, &slot))) {
		struct wait other_wait;

		if (!wait_read(other, &other_wait) || !blocks_wait(wait, other, &other_wait))
			continue;
		if (other == goal) {
			walk->steps[0].held = needed_object(wait);
			return true;
		}
		if (push_step(walk, other, needed_object(wait)) && walk_on(walk, goal))
			return true;
		walk->depth = depth;
	}
	return false;
}

/* The second look: every wait has the same version, every owner still owns. */
static bool is_unchanged(const struct walk *walk)
{
	fence_full();
	for (uint32_t i = 0; i < walk->depth; i++) {
		const struct step *step = &walk->steps[i];
		const struct step *next = &walk->steps[(i + 1) % walk->depth];
		struct sync_object *object = needed_object(&step->wait);
		struct wait now;

		if (!wait_read(step->thread, &now) || now.version != step->wait.version)
			return false;
		if (step->wait.kind == WAIT_JOIN || !object)
			continue;
		if (!is_held_by(next->thread, object) &&
		    !(load_relaxed(&object->owner) == next->thread->id) && /* relaxed: fenced */
		    !blocks_wait(&step->wait, next->thread, &next->wait))
			return false;
		if (load_relaxed(&object->owner) == next->thread->id && /* relaxed: fenced */
		    !walk->detector->hooks->may_hold(walk->detector, next->thread, object))
			return false;
	}
	return true;
}

/* Our state may be wrong about a wait (it was left by a jump) or an owner (code that is
 * not observed has released the lock).  The kernel is right: each thread of a deadlock
 * sleeps.  The first step's thread is about to. */
static bool all_asleep(const struct walk *walk)
{
	struct detector *detector = walk->detector;

	for (uint32_t i = 1; i < walk->depth; i++)
		if (!detector->hooks->is_asleep(detector, walk->steps[i].thread,
						&walk->steps[i].wait))
			return false;
	return true;
}

static uint64_t walk_key(const struct walk *walk)
{
	uint64_t key = 0;

	for (uint32_t i = 0; i < walk->depth; i++)
		key += hash_append(1, walk->steps[i].wait.stack);
	return key;
}

static void add_step(struct finding *finding, const struct step *step)
{
	struct held_lock *held =
		step->held ? held_locks_find(&step->thread->held, step->held) : NULL;
	struct sync_object *object =
		step->wait.kind == WAIT_CONDITION ? step->wait.mutex : step->wait.object;
	struct finding_event *event;

	if (held) {
		event = report_event(finding, step->thread->id, ACTION_HOLD, step->held,
				     held->stack);
		if (event)
			event->mode = held->mode == LOCK_EXCLUSIVE ? HOLD_EXCLUSIVE : HOLD_SHARED;
	} else if (step->held && step->held->info && step->held->info->taken) {
		report_event(finding, step->thread->id, ACTION_HOLD, step->held,
			     step->held->info->taken);
	}
	event = report_event(finding, step->thread->id, ACTION_WAIT, object, step->wait.stack);
	if (!event)
		return;
	event->target = step->wait.target;
	event->mode = step->wait.mode == LOCK_EXCLUSIVE ? HOLD_EXCLUSIVE : HOLD_SHARED;
	report_holds(event, step->thread);
}

/* One thread waits for what it holds itself. */
static void note_self(struct finding *finding, const struct walk *walk)
{
	const struct step *only = &walk->steps[0];
	struct held_lock *held =
		only->held ? held_locks_find(&only->thread->held, only->held) : NULL;

	if (walk->depth != 1 || !held)
		return;
	finding->details |= held->mode != LOCK_EXCLUSIVE && only->wait.mode == LOCK_EXCLUSIVE
				    ? DETAIL_UPGRADE
				    : DETAIL_RELOCK;
}

static bool depends_on_semaphore(const struct walk *walk)
{
	for (uint32_t i = 0; i < walk->depth; i++)
		if (walk->steps[i].wait.kind == WAIT_TOKEN)
			return true;
	return false;
}

static void report_deadlock(struct walk *walk)
{
	struct detector *detector = walk->detector;
	struct finding *finding = report_begin(detector, FINDING_DEADLOCK);
	uint32_t number;

	for (uint32_t i = 0; i < walk->depth; i++) {
		add_step(finding, &walk->steps[i]);
		walk->steps[i].thread->waiting.is_deadlocked = true;
	}
	note_self(finding, walk);
	finding->is_provisional = depends_on_semaphore(walk);
	number = report_emit(detector, finding, walk_key(walk));
	for (uint32_t i = 0; number && i < walk->depth; i++)
		report_note_provisional(walk->steps[i].wait.object, number);
	handler_deadlocked(detector, walk->steps[0].thread, walk->steps[0].held,
			   walk->steps[0].wait.stack);
}

static struct walk *take_walk(struct thread *thread)
{
	if (!thread->memory->walk)
		thread->memory->walk =
			arena_alloc(&thread->memory->arena, sizeof(*thread->memory->walk));
	return thread->memory->walk;
}

/* Any thread that runs may post a semaphore, even one that never did before.  Nobody will
 * only if all other threads are blocked. */
static bool may_be_posted(const struct walk *walk)
{
	const struct detector *detector = walk->detector;
	const struct thread *thread;
	uint32_t slot = 0;

	if (!depends_on_semaphore(walk))
		return false;
	while ((thread = slot_next_thread(detector, &slot))) {
		struct wait wait;

		if ((thread->state == THREAD_CREATED || thread->state == THREAD_RUNNING) &&
		    (!wait_read(thread, &wait) || wait.is_timed))
			return true;
	}
	return false;
}

/* Looks again under the lock: of several threads that see the same cycle one
 * reports it. */
bool wait_find_deadlock(struct detector *detector, struct thread *thread, struct thread *looking)
{
	struct walk *walk = take_walk(looking);
	bool is_found;

	if (!walk) {
		detector_count(detector, LOST_MEMORY);
		return false;
	}
	walk->detector = detector;
	walk->depth = 0;
	walk->budget = WALK_BUDGET;
	if (!push_step(walk, thread, NULL) || !walk_on(walk, thread) || !is_unchanged(walk) ||
	    may_be_posted(walk) || !all_asleep(walk))
		return false;
	runtime_lock(&detector->lock);
	is_found = is_unchanged(walk);
	if (is_found)
		report_deadlock(walk);
	runtime_unlock(&detector->lock);
	return is_found;
}
