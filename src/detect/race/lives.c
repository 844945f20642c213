/* Lives of memory: what begins one is forgotten, what ends one is compared like a write. */
#include "detect/base/thread.h"
#include "detect/race/record_fast.h"
#include "detect/race/race.h"
#include "detect/race/update.h"

static void forget_all(struct thread *thread, uintptr_t first, uintptr_t last)
{
	cells_clear(thread, first, last);
	shadow_clear(first, last - first);
}

/* The granule of @address is only in part of the memory that begins. */
static void clear_part(struct detector *detector, struct thread *thread, uintptr_t granule,
		       uint32_t bytes)
{
	struct shadow shadow = shadow_of(granule);

	race_take_bytes(detector, thread, race_place(shadow, granule, true), bytes);
	race_take_bytes(detector, thread, race_place(shadow, granule, false), bytes);
}

void access_memory_begins(struct detector *detector, struct thread *thread, uintptr_t start,
			  size_t size_bytes)
{
	uintptr_t end = start + size_bytes;
	uintptr_t first = (start + SHADOW_GRANULE - 1) & ~(uintptr_t)(SHADOW_GRANULE - 1);
	uintptr_t last = end & ~(uintptr_t)(SHADOW_GRANULE - 1);

	if (!size_bytes || !shadow_covers(start) || !shadow_covers(end - 1))
		return;
	memory_flush(detector, thread);
	update_life_changes(detector, start, size_bytes);
	if (start < first)
		clear_part(detector, thread, first - SHADOW_GRANULE,
			   race_bytes_in(first - SHADOW_GRANULE, start, end));
	if (last < end && last >= first)
		clear_part(detector, thread, last, race_bytes_in(last, start, end));
	if (first < last)
		forget_all(thread, first, last);
}

#define MARK_ALWAYS 1024u /* bytes of a block whose end is noted even where untouched */

/* The end of a granule's life is compared like a write. */
static void free_granule(struct race_step *step, bool marks)
{
	struct shadow shadow = shadow_of(step->granule);
	uint64_t freed = step->mine | (uint64_t)SHADOW_FREED << SHADOW_FORM_SHIFT;
	uint64_t write;
	uint64_t read;

	if (!marks && !load_relaxed(shadow.write) && !load_relaxed(shadow.read))
		return;
	do {
		write = race_compare(step, race_place(shadow, step->granule, true));
	} while (!compare_exchange_acq_rel(shadow.write, &write, freed));
	do {
		read = race_compare(step, race_place(shadow, step->granule, false));
	} while (!compare_exchange_acq_rel(shadow.read, &read, 0));
	cells_free(step->thread, write);
	cells_free(step->thread, read);
	origin_put(&shadow.origins->write, shadow.write, race_origin(step), freed);
}

void access_memory_freed(struct detector *detector, struct thread *thread,
			 const struct access *access)
{
	uintptr_t end = access->address + access->size_bytes;
	uintptr_t granule = access->address & ~(uintptr_t)(SHADOW_GRANULE - 1);
	struct race_step step = {
		.detector = detector,
		.thread = thread,
		.access = access,
		.is_write = true,
		.is_freeing = true,
		.keeps_callers = true,
		.bytes = SHADOW_ALL_BYTES,
	};

	memory_flush(detector, thread);
	if (!race_begin(detector, thread, access))
		return;
	update_life_changes(detector, access->address, access->size_bytes);
	for (; granule < end; granule += SHADOW_GRANULE) {
		step.granule = granule;
		memory_before_record(detector, thread);
		step.mine = *thread->clocks.current;
		free_granule(&step, granule - access->address < MARK_ALWAYS);
	}
}
