/*
 * What becomes of a pair of accesses that conflict: it is reported (verdict.h says as what), and
 * two plain moves, which may be atomic, order what follows.
 *
 * The thread that saw the other's value is taken to have acquired from it: if the location is an
 * atomic, that must not become an error.  A finding about accesses that this alone orders is held
 * back: it rests on the finding of the pair, and is dropped when the results are read if the pair
 * may be an atomic's.
 *
 * Some acquires wait (pending_release.c, update.h, atomic_location.h).  They are made before a
 * pair is called an error.
 *
 * In libraries that are watched for synchronisation only (SITE_SILENT) such an acquire is certain:
 * it rests on no finding.
 */
#include "detect/base/detector.h"
#include "detect/base/thread.h"
#include "detect/race/atomics/atomic_location.h"
#include "detect/race/memory.h"
#include "detect/race/verdict.h"
#include "detect/shadow/read_set.h"
#include "detect/race/updates/update.h"

/* --- Orders --------------------------------------------------------------- */

/* The step's write replaces a read that it races with, perhaps.  The read is remembered, to
 * be compared with the end of the memory's life. */
static void note_replaced(const struct race_step *step)
{
	struct thread_accesses *accesses = &step->thread->accesses;
	uint32_t at = 0;

	while (at < REPLACED_READS && accesses->replaced[at].granule != step->granule)
		at++;
	if (at == REPLACED_READS)
		at = accesses->replaced_turn++ % REPLACED_READS;
	accesses->replaced[at] = (struct replaced_read){
		step->granule, step->other, race_base(step->mine), step->other_origin};
}

/* The step's load acquires by the other's store, or its store releases to the other's load. */
static void note_ordering(struct race_step *step)
{
	struct cell store = {race_base(step->other) | step->shared_bytes, step->other_origin};

	if (step->is_write)
		ordering_note_own(step);
	else
		ordering_note(step->detector, step->thread, step->granule, &store);
}

/*
 * Two moves race, by finding @pair, and may be atomic ones.  Then the one that reads
 * acquires from the one that writes.  If the read may be the first half of an update
 * (step->stale), that waits: its store may make it a lost update instead.
 */
static void order_pair(struct race_step *step, const struct kind_of_access *mine,
		       const struct kind_of_access *other, uint32_t pair)
{
	note_ordering(step);
	if (!step->is_write && step->other_is_write) {
		if (step->stale) {
			stale_read_note_pair(step->thread, step->stale, pair);
		} else {
			/* Third threads may store there next, before the load is made. */
			race_await(step->thread, step->granule, step->shared_bytes);
			memory_assume_acquire(step->detector, step->thread, step->other, pair);
		}
	} else if (step->is_write && !step->other_is_write) {
		note_replaced(step);
		if (!(mine->is_update && other->may_be_stale && !other->spins))
			pending_release_leave(step, pair, false);
	}
}

/* Between silent modules there is nothing to tell, and none that knows of the other
 * by something else has learnt less from it. */
static void order_silently(struct race_step *step)
{
	if (step->is_write && !step->other_is_write)
		pending_release_leave(step, 0, true);
	else if (!step->is_write)
		memory_assume_acquire(step->detector, step->thread, step->other, 0);
}

/* --- Assumed order ---------------------------------------------------------- */

/*
 * The two accesses are ordered unless one of @pairs is an error.  So their finding is held
 * back until that is known.  Returns its number; 0: there is none.
 */
static uint32_t hold_back(struct race_step *step, const struct finding_pairs *pairs)
{
	struct kind_of_access mine = verdict_kind_of_mine(step);
	struct kind_of_access other = verdict_kind_of_other(step);
	struct race_verdict verdict = verdict_of_kinds(step, &mine, &other);

	verdict.rests_on = *pairs;
	if (mine.is_silent || other.is_silent || verdict.kind == FINDING_UNMARKED_SYNC ||
	    !memory_holds_back(step->detector, pairs))
		return 0;
	return race_report(step, &verdict);
}

