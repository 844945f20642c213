#include "detect/race.h"

#include "detect/cells.h"
#include "detect/read_set.h"
#include "detect/update.h"

#define SET_MEMBERS 64u /* beyond that, cells */

/* --- Order ----------------------------------------------------------------- */

static inline bool is_same_epoch(uint64_t word, uint64_t mine)
{
	return (word ^ mine) >> SHADOW_FORM_SHIFT == 0;
}

static inline bool is_ordered(const struct thread *thread, uint64_t word)
{
	uint32_t slot = shadow_slot(word);

	return slot == thread->slot || vclock_get(&thread->clock, slot) >= shadow_epoch(word);
}

static origin_id my_origin(struct race_step *step)
{
	if (!step->what)
		step->what = origin_of_access(step->detector, step->thread, step->access);
	return step->what;
}

/* @word, an access to some bytes of the granule by @what, was there before. */
static inline void compare(struct race_step *step, uint64_t word, origin_id what, bool is_write)
{
	if (step->has_conflict || step->is_told || !(shadow_bytes(word) & step->bytes) ||
	    is_ordered(step->thread, word))
		return;
	step->has_conflict = true;
	step->other = word;
	step->other_is_write = is_write;
	step->other_is_freed = shadow_form(word) == SHADOW_FREED;
	step->other_what = origin_part_of(step->detector, what, shadow_slot(word), step->bytes);
}

/* --- Cells ----------------------------------------------------------------- */

/* What is left of a cell after this access: bytes that it does not touch, and
 * reads that are not ordered before it. */
static uint64_t left_of(const struct race_step *step, uint64_t word)
{
	if (!step->is_write && !is_ordered(step->thread, word))
		return word;
	return word & ~(uint64_t)step->bytes;
}

/* Puts this access in among the cells of its own plane. */
static void change_cells(struct race_step *step, struct cells *cells)
{
	uint32_t count = 0;
	bool is_there = false;

	for (uint32_t i = 0; i < cells->count; i++) {
		struct cell cell = cells->cells[i];

		if (is_same_epoch(cell.word, step->mine) &&
		    (cell.what == my_origin(step) || (cell.word & step->bytes) == step->bytes)) {
			cell.word |= step->bytes;
			is_there = true;
		} else {
			cell.word = left_of(step, cell.word);
		}
		if (shadow_bytes(cell.word))
			cells->cells[count++] = cell;
	}
	cells->count = count;
	if (!is_there)
		cells_add(step->detector, cells, step->mine, my_origin(step));
}

/* One word can say it again. */
static void fold_cells(struct race_step *step, struct cells *cells, uint64_t *place,
		       uint32_t *origin)
{
	struct cell only = cells->cells[0];
	uint64_t word = cells_word(cells);

	if (cells->count != 1 || !compare_exchange_acq_rel(place, &word, only.word))
		return;
	origin_store(origin, only.what, only.word);
	cells_give_back(step->detector, cells);
}

static void compare_cells(struct race_step *step, const struct cells *cells, bool is_write)
{
	for (uint32_t i = 0; i < cells->count && !step->has_conflict; i++)
		compare(step, cells->cells[i].word, cells->cells[i].what, is_write);
}

/* False: *@place names other cells, or none, now. */
static bool put_into_cells(struct race_step *step, uint64_t *place, uint32_t *origin)
{
	struct cells *cells = cells_lock(step->detector, place);

	if (!cells)
		return false;
	if (step->is_write)
		compare_cells(step, cells, true);
	change_cells(step, cells);
	fold_cells(step, cells, place, origin);
	spin_unlock(&cells->busy);
	return true;
}

/* Fills new cells with what @old says. */
static void expand(struct race_step *step, struct cells *cells, uint64_t old, origin_id what)
{
	const struct read_set *set =
		shadow_form(old) == SHADOW_SET ? read_set_of(step->detector, old) : NULL;

	if (!set) {
		cells_add(step->detector, cells, old, what);
		return;
	}
	for (uint32_t i = 0; i < set->count; i++)
		cells_add(step->detector, cells, set->members[i] | shadow_bytes(old),
			  origin_part_of(step->detector, what, shadow_slot(set->members[i]),
					 SHADOW_ALL_BYTES));
}

