#include "detect/race/updates/update.h"

#include "detect/base/thread.h"
#include "detect/predicate/predicate.h"
#include "detect/race/record_fast.h"
#include "detect/race/race.h"

#define VECTOR_BYTES 16u

/* --- Reads ----------------------------------------------------------------- */

/* Without a lock only what is part of a race matters: the first accesses of a site,
 * and those of one that was part of a race, are kept for what they read. */
static bool may_race(const struct detector *detector, const struct site *site, uint32_t flags)
{
	/* relaxed: a hint */
	return flags & SITE_MAY_BE_STALE &&
	       (load_relaxed(&site->suspect_count) || origin_has_first(detector, site));
}

/* Can a load be both: the first half of an update, and an acquire that waits?  A vector is
 * no atomic access, so its race orders nothing. */
static bool may_acquire(uint32_t flags)
{
	return flags & SITE_MAY_BE_STALE && flags & SITE_PLAIN_MOVE;
}

/* @access reads; @last is the last write before.  Returns the stale read that it is, if
 * it races with @last. */
static const struct stale_read *note_read(struct race_step *step, const struct access *access,
					  const struct cell *last)
{
	const struct site *site = site_get(&step->detector->sites, access->site);
	struct thread *thread = step->thread;
	bool is_raced = last->word && !(access->flags & SITE_SPIN) &&
			!race_is_ordered(thread, last->word) &&
			!pending_release_acquire_silent(step, last->word);
	uint32_t update_group = update_group_of(step->detector, access, site);
	const struct stale_read *stale;

	if (thread->accesses.stale_read_count)
		stale_reads_renew(thread, access, update_group);
	if (access->flags & SITE_AWAITS && thread->held.count && stale_reads_make(thread))
		predicate_read(thread, access, update_group, race_origin(step));
	if (!update_group || !(access->flags & (SITE_MAY_BE_STALE | SITE_DECIDES)))
		return NULL;
	is_raced = is_raced && may_acquire(access->flags);
	if (!(thread->held.count && access->flags & SITE_MAY_BE_SPLIT) && !is_raced &&
	    !may_race(step->detector, site, access->flags))
		return NULL;
	stale = stale_read_add(step, access, last, is_raced);
	return is_raced ? stale : NULL;
}

const struct stale_read *update_meet(struct race_step *step)
{
	struct thread *thread = step->thread;
	const struct site *site = site_get(&step->detector->sites, step->site);
	struct cell last = {race_base(step->other), step->other_origin};

	if (!site || !may_acquire(site->flags) || site->flags & SITE_SPIN)
		return NULL;
	EACH_STALE_READ(i, thread) {
		struct stale_read *stale = &thread->accesses.stale_reads[i];

		if (!stale_read_overlaps(stale, step->granule, SHADOW_GRANULE) ||
		    stale->site != step->site || stale->decides || stale->is_raced)
			continue;
		stale->is_raced = true;
		stale->last = last;
		stale->known = vclock_get(&thread->clocks.hand_over, shadow_slot(last.word));
		return stale;
	}
	return NULL;
}

/* --- Writes ---------------------------------------------------------------- */

/* False if the value there is known to differ from the one that was read. */
static bool may_be_equal(const struct stale_read *stale, const struct access *access)
{
	return stale->has_value && access->has_value && !stale_read_is_overwritten(stale, access);
}

/* Is the access with @origin, an accessor's, part of what its caller updates?  If the caller is not
 * known, those of the site's next accesses are kept. */
static bool is_update_of_caller(struct detector *detector, origin_id origin)
{
	const struct stack *stack =
		stack_depot_get(&detector->stacks, origin_stack(detector, origin));
	const struct site *call;

	if (!stack || stack->frame_count < 2) {
		site_suspect(&detector->sites, origin_site(detector, origin));
		return false;
	}
	call = site_get(&detector->sites,
			site_find_call(&detector->sites, stack_frame(stack, 1)));
	return call && call->flags & SITE_UPDATE;
}

static bool is_update(struct detector *detector, const struct cell *write)
{
	const struct site *site = site_get(&detector->sites, origin_site(detector, write->origin));

	return site && (site->flags & SITE_UPDATE ||
			(site->return_at && is_update_of_caller(detector, write->origin)));
}

/* The read was in a race with a write: of another update, both are one finding;
 * else the read was not the first half of anything. */
static void settle_race(struct race_step *step, const struct access *access,
			struct stale_read *stale)
{
	if (!stale->is_raced)
		return;
	if (!is_update(step->detector, &stale->last))
		stale_read_acquire(step->detector, step->thread, stale);
	else if (stale->has_acquired)
		race_lost_update(step, access, stale);
}

/* @access, which comes after the write @last, rests on @stale. */
static void check_stale(struct race_step *step, const struct access *access,
			struct stale_read *stale, const struct cell *last)
{
	bool is_others = last->word && shadow_slot(last->word) != step->thread->slot;