static bool may_acquire(const struct race_step *step)
{
	return !step->is_write && step->other_is_write && verdict_kind_of_mine(step).is_move &&
	       verdict_kind_of_other(step).is_move;
}

static bool may_release(const struct race_step *step)
{
	return step->is_write && !step->other_is_write && verdict_kind_of_mine(step).is_move &&
	       verdict_kind_of_other(step).is_move;
}

/* If an assumed acquire alone orders the two, their finding is held back.  The step's read
 * may be an acquire, too; or the other's, if it was made after that of the step's thread. */
static void hold_back_assumed(struct race_step *step)
{
	const struct assumed_acquire *assumed = assumed_find(step->thread, step->other);
	uint32_t number;

	if (!assumed || race_is_certain_order(step->thread, step->other))
		return;
	number = hold_back(step, &assumed->pairs);
	if (!number)
		assumed_trust(step->thread, shadow_slot(step->other));
	else if (may_acquire(step))
		memory_assume_acquire(step->detector, step->thread, step->other, number);
	else if (may_release(step))
		pending_release_leave(step, number, false);
}

/*
 * A late access may have been released since it was made, by a plain move.  The reader of
 * that move is taken to know of the whole epoch, so its access may come after this one.
 */
static bool is_ordered_before(struct race_step *step)
{
	struct finding_pairs pairs;

	if (!step->access->is_late ||
	    !assumed_is_known(step->detector, step->thread, shadow_slot(step->other),
			      shadow_epoch(step->other), &pairs))
		return false;
	if (pairs.numbers[0])
		hold_back(step, &pairs);
	return true;
}

/* --- Pairs ------------------------------------------------------------------- */

/* Nothing orders the two, unless what is atomic does. */
static void report_pair(struct race_step *step, const struct kind_of_access *mine,
			const struct kind_of_access *other, const struct race_verdict *verdict)
{
	uint32_t number = 0;

	if (!mine->is_silent && !other->is_silent)
		number = race_report(step, verdict);
	/* A flag that a loop waits for orders what it guards, whether it is an atomic or not. */
	if (verdict->kind == FINDING_UNMARKED_SYNC)
		number = 0;
	if (mine->is_move && other->is_move && verdict->severity != SEVERITY_ERROR)
		order_pair(step, mine, other, number);
}

/*
 * The site of the thread's own read of what the step overwrites, if it may have been made
 * later than it was recorded and have seen another's store, which has left no pending release
 * as its thread had made an assumed acquire in the middle of the read's epoch.  0: none.
 */
static site_id find_own_read(const struct race_step *step)
{
	const struct thread *thread = step->thread;
	struct shadow shadow = shadow_of(step->granule);
	uint64_t read = load_acquire(shadow.read);
	uint64_t epoch = shadow_epoch(read);
	origin_id origin;
	site_id site;

	if (shadow_form(read) == SHADOW_PLAIN && shadow_slot(read) == thread->slot &&
	    shadow_bytes(read) & step->shared_bytes)
		site = race_has_origin(race_place(shadow, step->granule, false), read, &origin)
			       ? origin_site(step->detector, origin)
			       : 0;
	else
		site = pending_release_find_known(step, &epoch);
	/* relaxed: the store was seen, and with it what its thread had assumed. */
	return clock_is_recent(&thread->clocks, epoch) &&
			       load_relaxed(&thread->clocks.assumed_epoch) >= epoch
		       ? site
		       : 0;
}

