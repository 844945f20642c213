#include "detect/life/life.h"

#include <string.h>

#include "base/hash.h"
#include "detect/base/memory_block.h"
#include "detect/base/report.h"
#include "detect/base/thread.h"
#include "detect/race/memory.h"
#include "detect/race/race.h"

static bool has_life(const struct detector *detector, const struct sync_info *info)
{
	return detector->is_memory_observed && info && info->kind <= OBJECT_BARRIER;
}

static bool is_followed(const struct detector *detector, const struct sync_info *info)
{
	return has_life(detector, info) &&
	       !(info->attributes & (SYNC_PROCESS_SHARED | SYNC_NAMED));
}

static bool is_observed(struct detector *detector, const struct sync_use *use)
{
	return !use->stack || !detector->hooks->is_observed_call ||
	       detector->hooks->is_observed_call(detector, use->stack);
}

static struct sync_use make_use(struct thread *thread, enum finding_action action, stack_id stack)
{
	uint64_t epoch = vclock_get(&thread->clocks.full, thread->slot);

	return (struct sync_use){
		.word = shadow_plain(thread->slot, epoch, 0),
		.thread = thread->id,
		.stack = stack,
		.action = action,
	};
}

static void add_event(struct finding *finding, const struct sync_object *object,
		      const struct sync_use *use, const struct thread *thread)
{
	bool is_free = use->action == ACTION_FREE;
	struct finding_event *event =
		report_event(finding, use->thread, is_free ? ACTION_DESTROY : use->action, object,
			     use->stack);

	if (is_free)
		finding->details |= DETAIL_FREED;
	if (use->thread == thread->id)
		report_holds(event, thread);
}

/* The same in either order: each of two that meet may report the other. */
static uint64_t hash_both(stack_id one, stack_id other)
{
	return hash_append(hash_append(5, one < other ? one : other), one < other ? other : one);
}

static void report_pair(struct detector *detector, enum finding_kind kind,
			const struct sync_object *object, const struct sync_use *first,
			const struct sync_use *second, const struct thread *thread)
{
	struct finding *finding;

	runtime_lock(&detector->lock);
	finding = report_begin(detector, kind);
	if (kind == FINDING_DATA_RACE) {
		finding->details = DETAIL_LIFE;
		/* relaxed: a finding made before it is set is as certain as it seemed. */
		if (load_relaxed(&detector->has_unseen_order)) {
			finding->severity = SEVERITY_WARNING;
			finding->details |= DETAIL_UNSEEN_ORDER;
		}
	}
	add_event(finding, object, first, thread);
	add_event(finding, object, second, thread);
	report_emit(detector, finding, hash_both(first->stack, second->stack));
	runtime_unlock(&detector->lock);
}

/* Reports @first and @second, which @thread is about to do, if they are unordered and both
 * were made by observed code.  False: they are ordered, or there is no @first. */
static bool report_unordered(struct detector *detector, struct thread *thread,
			     const struct sync_object *object, const struct sync_use *first,
			     const struct sync_use *second)
{
	if (!first->word || race_is_after(detector, thread, first->word))
		return false;
	if (is_observed(detector, first) && is_observed(detector, second))
		report_pair(detector, FINDING_DATA_RACE, object, first, second, thread);
	return true;
}

void life_check_init(struct detector *detector, struct thread *thread, struct sync_object *object,
		     stack_id stack)
{
	const struct sync_use *init = &object->info->init;
	struct sync_use use;

	if (!init->word || race_is_ordered(thread, init->word) ||
	    !is_followed(detector, object->info))
		return;
	use = make_use(thread, ACTION_ACQUIRE, stack);
	report_unordered(detector, thread, object, init, &use);
}

void life_released(struct thread *thread, struct sync_use *use, stack_id stack)
{
	*use = make_use(thread, ACTION_ACQUIRE, stack);
}

