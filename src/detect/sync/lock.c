#include "detect/sync/lock.h"

#include "detect/base/held_locks.h"
#include "detect/base/thread.h"
#include "detect/deadlock/handler.h"
#include "detect/life/life.h"

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

/* --- Happens-before ------------------------------------------------------ */

/* No more, as each of thousands of threads has them: slots then share a place, and who does not
 * find what it has seen joins again. */
#define SEEN_MOST 256u

/* Where @thread notes the newest stamp of @slot's thread that it has joined; NULL without
 * memory (it then joins each time). */
static uint64_t *seen_stamp(struct thread *thread, uint32_t slot)
{
	struct thread_clocks *clocks = &thread->clocks;
	uint32_t capacity = clocks->seen_capacity ? clocks->seen_capacity : 16;
	uint64_t *seen;

	while (capacity <= slot && capacity < SEEN_MOST)
		capacity *= 2;
	if (capacity > clocks->seen_capacity) {
		seen = arena_grow(&thread->memory->arena, clocks->seen,
				  clocks->seen_capacity * sizeof(*seen), capacity * sizeof(*seen));
		if (!seen)
			return NULL;
		clocks->seen = seen;
		clocks->seen_capacity = capacity;
	}
	return &clocks->seen[slot & (capacity - 1)]; /* a power of two */
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

/* Has @thread joined the version of a clock that @stamp names? */
static bool has_seen(struct thread *thread, uint64_t stamp)
{
	const uint64_t *seen;

	if (!stamp || stamp >> 48 == thread->slot)
		return true;
	seen = seen_stamp(thread, (uint32_t)(stamp >> 48));
	return seen && *seen >> 48 == stamp >> 48 && *seen >= stamp;
}

/* Has @thread joined the clocks of all readers that released since the last writer? */
static bool has_seen_readers(struct thread *thread, const struct sync_info *info)
{
	if (info->extra->is_given_incomplete)
		return false;
	for (unsigned i = 0; i < SYNC_GIVEN; i++) {
		/* relaxed: a writer gets the lock after the release of each reader. */
		uint64_t stamp = load_relaxed(&info->extra->given[i]);

		if (!has_seen(thread, stamp))
			return false;
	}
	return true;
}

static void note_seen(struct thread *thread, uint64_t stamp)
{
	uint64_t *seen;

	if (!stamp)
		return;
	seen = seen_stamp(thread, (uint32_t)(stamp >> 48));
	if (seen && (*seen >> 48 != stamp >> 48 || *seen < stamp))
		*seen = stamp;
}

/* Who posts a semaphore hands over; who gives up a lock may have met the next by chance. */
static bool is_certain_order(const struct sync_info *info)
{
	return info->kind == OBJECT_SEMAPHORE;
}

/* Joins the clocks of all readers, for a writer. */
static void acquire_from_readers(struct clock_joiner by, const struct sync_info *info)
{
	const struct sync_extra *extra = info->extra;

	clock_join_base(by, extra->readers, 0, 0, is_certain_order(info));
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
	life_check_init(detector, thread, object, thread->held.top[-1].stack);
	if (UNLIKELY(thread->ignoring_sync))
		return;
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
		clock_join_base(by, info->clock, (uint32_t)(stamp >> 48), info->clock_epoch,
				is_certain_order(info));
		note_seen(thread, stamp);
	}
	if (from_readers)
		acquire_from_readers(by, info);
	detector_unlock_info(info);
}

/* A writer releases, and has joined the clocks of the readers before it.  Returns what
 * the lock kept of them, to be dropped. */
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
	struct vclock_snapshot *old = NULL;
	struct vclock_snapshot *readers;
	uint64_t epoch;

	if (!info || UNLIKELY(thread->ignoring_sync))
		return;
	/* A semaphore may turn out to hand over: who takes it then asks for the clock alone. */
	given = clock_base(by, info->kind == OBJECT_SEMAPHORE, &epoch);
	if (!given) {
		detector_count(detector, LOST_MEMORY);
		return;
	}
	if (!detector_lock_info(detector, info))
		return;
	note_user(object, thread->id);
	life_released(thread, &info->last, stack);
	if (info->clock != given) {
		old = info->clock;
		info->clock = snapshot_take(given);
	}
	info->clock_epoch = epoch;
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
	if (!info || UNLIKELY(thread->ignoring_sync) ||
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

void lock_note_handler(struct detector *detector, struct thread *thread, struct sync_object *object,
		       stack_id stack)
{
	runtime_lock(&detector->lock);
	if (object->info)
		handler_lock_taken(detector, thread, object, stack);
	runtime_unlock(&detector->lock);
}
