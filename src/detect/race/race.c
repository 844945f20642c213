#include "detect/race/race.h"

#include "detect/base/thread.h"
#include "detect/race/record_fast.h"
#include "detect/race/atomics/asleep.h"
#include "detect/shadow/claim.h"
#include "detect/shadow/read_lines.h"
#include "detect/shadow/read_set.h"
#include "detect/shadow/summary.h"
#include "detect/race/updates/update.h"

static bool is_covered(uint64_t word, uint64_t mine)
{
	return shadow_is_same_epoch(word, mine) && !(shadow_bytes(mine) & ~shadow_bytes(word));
}

static bool is_simple(uint64_t word)
{
	return shadow_form(word) == SHADOW_PLAIN || shadow_form(word) == SHADOW_FREED;
}

/* --- The access's own plane ------------------------------------------------- */

/* Adds bytes of the same epoch.  Their origin comes first: who sees the bytes must
 * not take them for those of an earlier access. */
static bool widen_word(struct race_step *step, struct race_place place, uint64_t old)
{
	struct origin_part part = {(uint16_t)step->thread->slot,
				   (uint8_t)(step->bytes & ~shadow_bytes(old)), race_origin(step)};
	origin_id origin;

	if (!race_find_origin(place, old, &origin))
		return false;
	if (origin != part.origin && part.bytes) {
		uint32_t expected = origin_tagged(origin, old);

		origin = origin_join(step->detector, step->thread, origin, part.slot,
				     shadow_bytes(old), &part);
		if (!compare_exchange_acq_rel(place.origin, &expected, origin_tagged(origin, old)))
			return false;
	}
	return claim_exchange(step->detector, place.word, &old, old | step->bytes);
}

static bool replace_word(struct race_step *step, struct race_place place, uint64_t old)
{
	/* Who meets the word before its origin is there does not know the place: so
	 * finding the stack comes first. */
	origin_id mine = race_origin(step);

	if (!race_exchange(step->detector, place, &old, step->mine, mine))
		return false;
	origin_put(place.origin, place.word, mine, step->mine);
	if (!place.is_write)
		summary_revoke(place.granule);
	return true;
}

static bool put_among_others(struct race_step *step, struct race_place place, uint64_t old)
{
	struct cell_list list;

	if (!race_lay_out(place, old, &list) ||
	    !race_put_among(step, place, old, &list))
		return false;
	if (place.is_write)
		race_compare_list(step, &list, true);
	return true;
}

static bool put_write(struct race_step *step, struct race_place place, uint64_t old)
{
	origin_id origin = 0;

	if (shadow_is_same_epoch(old, step->mine))
		return widen_word(step, place, old);
	if (!is_simple(old) || shadow_bytes(old) & ~step->bytes)
		return put_among_others(step, place, old);
	if (race_is_conflict(step, old) && !race_find_origin(place, old, &origin))
		return false;
	if (!replace_word(step, place, old))
		return false;
	if (old)
		race_compare_word(step, old, origin, true);
	return true;
}

static bool put_line(struct race_step *step, struct race_place place, uint64_t old)
{
	if (!read_line_has(old, step->mine, step->bytes) &&
	    !read_line_note(step->detector, place.word, old, step->mine, step->bytes,
			    race_origin(step))) {
		race_settle(step->detector, step->thread, place);
		return false;
	}
	*step->thread->clocks.shared = read_line_shared(old, step->mine);
	return true;
}

/* The thread makes new sets for this granule all the time: from now on its readers have lines. */
static void make_lines(struct race_step *step, struct race_place place)
{
	uint64_t old = cells_load(step->detector, place.word);
	struct cell_list before;

	if (old && shadow_form(old) != SHADOW_ATOMIC && !read_lines_are(old) &&
	    race_lay_out(place, old, &before) &&
	    read_lines_make(step->detector, step->thread, place.word, place.granule, old, &before))
		summary_revoke(place.granule);
}

/* @old, read by others, was now read by this thread too; both have the same
 * bytes. */
