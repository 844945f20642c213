#include "detect/race/atomics/atomic_location.h"

#include "detect/base/thread.h"
#include "detect/race/memory.h"
#include "detect/race/race.h"
#include "detect/race/updates/update.h"
#include "detect/shadow/read_set.h"

static uint32_t flags_of(const struct detector *detector, const struct cell *cell)
{
	const struct site *site = site_get(&detector->sites, origin_site(detector, cell->origin));

	return site ? site->flags : 0;
}

static bool is_plain_update(const struct detector *detector, const struct cell *cell)
{
	return (flags_of(detector, cell) & (SITE_UPDATE | SITE_LOCKED)) == SITE_UPDATE;
}

bool atomic_is_met(const struct thread *thread, const struct cell *cell, uint32_t bytes)
{
	return cell->word && shadow_bytes(cell->word) == bytes &&
	       shadow_slot(cell->word) != thread->slot && !race_is_ordered(thread, cell->word);
}

struct cell atomic_make_last(struct race_step *step)
{
	struct thread *thread = step->thread;

	memory_before_record(step->detector, thread);
	if (*thread->clocks.current == SHADOW_NO_EPOCH)
		return (struct cell){0, 0};
	return (struct cell){race_base(*thread->clocks.current) | step->bytes, race_origin(step)};
}

static struct race_step make_step(struct detector *detector, struct thread *thread,
				  const struct access *access, uint32_t bytes)
{
	struct race_step step = {
		.detector = detector,
		.thread = thread,
		.access = access,
		.granule = access->address & ~(uintptr_t)(SHADOW_GRANULE - 1),
		.bytes = bytes,
		.is_write = true,
		.site = access->site,
	};

	return step;
}

struct cell atomic_make_locked(struct detector *detector, struct thread *thread,
			       const struct access *access, uint32_t bytes)
{
	struct site *site = site_get(&detector->sites, access->site);
	struct race_step step = make_step(detector, thread, access, bytes);

	step.keeps_callers =
		site && origin_choose_callers(detector, thread, site) != CALLERS_DROPPED;
	return atomic_make_last(&step);
}

void atomic_tell_freed(struct detector *detector, struct thread *thread,
		       const struct access *access, struct cell *met)
{
	struct race_step step = make_step(detector, thread, access, shadow_bytes(met->word));

	race_meet_atomic(&step, met);
	met->word = 0;
}

void atomic_tell_locked(struct detector *detector, struct thread *thread,
			const struct access *access, bool has_lost,
			const struct atomic_location *under_way)
{
	uint32_t bytes = under_way->operation_bytes;
	struct access before = *access;
	struct race_step step;

	before.value = under_way->value;
	before.has_value = under_way->has_value;
	step = make_step(detector, thread, &before, bytes);
	step.has_conflict = under_way->is_met_early;
	if (has_lost)
		race_meet_atomic(&step, &under_way->met);
	step.has_conflict = false;
	if (shadow_bytes(under_way->reader.word) & bytes &&
	    shadow_slot(under_way->reader.word) != thread->slot &&
	    !race_is_ordered(thread, under_way->reader.word))
		race_meet_read(&step, &under_way->reader);
	if (thread->accesses.stale_read_count)
		update_note_locked(&step, shadow_bytes(under_way->before.word) == bytes
						  ? under_way->before
						  : (struct cell){0, 0});
}

/* In idle_halves, of the half that keeps the last write to @bytes. */
static uint8_t idle_bit(uint32_t bytes)
{
	return (uint8_t)(1u << (uint32_t)__builtin_ctz(bytes) / ATOMIC_HALF_BYTES);
}

void atomic_keep_last(struct atomic_location *location, const struct cell *mine, bool is_idle)
{
	uint32_t bytes = shadow_bytes(mine->word);
	uint8_t bit = idle_bit(bytes);

	atomic_half_of(location, bytes)->last = *mine;
	location->idle_halves = (uint8_t)((location->idle_halves & ~bit) | (is_idle ? bit : 0));
}

