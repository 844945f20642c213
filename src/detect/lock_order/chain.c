#include "detect/lock_order/chain.h"

#include "detect/base/held_locks.h"
#include "detect/base/memory_block.h"
#include "detect/lock_order/class.h"
#include "detect/lock_order/report.h"
#include "detect/lock_order/lock_order.h"

#define GATES_ON_STACK 32u
#define SET_FIRST 4096u
#define SET_MOST (1u << 18) /* a full set is emptied: chains are validated again */

/* --- The set of validated chains -------------------------------------------------- */

/* A larger set replaces it.  It is never freed, since others may be reading it. */
struct chain_set {
	uint64_t mask;
	uint64_t keys[];
};

/* Looks without a lock: may miss a key that another thread is adding. */
static bool is_validated(const struct detector *detector, uint64_t key)
{
	/* acquire: pairs with replace_set(). */
	const struct chain_set *set = load_acquire(&detector->chain_set);
	uint64_t found;

	if (!set)
		return false;
	for (uint64_t i = key & set->mask;; i = (i + 1) & set->mask) {
		/* relaxed: nothing else is read by way of a key. */
		found = load_relaxed(&set->keys[i]);
		if (found == key)
			return true;
		if (!found)
			return false;
	}
}

static void put_key(struct chain_set *set, uint64_t key)
{
	uint64_t i = key & set->mask;

	while (set->keys[i])
		i = (i + 1) & set->mask;
	store_relaxed(&set->keys[i], key); /* relaxed: publishes nothing but the key */
}

static bool replace_set(struct detector *detector, const struct chain_set *old, uint64_t size)
{
	struct chain_set *set =
		arena_alloc(&detector->arena, sizeof(*set) + size * sizeof(uint64_t));

	if (!set)
		return false;
	set->mask = size - 1;
	for (uint64_t i = 0; old && i <= old->mask; i++)
		if (old->keys[i])
			put_key(set, old->keys[i]);
	/* release: pairs with is_validated(). */
	store_release(&detector->chain_set, set);
	return true;
}

/* Makes room for one more key: the set stays at most half full. */
static bool reserve_set(struct detector *detector)
{
	struct chain_set *old = detector->chain_set;

	if (!old)
		return replace_set(detector, NULL, SET_FIRST);
	if (detector->chain_set_count * 2 < old->mask)
		return true;
	if (old->mask + 1 < SET_MOST)
		return replace_set(detector, old, (old->mask + 1) * 2);
	for (uint64_t i = 0; i <= old->mask; i++)
		store_relaxed(&old->keys[i], 0); /* relaxed: a miss is harmless */
	detector->chain_set_count = 0;
	return true;
}

/* Called with detector.lock held. */
static void add_validated(struct detector *detector, uint64_t key)
{
	if (!reserve_set(detector))
		return;
	put_key(detector->chain_set, key);
	detector->chain_set_count++;
}

/* --- Edges to the lock that is wanted ----------------------------------------------- */

/* A semaphore that is passed on excludes those who take it, as the first reader of a room does,
 * but not those to whom it is passed. */
static enum lock_mode mode_of_gate(const struct thread *thread, const struct held_lock *held)
{
	return held_locks_is_passed_on(&thread->held, held) ? LOCK_PASSED_ON
							     : (enum lock_mode)held->mode;
}

/* The ids of the locks that @thread holds, in order (by insertion, as they are few).
 * Returns their number. */
static uint32_t collect_gates(const struct thread *thread, struct gate *gates)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < thread->held.count; i++) {
		const struct held_lock *held = &thread->held.locks[i];
		struct gate gate;
		uint32_t at = count;

		if (!held_locks_is_lock(held))
			continue;
		gate = (struct gate){held->object->info->id, mode_of_gate(thread, held)};
		for (; at > 0 && gates[at - 1].lock > gate.lock; at--)
			gates[at] = gates[at - 1];
		gates[at] = gate;
		count++;
	}
	return count;
}

static struct clock_stamp stamp_of(struct thread *thread, struct vclock *clock)
{
	return (struct clock_stamp){
		.slot = thread->slot,
		.epoch = vclock_get(clock, thread->slot),
		.clock = vclock_snapshot(clock, &thread->memory->arena),
	};
}

/* From now on the graph names @thread and the locks that it holds. */
static void mark_in_order(struct thread *thread)
{
	thread->is_referenced = true;
	for (uint32_t i = 0; i < thread->held.count; i++)
		if (thread->held.locks[i].object->info)
			thread->held.locks[i].object->info->is_in_order = true;
}

static bool lies_in_own_block(struct detector *detector, const struct sync_object *object)
{
	struct sync_info *info = object->info;
	struct memory_block block;

	if (!info->is_block_known)
		info->is_in_own_block =
			detector->hooks->block_of &&
			detector->hooks->block_of(detector, object->address, &block) &&
			!block.is_freed && (info->created || block.thread == info->first_thread);
	info->is_block_known = true;
	return info->is_in_own_block;
}

/*
 * Can no other thread know the lock yet?  It lies in a block of the heap that @thread
 * allocated, no other thread has used it, and @thread has created none since.
 */
static bool is_unpublished(struct detector *detector, const struct thread *thread,
			   const struct sync_object *object)
{
	const struct sync_info *info = object->info;

	return !(object->generation & SYNC_PUBLISHED) && info->first_thread == thread->id &&
	       info->first_structural == vclock_get(&thread->clocks.structural, thread->slot) &&
	       lies_in_own_block(detector, object);
}

