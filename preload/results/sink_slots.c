#include "detect/base/held_locks.h"
#include "detect/base/thread.h"
#include "detect/deadlock/wait.h"
#include "preload/results/sink.h"

#include "preload/guest/guest.h"
#include "preload/results/sink_record.h"

static struct results_slot *slot_at(uint32_t slot)
{
	return (struct results_slot *)(void *)((char *)sink_base() + RESULTS_SLOTS_OFFSET) +
	       (slot - 1);
}

static uint32_t take_slot(void)
{
	struct results_header *header = sink_base();
	uint32_t slot = fetch_add_acq_rel(&header->slot_count, 1u) + 1;

	return slot <= RESULTS_SLOT_COUNT ? slot : UINT32_MAX;
}

/* Its id, or 0. */
static lock_id fill_lock(const struct thread *thread, const struct sync_object *object,
			 unsigned char *bytes)
{
	const struct sync_info *info = object ? load_acquire(&object->info) : NULL;

	if (!info)
		return 0;
	describe_lock_in(thread->detector, info, bytes);
	return info->id;
}

thread_id sink_holder(const struct detector *detector, const struct sync_object *object,
		      stack_id *stack)
{
	/* relaxed: as the wait graph's first look. */
	thread_id owner = object ? load_relaxed(&object->owner) : 0;
	const struct thread *holder = owner ? detector_thread(detector, owner) : NULL;
	const struct held_lock *held =
		holder && holder->memory ? held_locks_find(&holder->held, object) : NULL;

	*stack = held ? held->stack & ~STACK_ID_IN_HANDLER : 0;
	return held ? owner : 0;
}

static void fill_slot(const struct detector *detector, struct results_slot *slot,
		      const struct thread *thread)
{
	const struct wait *wait = &thread->waiting.wait;

	slot->process = sink_process();
	slot->thread = thread->id;
	slot->lock = fill_lock(thread, wait->object, slot->locks[0]);
	slot->target = wait->target;
	slot->mode = wait->mode;
	slot->action = wait_action(wait);
	slot->stack = wait->stack & ~STACK_ID_IN_HANDLER;
	slot->is_timed = wait->is_timed;
	slot->hold_count = thread->held.count;
	for (uint32_t i = 0; i < thread->held.count && i < RESULTS_SLOT_HOLDS; i++) {
		const struct held_lock *held = &thread->held.locks[i];

		slot->holds[i].lock = fill_lock(thread, held->object, slot->locks[1 + i]);
		slot->holds[i].stack = held->stack & ~STACK_ID_IN_HANDLER;
	}
	slot->holder = sink_holder(detector, wait->object, &slot->holder_stack);
	slot->is_blocked = 1;
}

static bool is_unknown(const struct detector *detector, lock_id lock, stack_id at)
{
	const struct stack *stack = stack_depot_get(&detector->stacks, at);
	const struct sync_info *info = detector_lock(detector, lock);

	return (stack && !stack->is_described) || (info && !info->has_origins);
}

static bool needs_description(const struct detector *detector, const struct results_slot *slot)
{
	const struct thread *thread = detector_thread(detector, slot->thread);
	const struct thread *holder = detector_thread(detector, slot->holder);
	bool needs = is_unknown(detector, slot->lock, slot->stack) ||
		     is_unknown(detector, 0, slot->holder_stack) ||
		     (thread && !thread->is_described) || (holder && !holder->is_described);

	for (uint32_t i = 0; !needs && i < slot->hold_count && i < RESULTS_SLOT_HOLDS; i++)
		needs = is_unknown(detector, slot->holds[i].lock, slot->holds[i].stack);
	return needs;
}

static void describe_place(struct detector *detector, lock_id lock, stack_id at)
{
	struct sync_info *info = detector_lock(detector, lock);

	if (info)
		describe_origins(detector, info);
	describe_stack(detector, at);
}

static void describe_slot(struct detector *detector, const struct results_slot *slot)
{
	describe_thread(detector, slot->thread);
	describe_thread(detector, slot->target);
	describe_thread(detector, slot->holder);
	describe_stack(detector, slot->holder_stack);
	describe_place(detector, slot->lock, slot->stack);
	for (uint32_t i = 0; i < slot->hold_count && i < RESULTS_SLOT_HOLDS; i++)
		describe_place(detector, slot->holds[i].lock, slot->holds[i].stack);
}

void sink_blocked(struct detector *detector, struct thread *thread, uint32_t *slot)
{
	struct results_slot *entry;

	if (!sink_base())
		return;
	if (*slot == 0)
		*slot = take_slot();
	if (*slot == UINT32_MAX)
		return;
	entry = slot_at(*slot);
	/* relaxed and release: a sequence lock; it is read after the process has ended. */
	store_relaxed(&entry->sequence, entry->sequence | 1u);
	fill_slot(detector, entry, thread);
	store_release(&entry->sequence, entry->sequence + 1);
	if (!needs_description(detector, entry))
		return;
	runtime_lock(&detector->lock);
	describe_slot(detector, entry);
	runtime_unlock(&detector->lock);
}

void sink_describe(struct detector *detector, lock_id lock, stack_id stack)
{
	const struct sync_info *info = detector_lock(detector, lock);

	if (!sink_base() || !info ||
	    (info->is_described && !is_unknown(detector, lock, stack)))
		return;
	runtime_lock(&detector->lock);
	describe_lock(detector, lock);
	describe_stack(detector, stack);
	runtime_unlock(&detector->lock);
}

/* Findings come first: events may describe what fits into half of the file. */
static bool has_room_for_events(void)
{
	const struct results_header *header = sink_base();
	uint64_t half = RESULTS_RECORDS_OFFSET + header->capacity_bytes;

	return load_relaxed(&header->tail) < half / 2; /* relaxed: a hint */
}

lock_id sink_describe_event(struct thread *thread, lock_id lock, stack_id stack)
{
	struct detector *detector = thread->detector;
	const struct sync_info *info = detector_lock(detector, lock);

	if ((!info || info->is_described) && !is_unknown(detector, lock, stack) &&
	    describe_has_thread(thread))
		return lock;
	if (!has_room_for_events())
		return info && info->is_described ? lock : 0;
	runtime_lock(&detector->lock);
	describe_thread(detector, thread->id);
	describe_lock(detector, lock);
	describe_stack(detector, stack);
	runtime_unlock(&detector->lock);
	return lock;
}

void sink_unblocked(uint32_t slot)
{
	if (sink_base() && slot && slot != UINT32_MAX)
		/* relaxed: it is read after the process has ended. */
		store_relaxed(&slot_at(slot)->is_blocked, 0u);
}