/* *@place becomes cells of @old and this access.  False: it is not @old any
 * more, or there is no memory. */
static bool make_cells(struct race_step *step, uint64_t *place, uint64_t old, origin_id what)
{
	struct cells *cells = cells_take(step->detector, place);
	bool is_made = false;

	if (!cells || !spin_lock(&cells->busy))
		return false;
	expand(step, cells, old, what);
	change_cells(step, cells);
	is_made = compare_exchange_acq_rel(place, &old, cells_word(cells));
	if (!is_made)
		cells_give_back(step->detector, cells);
	spin_unlock(&cells->busy);
	return is_made;
}

/* --- One plane ------------------------------------------------------------- */

/* Adds bytes of the same epoch to a plain word. */
static bool widen(struct race_step *step, uint64_t *place, uint32_t *origin, uint64_t old)
{
	struct origin_part part = {(uint16_t)step->thread->slot, (uint8_t)step->bytes,
				   my_origin(step)};
	origin_id what = origin_load(origin, old);

	if (!compare_exchange_acq_rel(place, &old, old | step->bytes))
		return false;
	if (what && what != part.what)
		origin_store(origin,
			     origin_join(step->detector, what, part.slot, shadow_bytes(old), &part),
			     old);
	return true;
}

static bool replace(struct race_step *step, uint64_t *place, uint32_t *origin, uint64_t old)
{
	if (!compare_exchange_acq_rel(place, &old, step->mine))
		return false;
	origin_store(origin, my_origin(step), step->mine);
	return true;
}

/* Members of the set with this access, in the order of slots; those before it are
 * left out.  0: it is better made into cells. */
static uint32_t join_members(const struct race_step *step, const uint64_t *members, uint32_t count,
			     uint64_t *joined)
{
	uint64_t mine = step->mine & ~(uint64_t)SHADOW_ALL_BYTES;
	uint32_t joined_count = 0;
	bool is_in = false;
	bool is_again = false;

	if (count >= SET_MEMBERS)
		return 0;
	for (uint32_t i = 0; i < count; i++) {
		uint64_t member = members[i] & ~(uint64_t)SHADOW_ALL_BYTES;

		is_again |= shadow_slot(member) == step->thread->slot;
		if (is_ordered(step->thread, member))
			continue;
		if (!is_in && mine < member) {
			joined[joined_count++] = mine;
			is_in = true;
		}
		joined[joined_count++] = member;
	}
	if (!is_in)
		joined[joined_count++] = mine;
	return is_again && joined_count > 1 ? 0 : joined_count;
}

/* @old, read by others, was now read by this thread too. */
static bool join_readers(struct race_step *step, uint64_t *place, uint32_t *origin, uint64_t old,
			 const uint64_t *members, uint32_t count)
{
	struct origin_part part = {(uint16_t)step->thread->slot, (uint8_t)step->bytes,
				   my_origin(step)};
	origin_id what = origin_load(origin, old);
	uint64_t joined[SET_MEMBERS];
	uint32_t joined_count = join_members(step, members, count, joined);
	uint64_t word;

	if (joined_count == 0)
		return make_cells(step, place, old, what);
	if (joined_count == 1)
		return replace(step, place, origin, old);
	word = read_set_intern(step->detector, joined, joined_count, step->bytes);
	if (!word)
		return make_cells(step, place, old, what);
	if (!compare_exchange_acq_rel(place, &old, word))
		return false;
	origin_store(origin,
		     origin_join(step->detector, what, shadow_slot(old), shadow_bytes(old), &part),
		     word);
	if (step->bytes == SHADOW_ALL_BYTES)
		*step->thread->shared = word;
	return true;
}

static bool put_into_set(struct race_step *step, uint64_t *place, uint32_t *origin, uint64_t old)
{
	const struct read_set *set = read_set_of(step->detector, old);
	bool is_member;

	if (!set)
		return replace(step, place, origin, old);
	is_member = read_set_epoch(set, step->thread->slot) == shadow_epoch(step->mine);
	if (is_member && (shadow_bytes(old) & step->bytes) == step->bytes) {
		if (shadow_bytes(old) == SHADOW_ALL_BYTES)
			*step->thread->shared = old;
		return true;
	}
	if (shadow_bytes(old) != step->bytes)
		return make_cells(step, place, old, origin_load(origin, old));
	return join_readers(step, place, origin, old, set->members, set->count);
}

