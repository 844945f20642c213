#include "detect/sync/thread.h"

#include "detect/base/slot.h"
#include "detect/deadlock/misuse.h"
#include "detect/deadlock/wait_graph.h"
#include "detect/deadlock/waker.h"
#include "detect/detector.h"
#include "detect/race/memory.h"
#include "detect/race/update.h"
#include "detect/sync/lock.h"

/* --- Memory ---------------------------------------------------- */

static struct thread_memory *make_memory(struct detector *detector)
{
	struct thread_memory *memory = arena_alloc(&detector->arena, sizeof(*memory));

	if (!memory)
		return NULL;
	arena_init(&memory->arena, detector->pages);
	memory->held = arena_alloc(&memory->arena, HELD_FIRST * sizeof(*memory->held));
	memory->held_capacity = HELD_FIRST;
	return memory->held ? memory : NULL;
}

static struct thread_memory *take_memory(struct detector *detector)
{
	struct thread_memory *memory = detector->free_memory;

	if (!memory)
		return make_memory(detector);
	detector->free_memory = memory->next_free;
	if (memory->chains)
		for (uint32_t i = 0; i < CHAIN_CACHE_SIZE; i++)
			memory->chains[i] = 0;
	return memory;
}

static void give_memory(struct detector *detector, struct thread *thread)
{
	struct thread_memory *memory = thread->memory;

	slot_give(detector, thread, clock_free(thread));
	arena_free(&memory->arena, thread->bases, UPDATE_BASES * sizeof(*thread->bases));
	thread->bases = NULL;
	thread->basis_count = 0;
	arena_free(&memory->arena, thread->seen_versions,
		   thread->seen_capacity * sizeof(uint64_t));
	memory->held = thread->held;
	memory->held_capacity = thread->held_capacity;
	memory->chains = thread->chains;
	memory->next_free = detector->free_memory;
	detector->free_memory = memory;
	thread->memory = NULL;
	thread->held = NULL;
	thread->held_count = thread->held_capacity = 0;
	thread->chains = NULL;
}

/* --- Lives --------------------------------------------------------------- */

static struct thread *make_thread(struct detector *detector, const struct thread *creator)
{
	struct thread *thread = arena_alloc(&detector->arena, sizeof(*thread));
	uint64_t first;

	if (!thread)
		return NULL;
	thread->memory = take_memory(detector);
	thread->detector = detector;
	thread->id = detector->threads.last + 1;
	first = slot_take(detector, thread, creator);
	if (!thread->memory || !first ||
	    !id_table_set(&detector->threads, &detector->arena, thread->id, thread))
		return NULL;
	thread->held = thread->memory->held;
	thread->held_capacity = thread->memory->held_capacity;
	thread->chains = thread->memory->chains;
	thread->lowest_stack_lock = UINTPTR_MAX;
	if (!clock_init(thread, first))
		return NULL;
	detector->alive_count++;
	detector_count(detector, THREADS);
	return thread;
}

struct thread *thread_adopt(struct detector *detector, bool is_main)
{
	struct thread *thread;

	runtime_lock(&detector->lock);
	thread = make_thread(detector, NULL);
	if (thread) {
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

static void forget(struct detector *detector, struct thread *thread)
{
	if (thread->is_described || thread->is_referenced)
		return;
	id_table_set(&detector->threads, &detector->arena, thread->id, NULL);
	arena_free(&detector->arena, thread, sizeof(*thread));
}

/* Reports may speak for a while of what @thread did. */
static void keep_a_while(struct detector *detector, struct thread *thread)
{
	struct thread **place = &detector->ended[detector->ended_count++ % ENDED_KEPT];

	if (*place)
		forget(detector, *place);
	*place = thread;
}

/* Gives back what an ended thread used.  Called with detector.lock held. */
static void bury(struct detector *detector, struct thread *thread)
{
	if (thread->memory)
		give_memory(detector, thread);
	thread->state = THREAD_ENDED;
	if (thread->recorded_epoch)
		keep_a_while(detector, thread);
	else
		forget(detector, thread);
}

void thread_create_failed(struct detector *detector, struct thread *child)
{
	runtime_lock(&detector->lock);
	detector->alive_count--;
	bury(detector, child);
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

	for (uint32_t i = 0; i < thread->held_count; i++) {
		struct sync_object *object = thread->held[i].object;

		if (object->info && object->info->attributes & SYNC_ROBUST)
			lock_give(detector, by, object);
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
	bury(detector, target);
	runtime_unlock(&detector->lock);
}

void thread_detached(struct detector *detector, struct thread *target)
{
	runtime_lock(&detector->lock);
	target->is_detached = true;
	runtime_unlock(&detector->lock);
}

void thread_gone(struct detector *detector, struct thread *thread)
{
	runtime_lock(&detector->lock);
	if (thread->state == THREAD_CREATED || thread->state == THREAD_RUNNING)
		detector->alive_count--;
	if (thread->memory)
		misuse_thread_gone(detector, thread);
	thread->state = THREAD_ENDED;
	if (thread->is_detached)
		bury(detector, thread);
	runtime_unlock(&detector->lock);
}
