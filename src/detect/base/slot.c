#include "detect/base/slot.h"

#include "detect/base/detector.h"
#include "detect/base/thread.h"
#include "detect/data/shadow_word.h"

#define SLOT_COUNT 65535u /* stamps have 16 bits for them */

static struct slot *slot_of(const struct detector *detector, uint32_t number)
{
	return id_table_get(&detector->slots, number + 1);
}

static struct slot *slot_at(struct detector *detector, uint32_t number)
{
	struct slot *slot = slot_of(detector, number);

	if (slot)
		return slot;
	slot = arena_alloc(&detector->arena, sizeof(*slot));
	if (!slot || !id_table_set(&detector->slots, &detector->arena, number + 1, slot))
		return NULL;
	return slot;
}

static uint32_t take_free(struct detector *detector, uint32_t index)
{
	uint32_t number = detector->free_slots[index];

	detector->free_slot_count--;
	for (; index < detector->free_slot_count; index++)
		detector->free_slots[index] = detector->free_slots[index + 1];
	return number;
}

/* The slot given back last of those whose past @creator knows; false if there is
 * none. */
static bool find_known(struct detector *detector, const struct thread *creator, uint32_t *number)
{
	for (uint32_t i = detector->free_slot_count; i > 0; i--) {
		uint32_t candidate = detector->free_slots[i - 1];
		const struct slot *slot = slot_of(detector, candidate);
		uint64_t known = creator ? vclock_get(&creator->clocks.full, candidate) : 0;

		if (!slot || slot->recorded > known)
			continue;
		*number = take_free(detector, i - 1);
		return true;
	}
	return false;
}

static uint32_t choose_slot(struct detector *detector, const struct thread *creator)
{
	uint32_t number;

	if (find_known(detector, creator, &number))
		return number;
	if (detector->next_slot <= SHADOW_SLOT_MAX || !detector->free_slot_count)
		return detector->next_slot < SLOT_COUNT ? detector->next_slot++ : SLOT_COUNT;
	detector_count(detector, LOST_SLOTS);
	return take_free(detector, 0);
}

/* Without memory the slot is never used again, which costs only room. */
static void add_free(struct detector *detector, uint32_t number)
{
	uint32_t capacity = detector->free_slot_capacity;

	if (detector->free_slot_count == capacity) {
		uint32_t more = capacity ? capacity * 2 : 64;
		uint32_t *slots = arena_grow(&detector->arena, detector->free_slots,
					     capacity * sizeof(*slots), more * sizeof(*slots));

		if (!slots)
			return;
		detector->free_slots = slots;
		detector->free_slot_capacity = more;
	}
	detector->free_slots[detector->free_slot_count++] = number;
}

void slot_begin_marks(struct detector *detector, struct thread *thread, uint64_t epoch)
{
	struct slot *slot = slot_of(detector, thread->slot);

	if (slot && !slot->marked_from)
		store_relaxed(&slot->marked_from, epoch); /* before any word has one of these */
}

uint32_t slot_marks(const struct detector *detector, uint32_t number, uint64_t epoch)
{
	const struct slot *slot = slot_of(detector, number);
	uint64_t from = slot ? load_relaxed(&slot->marked_from) : 0;

	return from && epoch > from ? (uint32_t)epoch & SHADOW_EPOCH_MARKS : 0;
}

uint64_t slot_take(struct detector *detector, struct thread *thread, const struct thread *creator)
{
	uint32_t number = choose_slot(detector, creator);
	struct slot *slot = number < SLOT_COUNT ? slot_at(detector, number) : NULL;
	uint64_t first;

	if (!slot)
		return 0;
	first = slot->above + 1;
	slot->lives[slot->life_count++ % SLOT_LIVES] = (struct slot_life){first, thread->id};
	slot->thread = thread;
	thread->slot = number;
	if (slot->marked_from)
		thread->clocks.has_marks = true;
	else if (thread->clocks.has_marks)
		slot_begin_marks(detector, thread, first);
	return first;
}

void slot_give(struct detector *detector, struct thread *thread, uint64_t above)
{
	struct slot *slot = slot_of(detector, thread->slot);

	if (!slot || slot->thread != thread)
		return;
	slot->thread = NULL;
	slot->above = above;
	if (slot->recorded < thread->clocks.recorded_epoch)
		slot->recorded = thread->clocks.recorded_epoch;
	/* A slot with few epochs left is not used again. */
	if (above < SHADOW_EPOCH_MAX / 2)
		add_free(detector, thread->slot);
}

uint64_t slot_last_epoch(const struct detector *detector, uint32_t number)
{
	const struct slot *slot = slot_of(detector, number);

	if (!slot)
		return 0;
	return slot->thread ? vclock_get(&slot->thread->clocks.full, number) : slot->above;
}

struct thread *slot_thread(const struct detector *detector, uint32_t number)
{
	const struct slot *slot = slot_of(detector, number);

	return slot ? slot->thread : NULL;
}

struct thread *slot_next_thread(const struct detector *detector, uint32_t *next)
{
	struct thread *thread = NULL;

	while (!thread && *next < detector->next_slot)
		thread = slot_thread(detector, (*next)++);
	return thread;
}

thread_id slot_thread_id(const struct detector *detector, uint32_t number, uint64_t epoch)
{
	const struct slot *slot = slot_of(detector, number);
	uint32_t count = slot ? slot->life_count : 0;

	for (uint32_t back = 1; back <= count && back <= SLOT_LIVES; back++) {
		const struct slot_life *life = &slot->lives[(count - back) % SLOT_LIVES];

		if (life->first <= epoch)
			return life->thread;
	}
	return 0;
}