	settle_race(step, access, stale);
	if (!stale->is_split || !stale_read_is_under_same_lock(step->thread, stale) ||
	    (last->word && !race_is_ordered(step->thread, last->word)))
		return;
	if (!is_others || last->word == stale->last.word) {
		/* Who acts on one value alone, as on its turn, may keep out all who act on
		 * others. */
		if (access->flags & SITE_UPDATE && !(stale->decides && stale->matches))
			update_note_split(step, access, stale);
	} else if (!may_be_equal(stale, access)) {
		update_report_seen(step, access, stale, last);
	}
}

/* Whether the stale read has decided that the store is made, and not its value. */
static bool concerns_decision(const struct stale_read *stale, const struct access *access)
{
	return stale->decides && !(access->flags & (SITE_DECIDES | SITE_CONSTANT));
}

/* The stale read of the update group that @access writes from: of its value, or of its
 * decision. */
static struct stale_read *find_stale(struct thread *thread, const struct access *access,
				     uint32_t update_group, bool decides)
{
	EACH_STALE_READ(i, thread) {
		struct stale_read *stale = &thread->accesses.stale_reads[i];

		if (stale->address == access->address && stale->update_group == update_group &&
		    stale->decides == decides && !load_relaxed(&stale->is_over))
			return stale;
	}
	return NULL;
}

/* @access writes, after @last.  Returns the stale read that the value rests on. */
static const struct stale_read *note_write(struct race_step *step, const struct access *access,
					   const struct cell *last)
{
	const struct site *site = site_get(&step->detector->sites, access->site);
	struct thread *thread = step->thread;
	uint32_t update_group = thread->accesses.stale_read_count
					? update_group_of(step->detector, access, site)
					: 0;
	struct stale_read *value = NULL;
	struct stale_read *decision;

	/* Before its own split takes the place.  acquire: pairs with update_note_split(). */
	if (load_acquire(&step->detector->split_count) && access->flags & SITE_UPDATE &&
	    (!last->word || race_is_ordered(thread, last->word)))
		update_check_splits(step, access);
	/* A write that reads again, as or just before it writes, has no older value. */
	if (update_group && !(access->flags & SITE_READ))
		value = find_stale(thread, access, update_group, false);
	if (value)
		check_stale(step, access, value, last);
	decision = update_group ? find_stale(thread, access, update_group, true) : NULL;
	if (decision && concerns_decision(decision, access) && !(value && value->is_split))
		check_stale(step, access, decision, last);
	if (value) {
		thread->accesses.stale_reads[STALE_READS_KEPT] = *value;
		value = &thread->accesses.stale_reads[STALE_READS_KEPT];
	}
	stale_reads_overwrite(thread, access->address, access->size_bytes);
	return value;
}

/* --- Atomics ---------------------------------------------------------------- */

/*
 * @access, a store to atomic bytes after the write @last, rests on @stale.  A write between
 * the two is lost.  A write before the load that is unordered with it could have come in
 * between.  But if the thread's branch depends on the value that it loaded, it may have
 * waited for that write.
 */
static void check_atomic(struct race_step *step, const struct access *access,
			 struct stale_read *stale, const struct cell *last)
{
	bool is_between = last->word && last->word != stale->last.word &&
			  shadow_slot(last->word) != step->thread->slot;

	if (is_between && stale->is_examined && !stale->is_settled)
		return;
	if (is_between)
		stale->last = *last;
	if ((is_between ? !may_be_equal(stale, access) : stale->is_raced) &&
	    is_update(step->detector, &stale->last))
		race_lost_update(step, access, stale);
}

static void note_atomic_write(struct race_step *step, const struct access *access,
			      const struct cell *last)
{
	const struct site *site = site_get(&step->detector->sites, access->site);
	uint32_t update_group = update_group_of(step->detector, access, site);
	struct stale_read *stale = NULL;

	if (update_group && access->flags & SITE_UPDATE)
		stale = find_stale(step->thread, access, update_group, false);
	if (stale)
		check_atomic(step, access, stale, last);
	stale_reads_overwrite(step->thread, access->address, access->size_bytes);
}

static void note_atomic_read(struct race_step *step, const struct access *access,
			     const struct cell *last)
{
	const struct site *site = site_get(&step->detector->sites, access->site);
	bool is_examined = access->flags & SITE_DECIDES;
	bool is_raced = last->word && shadow_slot(last->word) != step->thread->slot &&
			!race_is_ordered(step->thread, last->word);
	uint32_t update_group = update_group_of(step->detector, access, site);

	stale_reads_renew(step->thread, access, update_group);
	if (update_group && access->flags & SITE_MAY_BE_STALE)
		stale_read_add(step, access, last, is_raced && !is_examined);
}

static void note_atomic(struct race_step *step, const struct access *access,
			const struct cell *last)
{
	if (access->flags & SITE_WRITE)
		note_atomic_write(step, access, last);
	else
		note_atomic_read(step, access, last);
}

void update_note_locked(struct race_step *step, struct cell last)
{
	note_atomic_write(step, step->access, &last);
}

/* --- Accesses, before they are recorded ------------------------------------- */

/* The last write of the first of @bytes, without bytes; none has word 0. */
static struct cell last_write(struct detector *detector, struct race_place place, uint32_t bytes)
{
	struct cell_list list;