struct cell atomic_replace_by_store(const struct race_step *step, struct atomic_location *location,
				    const struct cell *mine)
{
	uint32_t bytes = shadow_bytes(mine->word);
	struct cell before;
	bool is_own, is_idle;

	if (!mine->word)
		return (struct cell){0, 0};
	before = atomic_half_of(location, bytes)->last;
	is_own = before.word && shadow_slot(before.word) == step->thread->slot;
	is_idle = location->idle_halves & idle_bit(bytes);
	/* What it stores after its own locked instruction may give up a lock, but for an update. */
	if (!step->access->is_late && (!is_own || is_plain_update(step->detector, &before) ||
				       is_plain_update(step->detector, mine)))
		atomic_keep_last(location, mine, false);
	return !is_idle && atomic_is_met(step->thread, &before, bytes) ? before
									: (struct cell){0, 0};
}

site_id atomic_site(const struct race_step *step, uint32_t bytes)
{
	uintptr_t first = step->granule + (uint32_t)__builtin_ctz(bytes);

	return site_member_at(&step->detector->sites, step->access->site,
			      (uint32_t)(first - step->access->address),
			      step->is_write ? SITE_WRITE : SITE_READ);
}

const struct site *atomic_store_site(const struct race_step *step, uint32_t bytes)
{
	return site_get(&step->detector->sites, atomic_site(step, bytes));
}

uint32_t atomic_before_release(const struct race_step *step)
{
	uint64_t word = load_acquire(shadow_of(step->granule).write);
	const struct atomic_location *location =
		shadow_form(word) == SHADOW_ATOMIC ? atomic_table_get(step->detector, word) : NULL;
	/* relaxed: as in atomic_access() */
	uint32_t atomic = location ? step->bytes & load_relaxed(&location->bytes) : 0;
	const struct site *release = atomic ? atomic_store_site(step, atomic) : NULL;
	uint32_t before = 0;

	for (uint32_t left = atomic ? step->bytes & ~atomic : 0; left; left &= left - 1) {
		const struct site *site = atomic_store_site(step, left);

		if (!site || !release || site->address <= release->address)
			before |= left & -left;
	}
	return before;
}

bool atomic_find_rest(const struct detector *detector, uint64_t word, uint32_t bytes,
		      struct shadow *inner)
{
	struct atomic_location *location = atomic_table_get(detector, word);

	/* relaxed: a byte that becomes atomic now may count as atomic or not. */
	if (!location || load_relaxed(&location->bytes) & bytes)
		return false;
	*inner = (struct shadow){&location->write, &location->read, &location->origins};
	return true;
}

struct cell atomic_find_met(struct detector *detector, const struct thread *thread,
			    const struct cell_list *list, uint32_t bytes)
{
	for (uint32_t i = 0; i < list->count; i++) {
		struct cell cell = list->cells[i];
		bool is_freed = shadow_form(cell.word) == SHADOW_FREED;

		if (!atomic_is_met(thread, &cell, is_freed ? shadow_bytes(cell.word) : bytes))
			continue;
		cell.origin =
			origin_part_at(detector, cell.origin, shadow_slot(cell.word), bytes).origin;
		return cell;
	}
	return (struct cell){0, 0};
}

struct cell atomic_find_reader(struct detector *detector, const struct thread *thread,
			       const struct cell_list *list, uint32_t bytes)
{
	for (uint32_t i = 0; i < list->count; i++) {
		uint64_t word = list->cells[i].word;
		uint32_t read = shadow_bytes(word) & bytes;
		uint32_t next = 0;

		if (!read)
			continue;
		if (shadow_form(word) == SHADOW_SET)
			word = read_set_unordered(detector, thread, word, &next);
		else if (shadow_form(word) != SHADOW_PLAIN || race_is_ordered(thread, word))
			word = 0;
		if (word && shadow_slot(word) != thread->slot)
			return (struct cell){race_base(word) | read,
					     origin_part_at(detector, list->cells[i].origin,
							    shadow_slot(word), read)
						     .origin};
	}
	return (struct cell){0, 0};
}

