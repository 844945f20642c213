#include "detect/sync/thread.h"

#include "detect/race/access_fast.h"
#include "detect/lock_order/chain.h"
#include "detect/detector.h"
#include "detect/sync/lock.h"
#include "detect/sync/lock.h"
#include "detect/deadlock/misuse.h"
#include "detect/shadow/shadow.h"
#include "detect/base/slot.h"
#include "detect/race/update.h"
#include "detect/deadlock/wait_graph.h"
#include "detect/deadlock/waker.h"

/* --- Clocks -------------------------------------------------------------- */

static uint64_t own_epoch(const struct vclock *clock, const struct thread *thread)
{
	return vclock_get(clock, thread->slot);
}

static void tick(struct vclock *clock, struct thread *thread)
{
	vclock_set(clock, &thread->memory->arena, thread->slot, own_epoch(clock, thread) + 1);
}

void thread_rechain(struct detector *detector, struct thread *thread)
{
	uint64_t base = chain_mix(chain_mix(1, thread->id), own_epoch(&thread->structural, thread));

	if (detector->is_refining)
		base = chain_mix(base, own_epoch(&thread->hand_over, thread));
	thread->chain_base = base;
	thread->chain = base;
	for (uint32_t i = 0; i < thread->held_count; i++) {
		struct held_lock *held = &thread->held[i];

		held->chain_before = thread->chain;
		thread->chain = chain_extend(thread->chain, held->object, held->mode);
	}
}

/* What came before a hand-over is told by its epoch; others may look. */
static void note_give(struct thread *thread)
{
	uint32_t count = thread->give_count;
	struct thread_give *give = &thread->gives[count % THREAD_GIVES];

	/* relaxed: only predictions rest on them: update_split.c */
	store_relaxed(&give->hand_over, own_epoch(&thread->hand_over, thread));
	store_relaxed(&give->epoch, own_epoch(&thread->clock, thread));
	store_relaxed(&thread->give_count, count + 1);
}

void thread_tick_hand_over(struct detector *detector, struct thread *thread)
{
	note_give(thread);
	tick(&thread->hand_over, thread);
	if (detector->is_refining)
		thread_rechain(detector, thread);
}

void thread_tick_structural(struct detector *detector, struct thread *thread)
{
	note_give(thread);
	tick(&thread->structural, thread);
	tick(&thread->hand_over, thread);
	thread_rechain(detector, thread);
}

void thread_tick_recorded(struct thread *thread)
{
	access_flush(thread->detector, thread);
	thread->has_recorded = false;
	*thread->current = SHADOW_NO_EPOCH;
	*thread->shared = SHADOW_NO_EPOCH;
}

/* The epochs of a slot are used up: @thread goes on in another one. */
static void change_slot(struct detector *detector, struct thread *thread)
{
	struct arena *arena = &thread->memory->arena;
	uint64_t first;

	runtime_lock(&detector->lock);
	slot_give(detector, thread, SHADOW_EPOCH_MAX);
	first = slot_take(detector, thread, thread);
	if (first && vclock_set(&thread->clock, arena, thread->slot, first) &&
	    vclock_set(&thread->structural, arena, thread->slot, first) &&
	    vclock_set(&thread->hand_over, arena, thread->slot, first)) {
		thread->stamp = (uint64_t)thread->slot << 48 | first;
		thread_rechain(detector, thread);
	}
	runtime_unlock(&detector->lock);
}

/* Threads beyond what shadow words can name are not recorded: access_check()
 * looks at *current. */
void thread_begin_epoch(struct detector *detector, struct thread *thread)
{
	uint64_t epoch = own_epoch(&thread->clock, thread) + 1;

	if (UNLIKELY(epoch > SHADOW_EPOCH_MAX)) {
		change_slot(detector, thread);
		epoch = own_epoch(&thread->clock, thread) + 1;
	}
	if (UNLIKELY(thread->slot > SHADOW_SLOT_MAX || epoch > SHADOW_EPOCH_MAX))
		return;
	vclock_set(&thread->clock, &thread->memory->arena, thread->slot, epoch);
	thread->stamp++;
	store_relaxed(&thread->recorded_epoch, epoch); /* relaxed: see thread_assume() */
	thread->has_recorded = true;
	*thread->current = shadow_plain(thread->slot, epoch, SHADOW_ALL_BYTES);
}

/* What a thread gives after its @epoch says all that it knew then.  But if another
 * one has learnt from it amid that epoch, this may be all that is known of it. */
static bool is_given(const struct thread *thread, const struct thread *other, uint32_t slot,
		     uint64_t epoch)
{
	return vclock_get(&thread->clock, slot) >= epoch &&
	       !(other && load_relaxed(&other->assumed_epoch) == epoch);
}