static bool join_readers(struct race_step *step, struct race_place place, uint64_t old)
{
	struct origin_part part = {(uint16_t)step->thread->slot, (uint8_t)step->bytes, 0};
	uint64_t joined = read_set_join(step->detector, step->thread, old);
	uint64_t word = joined | step->bytes;
	uint64_t expected = old;
	origin_id origin;

	if (joined == race_base(step->mine))
		return replace_word(step, place, old);
	/* A set is a value, whatever bytes its members have read. */
	*step->thread->clocks.shared = joined | SHADOW_ALL_BYTES;
	if (word == old)
		return true;
	part.origin = race_origin(step);
	if (!race_find_origin(place, old, &origin))
		return false;
	/* Before the word is: until the origin is there too, others wait for it. */
	origin = origin_join(step->detector, step->thread, origin, shadow_slot(old), step->bytes,
			     &part);
	if (!race_exchange(step->detector, place, &expected, word, origin))
		return false;
	origin_put(place.origin, place.word, origin, word);
	read_set_mark(step->detector, step->detector->read_sets, step->granule);
	if (step->bytes == SHADOW_ALL_BYTES)
		summary_note_join(step->granule, word);
	return true;
}

static bool join_or_put(struct race_step *step, struct race_place place, uint64_t old)
{
	uint32_t old_bytes = shadow_bytes(old);

	if (shadow_is_same_epoch(old, step->mine))
		return widen_word(step, place, old);
	if (old == 0 || (shadow_form(old) == SHADOW_PLAIN && !(old_bytes & ~step->bytes) &&
			 race_is_ordered(step->thread, old))) {
		if (UNLIKELY(record_may_wait(step->thread, place.granule, old)))
			pending_release_leave_known(step, place, old);
		return replace_word(step, place, old);
	}
	if (!cells_are(old) && old_bytes == step->bytes)
		return join_readers(step, place, old);
	/* A part of what this thread is known to have read. */
	if (shadow_form(old) == SHADOW_SET && !(step->bytes & ~old_bytes) &&
	    read_set_join(step->detector, step->thread, old) == race_base(old))
		return true;
	return put_among_others(step, place, old);
}

bool race_put_read(struct race_step *step, struct race_place place, uint64_t old)
{
	const struct shadow_cache *cache = step->thread->memory->shadow;
	uint32_t new_sets = cache->new_sets;

	if (read_lines_are(old))
		return put_line(step, place, old);
	if (!join_or_put(step, place, old))
		return false;
	if (UNLIKELY(cache->new_sets != new_sets) &&
	    read_lines_is_hot(step->detector, step->thread, place.granule))
		make_lines(step, place);
	return true;
}

/* --- A granule ------------------------------------------------------------- */

#define TRIES 1000u /* against others that change the same word */

/* Where the step's bytes have their shadow; false: nothing is left to classify. */
static bool find_shadow(struct race_step *step, struct shadow *shadow)
{
	uint64_t word = load_acquire(shadow->write);
	uint64_t read = load_acquire(shadow->read);

	if (UNLIKELY(shadow_form(read) == SHADOW_ASLEEP)) {
		if (atomic_pass_asleep(step->detector, step->thread, *shadow, read, step->bytes,
				       step->is_write, step->access->site) ||
		    !atomic_wake(step->detector, step->thread, read))
			return false;
		word = load_acquire(shadow->write);
	}
	if (LIKELY(shadow_form(word) != SHADOW_ATOMIC))
		return true;
	step->bytes = atomic_access(step, word, shadow);
	/* A store of the atomic bytes was a release. */
	memory_before_record(step->detector, step->thread);
	step->mine = race_base(*step->thread->clocks.current) | step->bytes;
	return step->bytes != 0;
}

/* Is there one of its own, of the present epoch, that covers the access? */
static bool is_known(const struct race_step *step, struct shadow shadow)
{
	struct race_place place = race_place(shadow, step->granule, step->is_write);
	uint64_t word = load_acquire(place.word);
	struct cell_list list;

	if (is_covered(word, step->mine))
		return true;
	if (read_lines_are(word))
		return read_line_has(word, step->mine, step->bytes);
	if (!cells_are(word))
		return false;
	if (!step->is_write && is_covered(load_acquire(shadow.write), step->mine))
		return true;
	if (!race_lay_out(place, word, &list))
		return false;
	for (uint32_t i = 0; i < list.count; i++)
		if (is_covered(list.cells[i].word, step->mine))
			return true;
	return false;
}