/*
 * Is the held lock a semaphore that its thread took under @object, or under a lock that it has
 * given back?  Nobody waits for the first of several readers, holding the lock of their number,
 * while a reader wants that lock again.
 */
static bool was_taken_under(const struct thread *thread, const struct held_lock *held,
			    const struct sync_object *object)
{
	const struct sync_info *info = held->object->info;

	for (unsigned i = 0; info->kind == OBJECT_SEMAPHORE && i < SYNC_TAKEN_UNDER; i++)
		if (info->extra->taken_under[i] == object->info->id)
			return true;
	return held_locks_is_passed_on(&thread->held, held);
}

static bool is_edge_left_out(const struct thread *thread, const struct sync_object *object)
{
	for (uint32_t i = 0; i < thread->held.count; i++) {
		const struct held_lock *held = &thread->held.locks[i];

		if (held_locks_is_lock(held) && was_taken_under(thread, held, object))
			return true;
	}
	return false;
}

/* Records every edge from a held lock to @object.  False: no memory. */
static bool add_edges(struct detector *detector, struct thread *thread, struct sync_object *object,
		      struct order_witness *witness)
{
	uint64_t gates_hash = order_hash_gates(detector, witness);
	bool is_complete = true;

	for (uint32_t i = 0; i < thread->held.count; i++) {
		struct held_lock *held = &thread->held.locks[i];

		if (!held_locks_is_lock(held) || held->object == object ||
		    was_taken_under(thread, held, object))
			continue;
		witness->from_mode = held->mode;
		witness->from_stack = held->stack;
		witness->is_unpublished = is_unpublished(detector, thread, held->object);
		if (!lock_order_add(detector->order, held->object->info->id, object->info->id,
				    witness))
			is_complete = false;
		if (!witness->is_unpublished)
			order_save(detector, held->object->info, object->info, witness, gates_hash);
		witness->is_unpublished = false; /* other locks of the class may be known */
		if (object->info->kind != OBJECT_SEMAPHORE &&
		    held->object->info->kind != OBJECT_SEMAPHORE)
			class_order_add(detector, thread, held, object, witness);
	}
	return is_complete;
}

static void record_order(struct detector *detector, struct thread *thread,
			 struct sync_object *object, enum lock_mode mode, bool is_timed,
			 stack_id stack)
{
	struct order_witness witness = {
		.thread = thread->id,
		.to_mode = mode,
		.is_timed = is_timed,
		.to_stack = stack,
	};
	struct gate on_stack[GATES_ON_STACK];
	size_t size = thread->held.count * sizeof(struct gate);
	struct gate *gates = on_stack;

	if (thread->held.count > GATES_ON_STACK)
		gates = arena_alloc(&detector->arena, size);
	if (!gates) {
		detector_count(detector, LOST_MEMORY);
		return;
	}
	witness.moment = ++detector->moment_count;
	witness.gates = gates;
	witness.gate_count = collect_gates(thread, gates);
	witness.structural = stamp_of(thread, &thread->clocks.structural);
	witness.hand_over = stamp_of(thread, &thread->clocks.hand_over);
	mark_in_order(thread);
	object->info->is_in_order = true;
	if (!add_edges(detector, thread, object, &witness))
		detector_count(detector, LOST_MEMORY);
	snapshot_drop(witness.structural.clock, &thread->memory->arena);
	snapshot_drop(witness.hand_over.clock, &thread->memory->arena);
	if (gates != on_stack)
		arena_free(&detector->arena, gates, size);
}

/* Some cycle has only witnesses that are ordered by hand-overs, so later ones count,
 * too: from now on chains tell hand-over epochs apart, and all are validated again. */
static void follow_refinement(struct detector *detector, struct thread *thread)
{
	bool is_refining = lock_order_is_refining(detector->order);

	if (is_refining && !detector->is_refining) {
		detector->is_refining = true;
		detector->salt = hash_append(detector->salt, detector->chain_set_count + 1);
		detector_forget_calls(detector);
	}
	if (detector->is_refining)
		clock_rechain(detector, thread);
}

void chain_validate(struct detector *detector, struct thread *thread, struct sync_object *object,
		    enum lock_mode mode, bool is_timed, stack_id stack, uint64_t key)
{
	if (!detector->is_refining && thread->held.chain_cache && is_validated(detector, key)) {
		thread->held.chain_cache[key % CHAIN_CACHE_SIZE] = key;
		return;
	}
	runtime_lock(&detector->lock);
	if (!object->info) {
		runtime_unlock(&detector->lock);
		return;
	}
	clock_end_learnt(detector, thread);
	if (detector->is_refining) {
		clock_rechain(detector, thread);
		key = held_locks_extend(held_locks_chain(&thread->held), object, mode);
		key = chain_key(detector, key, is_timed);
	}
	if (!is_validated(detector, key)) {
		record_order(detector, thread, object, mode, is_timed, stack);
		/* Another time the semaphore may be taken otherwise. */
		if (is_edge_left_out(thread, object)) {
			runtime_unlock(&detector->lock);
			return;
		}
		add_validated(detector, key);
		follow_refinement(detector, thread);
	}
	if (!thread->held.chain_cache)
		thread->held.chain_cache =
			(uint64_t *)detector->pages(CHAIN_CACHE_SIZE * sizeof(uint64_t));
	if (thread->held.chain_cache)
		thread->held.chain_cache[key % CHAIN_CACHE_SIZE] = key;
	runtime_unlock(&detector->lock);
}