static struct ended_life *find_end(struct detector *detector, uintptr_t address)
{
	return &detector->ended_lives[(address >> 3) % ENDED_LIVES_KEPT];
}

/* relaxed and release: an entry whose address is set is whole. */
static void note_end(struct detector *detector, uintptr_t address, const struct sync_use *end,
		     bool is_followed)
{
	struct ended_life *entry = find_end(detector, address);

	store_relaxed(&entry->address, (uintptr_t)0);
	entry->end = *end;
	entry->is_followed = is_followed;
	store_release(&entry->address, address); /* pairs with take_end() and report_met_end() */
}

/* The last end at @address, which is then forgotten.  False: none is remembered. */
static bool take_end(struct detector *detector, uintptr_t address, struct sync_use *end)
{
	struct ended_life *entry = find_end(detector, address);

	/* acquire: pairs with note_end(). */
	if (load_acquire(&entry->address) != address)
		return false;
	*end = entry->end;
	return compare_exchange_acq_rel(&entry->address, &address, (uintptr_t)0);
}

static void note_use(struct detector *detector, const struct sync_object *object,
		     struct sync_info *info, const struct thread *thread,
		     const struct sync_use *use)
{
	if (!detector_lock_info(detector, info))
		return;
	/* acquire: an info whose life has ended meanwhile may be another object's. */
	if (load_acquire(&object->info) == info)
		info->extra->uses[thread->slot % SYNC_USES] = *use;
	detector_unlock_info(info);
}

/* Is it the end of a life that @use, of the same object, belongs to?  Then they meet. */
static void report_met_end(struct detector *detector, struct thread *thread,
			   const struct sync_object *object, const struct sync_use *use)
{
	const struct ended_life *entry = find_end(detector, object->address);
	struct sync_use end;

	/* acquire: pairs with note_end(). */
	if (load_acquire(&entry->address) != object->address || !entry->is_followed)
		return;
	end = entry->end;
	/* acquire: it is whole if the address is still the same. */
	if (end.action == ACTION_DESTROY && load_acquire(&entry->address) == object->address)
		report_unordered(detector, thread, object, &end, use);
}

/* A call that ends the life at the same time notes that before it looks at the uses: of the two,
 * the second to lock the info finds the other.  The info is NULL if the life has ended since the
 * object was looked up. */
void life_used(struct detector *detector, struct thread *thread, struct sync_object *object,
	       enum finding_action action, stack_id stack)
{
	/* acquire: pairs with the begin of its life. */
	struct sync_info *info = load_acquire(&object->info);
	struct sync_use use;

	if (info ? !is_followed(detector, info) : !detector->is_memory_observed)
		return;
	memory_before_record(detector, thread);
	use = make_use(thread, action, stack);
	if (info) {
		report_unordered(detector, thread, object, &info->init, &use);
		note_use(detector, object, info, thread, &use);
	}
	report_met_end(detector, thread, object, &use);
}

/* Compares the @end with the init of the life and with its uses, up to the first that is not
 * ordered. */
static void check_uses(struct detector *detector, struct thread *thread,
		       const struct sync_object *object, struct sync_info *info,
		       const struct sync_use *end)
{
	struct sync_use uses[SYNC_USES] = {0};
	bool is_reported = report_unordered(detector, thread, object, &info->init, end) ||
			   report_unordered(detector, thread, object, &info->last, end);

	if (!info->extra || !detector_lock_info(detector, info))
		return;
	memcpy(uses, info->extra->uses, sizeof(uses));
	detector_unlock_info(info);
	for (unsigned i = 0; i < SYNC_USES && !is_reported; i++)
		is_reported = report_unordered(detector, thread, object, &uses[i], end);
}

void life_ends(struct detector *detector, struct thread *thread, struct sync_object *object,
	       enum finding_action action, stack_id stack)
{
	struct sync_info *info = object->info;
	bool is_compared = is_followed(detector, info);
	struct sync_use end;