	if (!race_lay_out(place, cells_load(detector, place.word), &list))
		return (struct cell){0, 0};
	for (uint32_t i = 0; i < list.count; i++) {
		struct cell *cell = &list.cells[i];

		if (!(shadow_bytes(cell->word) & (bytes & -bytes)) ||
		    shadow_form(cell->word) != SHADOW_PLAIN)
			continue;
		return (struct cell){race_base(cell->word),
				     origin_part_at(detector, cell->origin, shadow_slot(cell->word),
						    bytes & -bytes)
					     .origin};
	}
	return (struct cell){0, 0};
}

/* @access is to the word that a wait was made for. */
static void note_predicate(struct race_step *step, const struct access *access)
{
	struct detector *detector = step->detector;
	struct thread *thread = step->thread;
	uint32_t update_group = update_group_of(detector, access,
						site_get(&detector->sites, access->site));

	if (predicate_meet(thread, access, update_group))
		predicate_report(detector, thread, access);
}

/* An access that is ordered with all earlier ones may still have a stale value, or make
 * another thread's read stale. */
static void note_access(struct race_step *step, const struct access *access)
{
	uintptr_t granule = access->address & ~(uintptr_t)(SHADOW_GRANULE - 1);
	struct shadow shadow = shadow_of(granule);
	uint64_t word = load_acquire(shadow.write);
	uint32_t bytes =
		race_bytes_in(granule, access->address, access->address + access->size_bytes);
	const struct stale_read *stale;
	struct cell last;

	if (UNLIKELY(predicate_touches(step->thread, access->address, access->size_bytes)))
		note_predicate(step, access);
	if (shadow_form(word) == SHADOW_ATOMIC &&
	    !atomic_find_rest(step->detector, word, bytes, &shadow)) {
		last = atomic_last_write(step->detector, step->thread, word, bytes);
		note_atomic(step, access, &last);
		return;
	}
	last = last_write(step->detector, race_place(shadow, granule, true), bytes);
	stale = access->flags & SITE_WRITE ? note_write(step, access, &last)
					   : note_read(step, access, &last);
	if (access->site == step->access->site)
		step->stale = stale;
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

/* Whether @member's read has to be noted by itself: @flags are the whole check's. */
static bool is_of_its_own(uint32_t flags, const struct site *member)
{
	bool may_be_stale =
		member->update_group && member->flags & (SITE_MAY_BE_STALE | SITE_DECIDES);

	return member->flags & SITE_WRITE ||
	       (may_be_stale && (member->member_offset || !(flags & SITE_WRITE)));
}

/* @size_bytes of the two words of @access, from @address on. */
static struct access piece_of(const struct access *access, uintptr_t address, uint32_t size_bytes)
{
	struct access piece = *access;
	uintptr_t offset = address - access->address;

	piece.address = address;
	piece.size_bytes = size_bytes;
	piece.value = (offset < 8 ? access->value : access->upper) >> offset % 8 * 8;
	if (size_bytes < 8)
		piece.value &= (1ull << size_bytes * 8) - 1;
	return piece;
}

/* A vector of two words: each is an access of its own, as is what was read of one before. */
static void note_vector(struct race_step *step)
{
	const struct access *access = step->access;
	const struct stale_read *reads = step->thread->accesses.stale_reads;
	struct access piece;

	EACH_STALE_READ(i, step->thread) {
		uintptr_t address = load_relaxed(&reads[i].address); /* relaxed: the thread's own */

		if (address - access->address >= access->size_bytes ||
		    address % 8 + reads[i].size_bytes > 8 || reads[i].size_bytes == 8 ||
		    !(access->flags & SITE_WRITE))
			continue;
		piece = piece_of(access, address, reads[i].size_bytes);
		note_access(step, &piece);
	}
	for (uintptr_t offset = 0; offset < access->size_bytes; offset += 8) {
		piece = piece_of(access, access->address + offset, 8);
		note_access(step, &piece);
	}
	step->stale = NULL;
}

void update_note_access(struct race_step *step, const struct site *site)
{
	const struct access *access = step->access;
	struct access part;

	if (access->size_bytes == VECTOR_BYTES && access->address % 8 == 0 && access->has_value &&
	    site && !site->next_member)
		note_vector(step);
	if (access->size_bytes > SHADOW_GRANULE)
		return;
	if (LIKELY(!site || !site->next_member)) {
		note_access(step, access);
		return;
	}
	/* The sites that share a check are accesses of their own. */
	part = part_of(access, site, access->site);
	note_access(step, &part);
	for (site_id id = site->next_member; id; id = site->next_member) {
		site = site_get(&step->detector->sites, id);
		if (!site)
			return;
		if (!is_of_its_own(access->flags, site))
			continue;
		part = part_of(access, site, id);
		part.flags = site->flags;
		note_access(step, &part);
	}
}

void update_life_changes(struct detector *detector, uintptr_t start, size_t size_bytes)
{
	/* relaxed: a hint. */
	if (UNLIKELY(load_relaxed(&detector->split_count)))
		update_forget_splits(detector, start, start + size_bytes);
	stale_reads_life_changes(detector, start, size_bytes);
}