struct cell atomic_last_write(struct detector *detector, const struct thread *thread,
			      uint64_t word, uint32_t bytes)
{
	struct atomic_location *location = atomic_table_get(detector, word);
	struct cell last;

	if (!location || !atomic_take_busy(thread, location))
		return (struct cell){0, 0};
	last = atomic_half_of(location, bytes)->last;
	spin_unlock(&location->busy);
	return shadow_bytes(last.word) == bytes ? last : (struct cell){0, 0};
}

/* Is @last of another thread, of some of @bytes, and unordered with @thread? */
static bool is_last_met(const struct thread *thread, struct cell last, uint32_t bytes)
{
	return shadow_bytes(last.word) & bytes &&
	       atomic_is_met(thread, &last, shadow_bytes(last.word));
}

bool atomic_is_looked_at(const struct thread *thread, struct atomic_location *location,
			 uint32_t bytes, const struct site *site)
{
	struct cell last;

	if (!site || site->flags & (SITE_UPDATE | SITE_MAY_BE_STALE | SITE_SILENT))
		return false;
	if (site_notes_reads(site))
		return true;
	/* relaxed: a hint; atomic_look_beside() looks again. */
	last = (struct cell){load_relaxed(&atomic_half_of(location, bytes)->last.word), 0};
	return site_tells_beside(site) && is_last_met(thread, last, bytes);
}

void atomic_look_beside(const struct race_step *step, struct atomic_location *location,
			uint32_t touched, struct site *site)
{
	struct race_step part = *step;
	struct cell mine = {0, 0};
	struct cell last;

	part.bytes = touched;
	if (site_notes_reads(site))
		mine = atomic_make_last(&part);
	if (!atomic_take_busy(step->thread, location)) {
		detector_count(step->detector, LOST_ACCESSES);
		return;
	}
	last = atomic_half_of(location, touched)->last;
	if (mine.word) {
		location->reader = mine;
		/* relaxed: a count that need not be exact */
		store_relaxed(&site->noted_count,
			      (uint8_t)(load_relaxed(&site->noted_count) + 1));
	}
	spin_unlock(&location->busy);
	if (is_last_met(step->thread, last, touched))
		race_meet_atomic(&part, &last);
}

void atomic_compare_end(struct race_step *step, uint64_t word)
{
	struct atomic_location *location = atomic_table_get(step->detector, word);
	uint32_t all = step->bytes;
	struct shadow inner;

	if (!location)
		return;
	for (uint32_t i = 0; i < ATOMIC_HALVES; i++) {
		struct cell last = location->halves[i].last;

		if (all & shadow_bytes(last.word) &&
		    atomic_is_met(step->thread, &last, shadow_bytes(last.word)))
			race_meet_atomic(step, &last);
	}
	inner = (struct shadow){&location->write, &location->read, &location->origins};
	/* relaxed: as in atomic_access() */
	step->bytes = all & ~(uint32_t)load_relaxed(&location->bytes);
	race_compare(step, race_place(inner, step->granule, true));
	race_compare(step, race_place(inner, step->granule, false));
	step->bytes = all;
}

void atomic_forget(struct detector *detector, struct thread *thread, uint64_t word, uint32_t bytes)
{
	struct atomic_location *location = atomic_table_get(detector, word);

	if (!location || !atomic_take_busy(thread, location))
		return;
	for (uint32_t i = 0; i < ATOMIC_HALVES; i++) {
		struct atomic_half *half = &location->halves[i];

		if (!(shadow_bytes(half->last.word) & bytes))
			continue;
		half->last = (struct cell){0, 0};
		half->told = 0;
		half->writers = 0;
	}
	if (shadow_bytes(location->reader.word) & bytes)
		location->reader.word = 0;
	spin_unlock(&location->busy);
}