	if (!info)
		return;
	if (is_compared)
		memory_before_record(detector, thread);
	end = make_use(thread, action, stack);
	/* When a frame that was left becomes another one, nobody tells. */
	if (action != ACTION_LEAVE)
		note_end(detector, object->address, &end, is_compared);
	if (is_compared)
		check_uses(detector, thread, object, info, &end);
}

bool life_has_ended(struct detector *detector, uintptr_t address)
{
	/* relaxed: life_memory_freed() looks again. */
	return load_relaxed(&find_end(detector, address)->address) == address;
}

void life_forget_end(struct detector *detector, uintptr_t address)
{
	struct sync_use end;

	take_end(detector, address, &end);
}

void life_memory_freed(struct detector *detector, struct thread *thread, uintptr_t address,
		       stack_id stack)
{
	struct sync_use end;

	if (!take_end(detector, address, &end))
		return;
	end = make_use(thread, ACTION_FREE, stack);
	note_end(detector, address, &end, false);
}

void life_initialised(struct detector *detector, struct thread *thread, struct sync_object *object,
		      stack_id stack)
{
	if (!is_followed(detector, object->info))
		return;
	memory_before_record(detector, thread);
	object->info->init = make_use(thread, ACTION_INIT, stack);
	if (object->info->kind <= OBJECT_SPIN)
		object->stamp = STAMP_INITIALISED;
}

static bool is_free_still(struct detector *detector, uintptr_t address)
{
	struct memory_block block;

	return detector->hooks->block_of && detector->hooks->block_of(detector, address, &block) &&
	       block.is_freed;
}

/* Objects of these kinds cannot be initialised without a call. */
static bool needs_init(enum object_kind kind)
{
	return kind == OBJECT_SEMAPHORE || kind == OBJECT_BARRIER;
}

static void report_use_after(struct detector *detector, struct thread *thread,
			     struct sync_object *object, const struct sync_use *end,
			     const struct sync_use *use, bool is_certain)
{
	if (detector->is_memory_observed && report_unordered(detector, thread, object, end, use))
		return;
	if (is_certain)
		report_pair(detector, FINDING_LOCK_DESTROYED, object, end, use, thread);
}

void life_begun_by_use(struct detector *detector, struct thread *thread,
		       struct sync_object *object, stack_id stack)
{
	const struct sync_info *info = object->info;
	struct sync_use use = make_use(thread, ACTION_ACQUIRE, stack);
	struct sync_use end;
	bool is_freed;

	/* Uses of destroyed mutexes are told by their memory: life_used_destroyed(). */
	if (!has_life(detector, info) ||
	    (info->kind == OBJECT_MUTEX && info->attributes & SYNC_DESTROYED) ||
	    !take_end(detector, object->address, &end))
		return;
	is_freed = end.action == ACTION_FREE;
	/* Attributes are read from memory, which has anything in it once it is freed. */
	if (is_freed ? !is_free_still(detector, object->address) : !is_followed(detector, info))
		return;
	report_use_after(detector, thread, object, &end, &use,
			 is_freed || needs_init(info->kind) || info->attributes & SYNC_DESTROYED);
}

void life_used_destroyed(struct detector *detector, struct thread *thread,
			 struct sync_object *object, enum finding_action action, stack_id stack)
{
	struct sync_use use = make_use(thread, action, stack);
	struct ended_life *entry = find_end(detector, object->address);
	struct finding *finding;

	/* acquire: pairs with note_end(). */
	if (load_acquire(&entry->address) == object->address) {
		report_use_after(detector, thread, object, &entry->end, &use, true);
		return;
	}
	runtime_lock(&detector->lock);
	finding = report_begin(detector, FINDING_LOCK_DESTROYED);
	add_event(finding, object, &use, thread);
	report_emit(detector, finding, stack);
	runtime_unlock(&detector->lock);
}