/* Puts this access into a word that is not its own epoch's.  False: try again. */
static bool put_over(struct race_step *step, uint64_t *place, uint32_t *origin, uint64_t old)
{
	uint32_t old_bytes = shadow_bytes(old);

	if (!step->is_write && !is_ordered(step->thread, old)) {
		if (old_bytes == step->bytes)
			return join_readers(step, place, origin, old, &old, 1);
		return make_cells(step, place, old, origin_load(origin, old));
	}
	if (old_bytes & ~step->bytes && shadow_form(old) == SHADOW_PLAIN)
		return make_cells(step, place, old, origin_load(origin, old));
	return replace(step, place, origin, old);
}

/*
 * Records the access in its plane; a write compares with what was there.  False:
 * the word has become another's meanwhile.
 */
static bool put(struct race_step *step, uint64_t *place, uint32_t *origin)
{
	uint64_t old = load_acquire(place);
	origin_id what;
	bool is_put;

	switch (shadow_form(old)) {
	case SHADOW_CELLS:
		return put_into_cells(step, place, origin);
	case SHADOW_SET:
		return put_into_set(step, place, origin, old);
	case SHADOW_PLAIN:
	case SHADOW_FREED:
		if (old == 0)
			return replace(step, place, origin, old);
		if (is_same_epoch(old, step->mine))
			return widen(step, place, origin, old);
		what = origin_load(origin, old);
		is_put = put_over(step, place, origin, old);
		if (is_put && step->is_write)
			compare(step, old, what, true);
		return is_put;
	case SHADOW_ATOMIC:
	default:
		return false;
	}
}

/* --- The other plane ------------------------------------------------------- */

static void compare_set(struct race_step *step, uint64_t word, origin_id what)
{
	const struct read_set *set = read_set_of(step->detector, word);

	for (uint32_t i = 0; set && i < set->count; i++)
		compare(step, set->members[i] | shadow_bytes(word), what, false);
}

static void compare_plane(struct race_step *step, uint64_t *place, uint32_t *origin, bool is_write)
{
	uint64_t word = load_acquire(place);
	struct cells *cells;

	switch (shadow_form(word)) {
	case SHADOW_PLAIN:
	case SHADOW_FREED:
		if (word)
			compare(step, word, origin_load(origin, word), is_write);
		break;
	case SHADOW_SET:
		compare_set(step, word, origin_load(origin, word));
		break;
	case SHADOW_CELLS:
		cells = cells_lock(step->detector, place);
		if (cells) {
			compare_cells(step, cells, is_write);
			spin_unlock(&cells->busy);
		}
		break;
	case SHADOW_ATOMIC:
	default:
		break;
	}
}

/*
 * What others have read here is no more of use once it has been compared with
 * this write: a race with these reads and a later write is one with this write,
 * too.  Without it a reader would go on finding its own read, and not see the
 * write.
 */
static void forget_readers(const struct race_step *step, uint64_t *place)
{
	uint64_t word = load_acquire(place);

	if (word && shadow_form(word) != SHADOW_CELLS && shadow_form(word) != SHADOW_ATOMIC &&
	    !(shadow_bytes(word) & ~step->bytes) && !is_same_epoch(word, step->mine))
		compare_exchange_acq_rel(place, &word, 0);
}

/* --- A granule ------------------------------------------------------------- */

#define TRIES 64u /* against others that change the same word */

static bool is_covered(uint64_t word, uint64_t mine)
{
	return is_same_epoch(word, mine) && !(shadow_bytes(mine) & ~shadow_bytes(word));
}