/* Compares that read with the other's store. */
static bool is_ordered_by_own_read(const struct race_step *step)
{
	site_id id = step->is_write && step->other_is_write ? find_own_read(step) : 0;
	const struct site *site = site_get(&step->detector->sites, id);
	struct access access = {.address = step->granule, .site = id, .is_late = true};
	struct race_step own = *step;
	struct kind_of_access mine, other;
	struct race_verdict verdict;

	if (!site || !(site->flags & SITE_PLAIN_MOVE) || site->flags & SITE_MAY_BE_STALE)
		return false;
	access.flags = site->flags;
	access.address += (uint32_t)__builtin_ctz(step->shared_bytes);
	access.size_bytes = site->size_bytes;
	own.access = &access;
	own.bytes = own.shared_bytes;
	own.site = id;
	own.is_write = false;
	own.stale = NULL;
	mine = verdict_kind_of_mine(&own);
	other = verdict_kind_of_other(&own);
	verdict = verdict_of_kinds(&own, &mine, &other);
	report_pair(&own, &mine, &other, &verdict);
	return race_is_ordered(step->thread, step->other);
}

/* What ends a loop that waits is not what it looked at first. */
static bool is_look(const struct race_step *step)
{
	const struct site *site = site_get(&step->detector->sites, step->stale->site);

	return site && site->flags & SITE_SPIN;
}

static void classify_pair(struct race_step *step)
{
	struct kind_of_access mine = verdict_kind_of_mine(step);
	struct kind_of_access other = verdict_kind_of_other(step);
	struct race_verdict verdict = verdict_of_kinds(step, &mine, &other);
	/* What was overwritten after it was read is lost, whatever was learnt since. */
	bool is_lost = step->stale && step->is_write && verdict.kind == FINDING_LOST_UPDATE &&
		       !is_look(step) && !race_is_ordered(step->thread, step->other);

	if (mine.is_silent && mine.is_move && (other.is_silent || other.is_unknown)) {
		order_silently(step);
		return;
	}
	if (!is_lost && (race_is_ordered_late(step) || is_ordered_by_own_read(step))) {
		if (!step->is_write)
			stale_reads_order(step->thread, step->access);
		hold_back_assumed(step);
		if (may_acquire(step) || may_release(step))
			note_ordering(step);
		return;
	}
	report_pair(step, &mine, &other, &verdict);
}

void race_classify(struct race_step *step)
{
	if (is_ordered_before(step)) {
		/* Or it was a look at what the other thread stores again and again. */
		if (may_acquire(step))
			race_await(step->thread, step->granule, step->shared_bytes);
		return;
	}
	/* The write may have come after the read was noted. */
	if (!step->stale && !step->is_write && step->other_is_write &&
	    !race_is_ordered(step->thread, step->other))
		step->stale = update_meet(step);
	if (step->stale && !step->is_write && !step->access->is_late)
		step->thread->accesses.stale_under_way = step->stale;
	classify_pair(step);
}

struct race_step race_make_pair(const struct race_step *step, const struct access *access,
				  const struct cell *other)
{
	struct race_step pair = *step;

	pair.access = access;
	pair.is_write = true;
	pair.other_is_write = true;
	pair.other_is_freed = false;
	pair.other = other->word;
	pair.shared_bytes = shadow_bytes(other->word);
	pair.other_origin = other->origin;
	pair.site = access->site;
	pair.other_site = origin_site(step->detector, other->origin);
	return pair;
}

void race_lost_update(const struct race_step *step, const struct access *access,
		      const struct stale_read *stale)
{
	struct race_step pair = race_make_pair(step, access, &stale->last);
	uintptr_t granule = access->address & ~(uintptr_t)(SHADOW_GRANULE - 1);
	struct race_verdict verdict;

	pair.granule = granule;
	pair.shared_bytes = race_bytes_in(granule, access->address,
					  access->address + access->size_bytes);
	pair.other = race_base(pair.other) | pair.shared_bytes;
	pair.stale = stale;
	verdict = verdict_of_updates(&pair, verdict_kind_of_mine(&pair).is_examined);
	verdict = verdict_lower_if_doubted(step->detector, verdict);
	race_report(&pair, &verdict);
}