static void compare_other(struct race_step *step, struct shadow shadow)
{
	struct race_place place = race_place(shadow, step->granule, !step->is_write);
	uint64_t word = race_compare(step, place);

	if (step->is_write)
		race_forget_readers(step, place, word);
}

/*
 * Most granules of a long range: all of it, where one word says what was there, and that
 * comes before.  What is below runs will do, as in record_fast.h.  False: nothing was done.
 */
static bool record_quickly(struct race_step *step)
{
	struct shadow shadow = shadow_places(step->granule);
	struct race_place place = race_place(shadow, step->granule, step->is_write);
	uint64_t old = load_acquire(place.word);
	origin_id mine;

	if (step->bytes != SHADOW_ALL_BYTES || step->access->is_recorded)
		return false;
	if (old == step->mine)
		return true;
	if (shadow_is_same_epoch(old, step->mine) || !race_is_past(step->thread, old) ||
	    !race_is_past(step->thread, load_acquire(shadow.write)) ||
	    (!step->is_write && record_may_wait(step->thread, step->granule, old)))
		return false;
	mine = race_origin(step); /* takes a while: before the word is there */
	if (!race_exchange(step->detector, place, &old, step->mine, mine))
		return false;
	origin_store(place.origin, mine, step->mine);
	/* acquire, after the exchange: pairs with the other side's exchange and look. */
	if (step->is_write ? claim_ask(shadow.read) != 0
			   : !race_is_past(step->thread, claim_ask(shadow.write)))
		compare_other(step, shadow);
	return true;
}

/*
 * Has what the step has recorded beside an atomic become atomic meanwhile?  Who made it so looked
 * for the reads of others before, and told this one nothing; or the step's store is a release.
 */
static bool has_become_atomic(const struct race_step *step, struct shadow shadow)
{
	/* acquire, after the exchange: pairs with widen_location()'s change and look. */
	uint64_t word = load_acquire(shadow_places(step->granule).write);

	return shadow_form(word) == SHADOW_ATOMIC &&
	       !atomic_find_rest(step->detector, word, step->bytes, &shadow);
}

static void check_granule(struct race_step *step)
{
	if (record_quickly(step))
		return;
	for (uint32_t tries = 0; tries < TRIES; tries++) {
		struct shadow shadow = shadow_of(step->granule);
		struct race_place place;
		uint64_t old;

		if (!find_shadow(step, &shadow))
			return;
		/* Later on it may be known by this check only, which has not compared it. */
		if (!tries && !step->access->is_recorded && is_known(step, shadow))
			return;
		place = race_place(shadow, step->granule, step->is_write);
		old = cells_load(step->detector, place.word);
		if (shadow_form(old) == SHADOW_ATOMIC ||
		    !(step->is_write ? put_write(step, place, old)
				     : race_put_read(step, place, old)) ||
		    has_become_atomic(step, shadow))
			continue;
		compare_other(step, shadow);
		return;
	}
	detector_count(step->detector, LOST_ACCESSES);
}

/* The part @bytes of an access to the step's granule. */
static void check_part(struct race_step *step, uint32_t bytes)
{
	/* What was checked before may have held an atomic: a release. */
	memory_before_record(step->detector, step->thread);
	step->bytes = bytes;
	step->mine = race_base(*step->thread->clocks.current) | bytes;
	check_granule(step);
}

/* --- An access ------------------------------------------------------------- */

bool race_begin(struct detector *detector, struct thread *thread, const struct access *access)
{
	if (UNLIKELY(thread->accesses.acquires_due)) {
		/* Else record_fast() has looked. */
		if (access->callers == CALLERS_UNDECIDED)
			atomic_look(detector, thread);
		else
			atomic_catch_up(detector, thread);
	}
	if (UNLIKELY(!access->size_bytes || !shadow_covers(access->address) ||
		     !shadow_covers(access->address + access->size_bytes - 1))) {
		detector_count(detector, LOST_SHADOW);
		return false;
	}
	memory_before_record(detector, thread);
	if (UNLIKELY(*thread->clocks.current == SHADOW_NO_EPOCH)) {
		detector_count(detector, LOST_ACCESSES);
		return false;
	}
	return true;
}

