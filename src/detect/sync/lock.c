#include "detect/sync/lock.h"

#include "detect/base/held_locks.h"
#include "detect/base/memory_block.h"
#include "detect/base/thread.h"
#include "detect/lock_order/class.h"
#include "detect/deadlock/handler.h"
#include "detect/lock_order/lock_order.h"
#include "detect/race/access.h"
#include "detect/life/life.h"

#define GATES_ON_STACK 32u

static bool is_on_stack_of(const struct thread *thread, uintptr_t address)
{
	return address >= thread->stack_start && address < thread->stack_end;
}

struct sync_object *lock_begin(struct detector *detector, struct thread *thread, uintptr_t address,
			       enum object_kind kind, uint32_t attributes, stack_id stack)
{
	struct sync_object *object =
		sync_find_or_begin(&detector->objects, address, kind, attributes, stack);

	if (!object) {
		detector_count(detector, LOST_MEMORY);
		return NULL;
	}
	if (!object->info->first_thread) {
		object->info->first_thread = thread->id;
		object->info->first_structural =
			vclock_get(&thread->clocks.structural, thread->slot);
		life_begun_by_use(detector, thread, object, stack);
	}
	if (is_on_stack_of(thread, address)) {
		object->info->stack_thread = thread->id;
		if (address < thread->held.lowest_on_stack)
			thread->held.lowest_on_stack = address;
	}
	return object;
}

/* A semaphore that turned out to be none stays in the held set until its
 * thread's next call on it. */
static bool is_held_lock(const struct held_lock *held)
{
	return held->object->info && !held->object->info->is_not_a_lock;
}

/* The ids of what @thread holds, sorted by insertion: few locks are held at a
 * time.  Returns their number. */