/* Where the step's bytes have their shadow; false: nothing is left to judge. */
static bool find_shadow(struct race_step *step, struct shadow *shadow)
{
	uint64_t word = load_acquire(shadow->write);

	if (LIKELY(shadow_form(word) != SHADOW_ATOMIC))
		return true;
	step->bytes = atomic_access(step->detector, step->thread, step->access, step->bytes, word,
				    shadow);
	step->mine = (step->mine & ~(uint64_t)SHADOW_ALL_BYTES) | step->bytes;
	return step->bytes != 0;
}


static struct cell last_write(struct detector *detector, struct shadow shadow, uint32_t bytes)
{
	uint64_t word = load_acquire(shadow.write);
	struct cell found = {0, 0};
	struct cells *cells;

	bytes &= -bytes;
	if (shadow_form(word) == SHADOW_PLAIN && shadow_bytes(word) & bytes)
		return (struct cell){race_base(word), origin_part_of(detector, origin_load(&shadow.origins->write, word), shadow_slot(word), bytes)};
	if (shadow_form(word) != SHADOW_CELLS)
		return found;
	cells = cells_lock(detector, shadow.write);
	for (uint32_t i = 0; cells && i < cells->count; i++)
		if (shadow_bytes(cells->cells[i].word) & bytes)
			found = (struct cell){race_base(cells->cells[i].word), origin_part_of(detector, cells->cells[i].what, shadow_slot(cells->cells[i].word), bytes)};
	if (cells)
		spin_unlock(&cells->busy);
	return found;
}

/* What is ordered with all that was there before may still rest on a stale read,
 * or be what makes another's read stale. */
static void note_update(struct race_step *step, const struct access *access)
{
	struct shadow shadow = shadow_of(access->address);
	uint32_t bytes = SHADOW_ALL_BYTES << access->address % SHADOW_GRANULE & SHADOW_ALL_BYTES;
	const struct basis *basis;
	struct cell last;

	if (shadow_form(load_relaxed(shadow.write)) == SHADOW_ATOMIC)
		return;
	last = last_write(step->detector, shadow, bytes);
	basis = access->flags & SITE_WRITE ? update_write(step, access, &last)
					   : update_read(step, access, &last);
	if (access->site == step->access->site)
		step->basis = basis;
}

/* Part of @access, made by @site, which shares the check. */
static struct access part_of(const struct access *access, const struct site *site, site_id id)
{
	struct access part = *access;
	uint32_t shift = site->member_offset * 8u;

	part.address += site->member_offset;
	part.size_bytes = site->size_bytes;
	part.site = id;
	if (shift < 64 && site->size_bytes < 8)
		part.value = part.value >> shift & ((1ull << site->size_bytes * 8u) - 1);
	return part;
}

/* Does @member's read say more than the whole check, whose flags are @flags? */
static bool is_of_its_own(uint32_t flags, const struct site *member)
{
	bool is_basis = member->slice && member->flags & (SITE_BASIS | SITE_DECIDES);

	return member->flags & SITE_WRITE ||
	       (is_basis && (member->member_offset || !(flags & SITE_WRITE)));
}

/* The sites that share a check are accesses of their own. */
static void note_updates(struct race_step *step, const struct site *site)
{
	const struct access *access = step->access;
	struct access part;

	if (access->size_bytes > SHADOW_GRANULE)
		return;
	if (LIKELY(!site || !site->next_member)) {
		note_update(step, access);
		return;
	}
	part = part_of(access, site, access->site);
	note_update(step, &part);
	for (site_id id = site->next_member; id; id = site->next_member) {
		site = site_get(&step->detector->sites, id);
		if (!is_of_its_own(access->flags, site))
			continue;
		part = part_of(access, site, id);
		part.flags = site->flags;
		note_update(step, &part);
	}
}

static void check_granule(struct race_step *step)
{
	struct shadow shadow = shadow_of(step->granule);
	uint64_t *place;
	uint32_t *origin;

	for (uint32_t tries = 0; tries < TRIES; tries++) {
		shadow = shadow_of(step->granule);
		if (!find_shadow(step, &shadow))
			return;
		place = step->is_write ? shadow.write : shadow.read;
		origin = step->is_write ? &shadow.origins->write : &shadow.origins->read;
		if (is_covered(load_acquire(place), step->mine) && !step->access->is_recorded)
			return;
		if (!put(step, place, origin))
			continue;
		if (step->is_write) {
			compare_plane(step, shadow.read, &shadow.origins->read, false);
			forget_readers(step, shadow.read);
		} else {
			compare_plane(step, shadow.write, &shadow.origins->write, true);
		}
		if (UNLIKELY(step->has_conflict)) {
			step->has_conflict = false;
			step->is_told = true;
			race_judge(step);
		}
		return;
	}
	detector_count(step->detector, LOST_ACCESSES);
}