/* Has the thread done the same in its present epoch? */
static inline bool is_repetition(const struct thread *thread, const struct access *access)
{
	uint32_t first = access->address % SHADOW_GRANULE;
	struct shadow shadow;
	uint64_t word;

	if (first + access->size_bytes > SHADOW_GRANULE || !shadow_covers(access->address) ||
	    access->is_recorded || !access->size_bytes)
		return false;
	/* A run goes over no word that another thread looks for. */
	shadow = shadow_places(access->address);
	word = load_acquire(access->flags & SITE_WRITE ? shadow.write : shadow.read);
	/* Without an epoch the thread's word is none that is in shadow memory. */
	return is_covered(word, race_base(*thread->clocks.current) |
					((1u << access->size_bytes) - 1) << first);
}

static bool keeps_callers(const struct detector *detector, struct thread *thread,
			  const struct access *access, struct site *site)
{
	enum access_callers callers = access->callers;

	if (!site)
		return true;
	if (callers == CALLERS_UNDECIDED)
		callers = origin_choose_callers(detector, thread, site);
	return callers != CALLERS_DROPPED;
}

/* Do accesses come before a store that @site shares a check with, and are checked later? */
static bool has_early(const struct detector *detector, const struct site *site)
{
	while (site && !(site->flags & SITE_EARLY))
		site = site_get(&detector->sites, site->next_member);
	return site != NULL;
}

void access_check(struct detector *detector, struct thread *thread, const struct access *access)
{
	uintptr_t end = access->address + access->size_bytes;
	uintptr_t granule = access->address & ~(uintptr_t)(SHADOW_GRANULE - 1);
	struct site *site = site_get(&detector->sites, access->site);
	struct race_step step = {
		.detector = detector,
		.thread = thread,
		.access = access,
		.is_write = access->flags & SITE_WRITE,
	};

	thread->accesses.examined_count++;
	if (site && site->flags & SITE_SILENT)
		memory_end_assumed_epoch(detector, thread);
	if (!thread->accesses.acquires_due && is_repetition(thread, access) &&
	    !update_concerns(detector, thread, site))
		return;
	if (!race_begin(detector, thread, access))
		return;
	if (site && site->flags & SITE_SPIN && !step.is_write)
		race_await(thread, granule, race_bytes_in(granule, access->address, end));
	step.keeps_callers = keeps_callers(detector, thread, access, site);
	step.has_released = ordering_ends_epoch(detector, thread, access, site);
	/* Who acquires what it stores must find recorded what came before.  relaxed: a hint */
	if (step.has_released ||
	    (step.is_write && !access->is_late &&
	     load_relaxed(&site_attention[access->site]) == SITE_ORDERING))
		memory_flush(detector, thread);
	if (UNLIKELY(update_concerns(detector, thread, site)) && !access->is_recorded) {
		step.granule = granule;
		step.bytes = race_bytes_in(granule, access->address, end);
		update_note_access(&step, site);
		thread->accesses.stale_under_way = step.is_write ? NULL : step.stale;
	}
	for (; granule < end; granule += SHADOW_GRANULE) {
		uint32_t bytes = race_bytes_in(granule, access->address, end);
		uint32_t before;

		step.granule = granule;
		step.bytes = bytes;
		before = step.is_write ? atomic_before_release(&step) : 0;
		if (UNLIKELY(before))
			check_part(&step, before);
		check_part(&step, bytes & ~before);
	}
	if (UNLIKELY(race_may_change_nothing(&step) || step.is_release)) {
		memory_flush(detector, thread);
		step.has_released = true;
	}
	if (UNLIKELY(step.has_released) && !has_early(detector, site) &&
	    thread->clocks.has_recorded)
		clock_end_epoch_after_first((struct clock_releaser){thread});
	if (!access->is_recorded)
		thread->accesses.stale_under_way = NULL;
}