void thread_assume(struct detector *detector, struct thread *thread, uint32_t slot,
		   uint64_t epoch)
{
	struct arena *arena = &thread->memory->arena;
	struct thread *other;
	bool has_learnt = false;

	access_flush(detector, thread);
	runtime_lock(&detector->lock);
	other = slot_thread(detector, slot);
	if (!is_given(thread, other, slot, epoch)) {
		/* relaxed: if it has just gone on, the more is known of it. */
		if (other && load_relaxed(&other->recorded_epoch) == epoch)
			store_relaxed(&other->assumed_epoch, epoch);
		has_learnt = vclock_raise(&thread->clock, arena, slot, epoch);
		if (other && other != thread && other->memory &&
		    vclock_join_living(&thread->clock, arena, &other->clock, slot))
			has_learnt = true;
	}
	runtime_unlock(&detector->lock);
	if (has_learnt)
		thread->stamp++;
}

void thread_join_clock(struct thread *thread, const struct vclock_snapshot *from)
{
	access_flush(thread->detector, thread);
	if (from && vclock_join(&thread->clock, &thread->memory->arena, from))
		thread->stamp++;
}

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
	uint64_t above = thread->stamp & 0xffffffffffffull;
	const struct vclock *clocks[] = {&thread->clock, &thread->structural, &thread->hand_over};

	for (unsigned i = 0; i < ARRAY_LENGTH(clocks); i++)
		if (above < own_epoch(clocks[i], thread))
			above = own_epoch(clocks[i], thread);
	slot_give(detector, thread, above);
	vclock_free(&thread->clock, &memory->arena);
	vclock_free(&thread->structural, &memory->arena);
	vclock_free(&thread->hand_over, &memory->arena);
	snapshot_drop(thread->birth, &memory->arena);
	thread->birth = NULL;
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
	thread->stamp = (uint64_t)thread->slot << 48 | first;
	thread->lowest_stack_lock = UINTPTR_MAX;
	thread->own_current = thread->own_shared = SHADOW_NO_EPOCH;
	thread->current = &thread->own_current;
	thread->shared = &thread->own_shared;
	if (!vclock_set(&thread->clock, &thread->memory->arena, thread->slot, first) ||
	    !vclock_set(&thread->structural, &thread->memory->arena, thread->slot, first) ||
	    !vclock_set(&thread->hand_over, &thread->memory->arena, thread->slot, first))
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
		thread_rechain(detector, thread);
	} else {
		detector_count(detector, LOST_MEMORY);
	}
	runtime_unlock(&detector->lock);
	return thread;
}

static void inherit(struct vclock *to, struct vclock *from, struct thread *child,
		    struct thread *parent)
{
	struct vclock_snapshot *snapshot = vclock_snapshot(from, &parent->memory->arena);

	vclock_join(to, &child->memory->arena, snapshot);
	snapshot_drop(snapshot, &parent->memory->arena);
}

struct thread *thread_create(struct detector *detector, struct thread *parent, stack_id stack)
{
	struct thread *child;

	if (parent->pending_atomic)
		atomic_catch_up(detector, parent);
	if (parent->basis_count)
		update_learn(detector, parent);
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
	inherit(&child->clock, &parent->clock, child, parent);
	inherit(&child->structural, &parent->structural, child, parent);
	inherit(&child->hand_over, &parent->hand_over, child, parent);
	child->birth = vclock_snapshot(&child->clock, &child->memory->arena);
	thread_tick_recorded(parent);
	thread_tick_structural(detector, parent);
	thread_rechain(detector, child);
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
static void give_robust(struct detector *detector, struct thread *thread)
{
	for (uint32_t i = 0; i < thread->held_count; i++) {
		struct sync_object *object = thread->held[i].object;

		if (object->info && object->info->attributes & SYNC_ROBUST)
			lock_give(detector, thread, object);
	}
}

void thread_ending(struct detector *detector, struct thread *thread)
{
	/* One that was left by a jump. */
	wait_end(detector, thread);
	if (thread->pending_atomic)
		atomic_catch_up(detector, thread);
	if (thread->basis_count)
		update_learn(detector, thread);
	access_flush(detector, thread);
	give_robust(detector, thread);
	runtime_lock(&detector->lock);
	if (thread->state == THREAD_RUNNING) {
		thread->state = THREAD_ENDING;
		detector->alive_count--;
	}
	runtime_unlock(&detector->lock);
}

static void learn_from_ended(struct detector *detector, struct thread *thread,
			     struct thread *target)
{
	struct vclock_snapshot *clock;

	if (!target->memory)
		return;
	note_give(target); /* all that it did */
	clock = vclock_snapshot(&target->clock, &thread->memory->arena);
	thread_join_clock(thread, clock);
	snapshot_drop(clock, &thread->memory->arena);
	inherit(&thread->structural, &target->structural, thread, target);
	inherit(&thread->hand_over, &target->hand_over, thread, target);
	thread_rechain(detector, thread);
}

void thread_joined(struct detector *detector, struct thread *thread, struct thread *target,
		   stack_id stack)
{
	runtime_lock(&detector->lock);
	if (target->state == THREAD_CREATED || target->state == THREAD_RUNNING)
		detector->alive_count--;
	learn_from_ended(detector, thread, target);
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