/* --- An access ------------------------------------------------------------- */

static inline uint32_t bytes_in(uintptr_t granule, uintptr_t start, uintptr_t end)
{
	uint32_t first = start > granule ? (uint32_t)(start - granule) : 0;
	uint32_t last = end < granule + SHADOW_GRANULE ? (uint32_t)(end - granule) : SHADOW_GRANULE;

	return (SHADOW_ALL_BYTES << first & SHADOW_ALL_BYTES) &
	       SHADOW_ALL_BYTES >> (SHADOW_GRANULE - last);
}

void access_check(struct detector *detector, struct thread *thread, const struct access *access)
{
	uintptr_t end = access->address + access->size_bytes;
	uintptr_t granule = access->address & ~(uintptr_t)(SHADOW_GRANULE - 1);
	struct race_step step = {
		.detector = detector,
		.thread = thread,
		.access = access,
		.is_write = access->flags & SITE_WRITE,
	};

	if (UNLIKELY(thread->pending_atomic))
		atomic_catch_up(detector, thread);
	if (UNLIKELY(!access->size_bytes || !shadow_covers(access->address) ||
		     !shadow_covers(end - 1))) {
		detector_count(detector, LOST_SHADOW);
		return;
	}
	thread_record(detector, thread);
	if (UNLIKELY(*thread->current == SHADOW_NO_EPOCH)) {
		detector_count(detector, LOST_ACCESSES);
		return;
	}
	if (!access->is_recorded) {
		const struct site *site = site_get(&detector->sites, access->site);
		if (update_concerns(detector, thread, site))
			note_updates(&step, site);
	}
	for (; granule < end; granule += SHADOW_GRANULE) {
		step.granule = granule;
		step.bytes = bytes_in(granule, access->address, end);
		step.mine = (*thread->current & ~(uint64_t)SHADOW_ALL_BYTES) | step.bytes;
		check_granule(&step);
	}
}

void access_memory_begins(struct detector *detector, struct thread *thread, uintptr_t start,
			  size_t size_bytes)
{
	(void)thread;
	update_life_changes(detector, start, size_bytes);
	shadow_clear(start, size_bytes);
}

#define MARK_ALWAYS 1024u /* bytes of a block whose end is noted even where untouched */

/* The end of a granule's life is compared like a write. */
static void free_granule(struct race_step *step, bool marks)
{
	struct shadow shadow = shadow_of(step->granule);
	uint64_t freed = step->mine | (uint64_t)SHADOW_FREED << SHADOW_FORM_SHIFT;

	if (!marks && !load_relaxed(shadow.write) && !load_relaxed(shadow.read))
		return;
	compare_plane(step, shadow.write, &shadow.origins->write, true);
	compare_plane(step, shadow.read, &shadow.origins->read, false);
	store_release(shadow.write, freed);
	store_release(shadow.read, 0);
	origin_store(&shadow.origins->write, my_origin(step), freed);
	if (UNLIKELY(step->has_conflict)) {
		step->has_conflict = false;
		step->is_told = true;
		race_judge(step);
	}
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
	};

	if (!access->size_bytes || !shadow_covers(access->address) || !shadow_covers(end - 1))
		return;
	if (thread->pending_atomic)
		atomic_catch_up(detector, thread);
	thread_record(detector, thread);
	if (*thread->current == SHADOW_NO_EPOCH)
		return;
	update_life_changes(detector, access->address, access->size_bytes);
	for (; granule < end; granule += SHADOW_GRANULE) {
		step.granule = granule;
		step.bytes = SHADOW_ALL_BYTES;
		step.mine = *thread->current;
		free_granule(&step, granule - access->address < MARK_ALWAYS);
	}
}