static uint32_t collect_gates(const struct thread *thread, struct gate *gates)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < thread->held.count; i++) {
		const struct held_lock *held = &thread->held.locks[i];
		struct gate gate;
		uint32_t at = count;

		if (!is_held_lock(held))
			continue;
		gate = (struct gate){held->object->info->id, held->mode};
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

/* From now on the graph speaks of @thread and of what it holds. */
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
 * Has @thread made the lock, in memory of the heap, and can nobody know it yet?  No other
 * thread has used it, and none was created since.
 */
static bool is_unpublished(struct detector *detector, const struct thread *thread,
			   const struct sync_object *object)
{
	const struct sync_info *info = object->info;

	return !(object->generation & SYNC_PUBLISHED) && info->first_thread == thread->id &&
	       info->first_structural == vclock_get(&thread->clocks.structural, thread->slot) &&
	       lies_in_own_block(detector, object);
}

/* Records every edge from a held lock to @object.  False: no memory. */
static bool add_edges(struct detector *detector, struct thread *thread, struct sync_object *object,
		      struct order_witness *witness)
{
	bool is_complete = true;

	for (uint32_t i = 0; i < thread->held.count; i++) {
		struct held_lock *held = &thread->held.locks[i];

		if (!is_held_lock(held) || held->object == object)
			continue;
		witness->from_mode = held->mode;
		witness->from_stack = held->stack;
		witness->is_unpublished = is_unpublished(detector, thread, held->object);
		if (!lock_order_add(detector->order, held->object->info->id, object->info->id,
				    witness))
			is_complete = false;
		witness->is_unpublished = false; /* other locks of the class may be known */
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

/* Cycles seen so far only in ordered witnesses: from now on chains tell
 * hand-over epochs apart, and all are validated again. */
static void follow_refinement(struct detector *detector, struct thread *thread)
{
	bool is_refining = lock_order_is_refining(detector->order);

	if (is_refining && !detector->is_refining) {
		detector->is_refining = true;
		detector->salt = hash_append(detector->salt, detector->chain_set_count + 1);
	}
	if (detector->is_refining)
		clock_rechain(detector, thread);
}

void lock_check_order(struct detector *detector, struct thread *thread, struct sync_object *object,
		      enum lock_mode mode, bool is_timed, stack_id stack, uint64_t key)
{
	if (!detector->is_refining && thread->held.chain_cache && chain_set_has(detector, key)) {
		thread->held.chain_cache[key % CHAIN_CACHE_SIZE] = key;
		return;
	}
	runtime_lock(&detector->lock);
	if (!object->info) {
		runtime_unlock(&detector->lock);
		return;
	}
	if (detector->is_refining) {
		clock_rechain(detector, thread);
		key = chain_key(detector, held_locks_extend(thread->held.chain, object, mode),
				is_timed);
	}
	if (!chain_set_has(detector, key)) {
		record_order(detector, thread, object, mode, is_timed, stack);
		chain_set_add(detector, key);
		follow_refinement(detector, thread);
	}
	if (!thread->held.chain_cache)
		thread->held.chain_cache =
			(uint64_t *)detector->pages(CHAIN_CACHE_SIZE * sizeof(uint64_t));
	if (thread->held.chain_cache)
		thread->held.chain_cache[key % CHAIN_CACHE_SIZE] = key;
	runtime_unlock(&detector->lock);
}

/* --- Happens-before ------------------------------------------------------ */

/* Where @thread notes the newest content it joined from @slot; NULL without
 * memory (it then joins each time). */
static uint64_t *seen_version(struct thread *thread, uint32_t slot)
{
	uint32_t capacity = thread->clocks.seen_capacity ? thread->clocks.seen_capacity : 16;
	uint64_t *seen;

	if (slot < thread->clocks.seen_capacity)
		return &thread->clocks.seen_versions[slot];
	while (capacity <= slot)
		capacity *= 2;
	seen = arena_grow(&thread->memory->arena, thread->clocks.seen_versions,
			  thread->clocks.seen_capacity * sizeof(*seen), capacity * sizeof(*seen));
	if (!seen)
		return NULL;
	thread->clocks.seen_versions = seen;
	thread->clocks.seen_capacity = capacity;
	return &thread->clocks.seen_versions[slot];
}

static void note_user(struct sync_object *object, thread_id user)
{
	struct sync_info *info = object->info;

	if (user != info->first_thread && !(object->generation & SYNC_PUBLISHED))
		fetch_or_acq_rel(&object->generation, SYNC_PUBLISHED);
	for (unsigned i = 0; i < ARRAY_LENGTH(info->users); i++) {
		if (info->users[i] == user)
			return;
		if (!info->users[i]) {
			info->users[i] = user;
			return;
		}
	}
}

/* Has @thread joined all that readers gave since the last writer? */
static bool has_seen_readers(struct thread *thread, const struct sync_info *info)
{
	if (info->extra->is_given_incomplete)
		return false;
	for (unsigned i = 0; i < SYNC_GIVEN; i++) {
		/* relaxed: who must learn from a reader comes after its release. */
		uint64_t stamp = load_relaxed(&info->extra->given[i]);
		uint32_t slot = (uint32_t)(stamp >> 48);

		if (stamp && slot != thread->slot &&
		    (slot >= thread->clocks.seen_capacity ||
		     thread->clocks.seen_versions[slot] < stamp))
			return false;
	}
	return true;
}

/* Has @thread joined the content that @stamp names? */
static bool has_seen(struct thread *thread, uint64_t stamp)
{
	const uint64_t *seen;

	if (!stamp || stamp >> 48 == thread->slot)
		return true;
	seen = seen_version(thread, (uint32_t)(stamp >> 48));
	return seen && *seen >= stamp;
}

static void note_seen(struct thread *thread, uint64_t stamp)
{
	uint64_t *seen;

	if (!stamp)
		return;
	seen = seen_version(thread, (uint32_t)(stamp >> 48));
	if (seen && *seen < stamp)
		*seen = stamp;
}

/* All that readers gave, for a writer. */
static void acquire_from_readers(struct clock_joiner by, const struct sync_extra *extra)
{
	clock_join(by, extra->readers);
	for (unsigned i = 0; i < SYNC_GIVEN; i++)
		note_seen(by.thread, extra->given[i]);
}

void lock_acquire_clock(struct detector *detector, struct thread *thread,
			struct sync_object *object, enum lock_mode mode)
{
	struct sync_info *info = object->info;
	/* acquire: pairs with lock_give_shared(). */
	uint64_t stamp = load_acquire(&object->stamp);
	struct clock_joiner by;
	bool from_readers = false;
	bool from_writer;

	if (!info)
		return;
	life_check_init(detector, thread, object, thread->held.locks[thread->held.count - 1].stack);
	if (stamp == STAMP_MIXED) {
		stamp = info->extra->write_stamp;
		from_readers = mode == LOCK_EXCLUSIVE && !has_seen_readers(thread, info);
	}
	from_writer = stamp != STAMP_INITIALISED && !has_seen(thread, stamp);
	if (!from_readers && !from_writer)
		return;
	by = memory_before_join(detector, thread);
	if (!detector_lock_info(detector, info))
		return;
	note_user(object, thread->id);
	if (from_writer) {
		clock_join(by, info->clock);
		note_seen(thread, stamp);
	}
	if (from_readers)
		acquire_from_readers(by, info->extra);
	detector_unlock_info(info);
}

/* What readers gave was for the writer who gives now.  Returns it, to be
 * dropped. */
static struct vclock_snapshot *forget_readers(struct sync_info *info)
{
	struct vclock_snapshot *readers;

	if (!info->extra)
		return NULL;
	readers = info->extra->readers;
	info->extra->readers = NULL;
	info->extra->is_given_incomplete = false;
	for (unsigned i = 0; i < SYNC_GIVEN; i++)
		info->extra->given[i] = 0;
	return readers;
}

void lock_give(struct detector *detector, struct clock_releaser by, struct sync_object *object,
	       stack_id stack)
{
	struct thread *thread = by.thread;
	struct sync_info *info = object->info;
	struct vclock_snapshot *given;
	struct vclock_snapshot *old;
	struct vclock_snapshot *readers;

	if (!info)
		return;
	given = clock_snapshot(by);
	if (!given) {
		detector_count(detector, LOST_MEMORY);
		return;
	}
	if (!detector_lock_info(detector, info)) {
		snapshot_drop(given, &thread->memory->arena);
		return;
	}
	note_user(object, thread->id);
	life_released(thread, &info->last, stack);
	old = info->clock;
	info->clock = given;
	readers = forget_readers(info);
	object->stamp = thread->clocks.stamp;
	detector_unlock_info(info);
	snapshot_drop(old, &thread->memory->arena);
	snapshot_drop(readers, &thread->memory->arena);
}

static void note_given(struct sync_info *info, uint64_t stamp)
{
	uint64_t *entry = &info->extra->given[(stamp >> 48) % SYNC_GIVEN];

	if (*entry && *entry >> 48 != stamp >> 48)
		info->extra->is_given_incomplete = true;
	store_relaxed(entry, stamp); /* relaxed: see has_seen_readers() */
}

void lock_give_shared(struct detector *detector, struct clock_releaser by,
		      struct sync_object *object, stack_id stack)
{
	struct thread *thread = by.thread;
	struct sync_info *info = object->info;
	struct vclock_snapshot *given;
	struct vclock_snapshot *merged;
	struct vclock_snapshot *old;

	/* relaxed: only this thread writes its own stamp. */
	if (!info ||
	    load_relaxed(&info->extra->given[thread->slot % SYNC_GIVEN]) == thread->clocks.stamp)
		return;
	given = clock_snapshot(by);
	if (!detector_lock_info(detector, info)) {
		snapshot_drop(given, &thread->memory->arena);
		return;
	}
	note_user(object, thread->id);
	life_released(thread, &info->extra->uses[thread->slot % SYNC_USES], stack);
	old = info->extra->readers;
	merged = snapshot_merge(old, given, &thread->memory->arena);
	if (merged) {
		info->extra->readers = merged;
		note_given(info, thread->clocks.stamp);
		if (object->stamp != STAMP_MIXED)
			info->extra->write_stamp = object->stamp;
		/* release: pairs with lock_acquire_clock(). */
		store_release(&object->stamp, STAMP_MIXED);
	} else {
		old = NULL;
		detector_count(detector, LOST_MEMORY);
	}
	detector_unlock_info(info);
	snapshot_drop(old, &thread->memory->arena);
	snapshot_drop(given, &thread->memory->arena);
}

void lock_taken_from(struct detector *detector, const struct sync_object *object)
{
	if (object->info &&
	    (object->info->kind == OBJECT_MUTEX || object->info->kind == OBJECT_RWLOCK))
		store_relaxed(&detector->has_unseen_order, true);
}

/* --- Signal handlers ----------------------------------------------------- */

void lock_note_handler(struct detector *detector, struct thread *thread,
		       struct sync_object *object, stack_id stack)
{
	runtime_lock(&detector->lock);
	if (object->info)
		handler_lock_taken(detector, thread, object, stack);
	runtime_unlock(&detector->lock);
}

/* --- Ends of lives ------------------------------------------------------- */

void lock_ended(struct detector *detector, struct sync_object *object)
{
	if (!object->info)
		return;
	if (object->info->is_in_order) {
		runtime_lock(&detector->lock);
		lock_order_remove(detector->order, object->info->id);
		runtime_unlock(&detector->lock);
	}
	sync_end(&detector->objects, object);
}

static void end_before(void *context, struct sync_object *object)
{
	if (object->info)
		lock_ended(context, object);
	else
		life_forget_end(context, object->address);
}

void lock_memory_begins(struct detector *detector, uintptr_t start, uintptr_t end)
{
	sync_each_place_in(&detector->objects, start, end, end_before, detector);
}

/* Memory that is being freed. */
struct freed_memory {
	struct detector *detector;
	struct thread *thread;
	bool may_stay;
	const void *context;
};

static stack_id find_stack(const struct freed_memory *freed)
{
	struct access access = {.context = freed->context};

	return freed->detector->hooks->access_stack(freed->detector, freed->thread, &access);
}

static void end_in_freed(void *context, struct sync_object *object)
{
	const struct freed_memory *freed = context;

	if (!object->info) {
		if (life_has_ended(freed->detector, object->address))
			life_memory_freed(freed->detector, freed->thread, object->address,
					  find_stack(freed));
	/* relaxed: it is the calling thread's own lock, or a misuse. */
	} else if (!freed->may_stay || !load_relaxed(&object->owner)) {
		if (freed->detector->is_memory_observed)
			life_ends(freed->detector, freed->thread, object, ACTION_FREE,
				  find_stack(freed));
		lock_ended(freed->detector, object);
	}
}

void lock_memory_freed(struct detector *detector, struct thread *thread, uintptr_t start,
		       uintptr_t end, bool may_stay, const void *context)
{
	struct freed_memory freed = {detector, thread, may_stay, context};

	sync_each_place_in(&detector->objects, start, end, end_in_freed, &freed);
}

struct stack_search {
	struct detector *detector;
	struct thread *thread;
	uintptr_t sp;
	uintptr_t lowest_left;
};

static void end_if_left(void *context, struct sync_object *object)
{
	struct stack_search *search = context;

	if (object->address >= search->sp) {
		if (object->address < search->lowest_left)
			search->lowest_left = object->address;
	} else if (!held_locks_find(&search->thread->held, object)) {
		if (search->detector->is_memory_observed)
			life_ends(search->detector, search->thread, object, ACTION_LEAVE, 0);
		lock_ended(search->detector, object);
	}
}

void lock_stack_left(struct detector *detector, struct thread *thread, uintptr_t sp)
{
	struct stack_search search = {detector, thread, sp, UINTPTR_MAX};

	if (thread->held.lowest_on_stack >= sp || sp < thread->stack_start ||
	    sp > thread->stack_end)
		return;
	sync_each_in(&detector->objects, thread->held.lowest_on_stack, thread->stack_end,
		     end_if_left, &search);
	thread->held.lowest_on_stack = search.lowest_left;
}
