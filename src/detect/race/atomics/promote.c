#include "detect/race/atomics/asleep.h"

#include "detect/base/thread.h"
#include "detect/race/memory.h"
#include "detect/race/race.h"
#include "detect/shadow/cells.h"
#include "detect/shadow/summary.h"

/*
 * A plain move, @write, stored to the location before anything showed that it is atomic.
 * That store was a release, and @thread is taken to have acquired from it.
 */
static void release_late(struct detector *detector, struct thread *thread, uint64_t write)
{
	if (shadow_form(write) == SHADOW_PLAIN && write && shadow_slot(write) != thread->slot)
		memory_assume_acquire(detector, thread, write, 0);
}

/* The origin of @word, which @list was laid out from, as it is stored. */
static uint32_t origin_of(uint64_t word, const struct cell_list *list)
{
	return word && !cells_are(word) ? origin_tagged(list->cells[0].origin, word) : 0;
}

/* Keeps who has read @bytes, for the locked instruction that is under way. */
static void note_reader(struct detector *detector, struct thread *thread,
			struct atomic_location *location, const struct cell_list *reads,
			uint32_t bytes)
{
	struct cell reader = atomic_find_reader(detector, thread, reads, bytes);

	if (reader.word && atomic_take_busy(thread, location)) {
		location->reader = reader;
		spin_unlock(&location->busy);
	}
}

/* Nothing that the thread may have acquired orders the write @met with it: else word 0. */
static void keep_unordered(struct detector *detector, struct thread *thread, uintptr_t granule,
			   uint32_t bytes, struct cell *met)
{
	static const struct access none;
	struct race_step step = {
		.detector = detector,
		.thread = thread,
		.access = &none,
		.granule = granule,
		.bytes = bytes,
		.is_write = true,
		.other_is_write = true,
		.other = met->word,
		.other_origin = met->origin,
		.shared_bytes = bytes,
	};

	if (shadow_form(met->word) == SHADOW_PLAIN && met->word && race_is_ordered_late(&step))
		*met = (struct cell){0, 0};
}

/* Moves a granule's words into @location and puts its number in their place.  *@met becomes
 * the free or write before that is unordered with the thread.  False: it is atomic already. */
static bool displace_words(struct detector *detector, struct thread *thread, struct shadow shadow,
			   struct atomic_location *location, struct cell *met)
{
	struct race_place place = race_place(shadow, location->granule, true);
	struct race_place read_place = race_place(shadow, location->granule, false);
	uint64_t word = atomic_word(location);
	struct cell_list list;
	uint64_t write;
	uint64_t read;

	do {
		do {
			write = cells_load(detector, shadow.write);
			if (shadow_form(write) == SHADOW_ATOMIC)
				return false;
		} while (!race_lay_out(place, write, &list));
		location->write = write;
		location->origins.write = origin_of(write, &list);
	} while (!claim_exchange(detector, shadow.write, &write, word));
	*met = atomic_find_met(detector, thread, &list, location->bytes);
	do {
		do
			read = race_load(detector, thread, read_place);
		while (!race_lay_out(read_place, read, &list));
		location->read = read;
		location->origins.read = origin_of(read, &list);
	} while (!claim_exchange(detector, shadow.read, &read, word));
	note_reader(detector, thread, location, &list, location->bytes);
	summary_revoke(location->granule);
	keep_unordered(detector, thread, location->granule, location->bytes, met);
	release_late(detector, thread, write);
	return true;
}

/* With who has read @bytes of @location before they became atomic.  What shows that they are is
 * recorded in the epoch that is left. */
static void leave_releases(struct detector *detector, struct thread *thread,
			   struct atomic_location *location, uint32_t bytes)
{
	memory_before_record(detector, thread);
	pending_release_leave_all(detector, thread, location->granule, &location->read, bytes);
}

/* NULL without memory, or if another thread was first. */
static struct atomic_location *promote_granule(struct detector *detector, struct thread *thread,
					       uintptr_t granule, uint32_t bytes, struct cell *met)
{
	struct shadow shadow = shadow_of(granule);
	struct atomic_location *location = atomic_table_take(detector, thread, granule);

	if (!location) {
		detector_count(detector, LOST_EDGES);
		return NULL;
	}
	location->bytes = (uint8_t)bytes;
	if (!displace_words(detector, thread, shadow, location, met)) {
		atomic_table_give_back(detector, location);
		return NULL;
	}
	race_retract(detector, granule, bytes);
	leave_releases(detector, thread, location, bytes);
	return location;
}

/* Makes @bytes of @location atomic, too. */
static void widen_location(struct detector *detector, struct thread *thread,
			   struct atomic_location *location, uint32_t bytes, struct cell *met)
{
	struct shadow inner = {&location->write, &location->read, &location->origins};
	struct race_place place = race_place(inner, location->granule, true);
	struct race_place read_place = race_place(inner, location->granule, false);
	struct cell_list list;

	fetch_or_acq_rel(&location->bytes, (uint8_t)bytes);
	race_retract(detector, location->granule, bytes);
	leave_releases(detector, thread, location, bytes);
	if (race_lay_out(place, cells_load(detector, place.word), &list)) {
		*met = atomic_find_met(detector, thread, &list, bytes);
		keep_unordered(detector, thread, location->granule, bytes, met);
	}
	if (race_lay_out(read_place, race_load(detector, thread, read_place), &list))
		note_reader(detector, thread, location, &list, bytes);
}

struct atomic_location *atomic_find_or_promote(struct detector *detector, struct thread *thread,
					       uintptr_t address, uint32_t bytes,
					       struct cell *met)
{
	uintptr_t granule = address & ~(uintptr_t)(SHADOW_GRANULE - 1);
	struct shadow shadow = shadow_of(granule);
	uint64_t *place = shadow.write;
	uint64_t read = load_acquire(shadow.read);
	struct atomic_location *location = NULL;

	*met = (struct cell){0, 0};
	if (UNLIKELY(shadow_form(read) == SHADOW_ASLEEP))
		atomic_wake(detector, thread, read);
	if (shadow_form(load_acquire(place)) != SHADOW_ATOMIC)
		location = promote_granule(detector, thread, granule, bytes, met);
	if (!location && shadow_form(load_acquire(place)) == SHADOW_ATOMIC)
		location = atomic_table_get(detector, load_acquire(place));
	/* relaxed: bits are only ever added, in any order. */
	if (location && (load_relaxed(&location->bytes) & bytes) != bytes)
		widen_location(detector, thread, location, bytes, met);
	return location;
}

struct atomic_location *atomic_mark(struct detector *detector, struct thread *thread,
				    uintptr_t address, size_t size_bytes)
{
	struct cell met;

	if (!shadow_covers(address))
		return NULL;
	return atomic_find_or_promote(detector, thread, address,
				      atomic_bytes_at(address, size_bytes), &met);
}
