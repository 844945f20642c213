/*
 * What a pair of unordered accesses is: RULES.md, 'Happens-before' and 'Lost
 * updates'.
 *
 * On x86 acquire loads and release stores are plain moves.  So two plain moves (a
 * store, and a load or store) are at most a warning, and the thread that saw the
 * other's value is taken to have acquired from it: if the location is an atomic, it
 * orders what follows, and that must not become an error.  A finding about accesses
 * that this alone orders is held back: it rests on the finding of the pair, and is
 * dropped when the results are read if the pair may be an atomic's.
 *
 * Some acquires wait (pending_release.c, update.h, atomic_location.h).  They are
 * made before a pair is called an error.
 *
 * In libraries that are watched for synchronisation only (SITE_SILENT) such an acquire
 * is certain: it rests on no finding.
 */
#include "detect/base/detector.h"
#include "detect/base/thread.h"
#include "detect/race/atomic_location.h"
#include "detect/race/record_fast.h"
#include "detect/race/race.h"
#include "detect/shadow/read_set.h"
#include "detect/race/update.h"

#define MOVE_BYTES 8u /* of an atomic one, at most */

/* --- Kinds of access ------------------------------------------------------- */

struct kind_of_access {
	bool is_write;
	bool is_update;
	bool is_examined; /* an update whose value was looked at before it was stored */
	bool is_move; /* may be an atomic access */
	bool spins;
	bool may_be_stale; /* a load that is as a rule followed by a store of what it makes */
	bool is_silent;
	bool is_hidden;
	bool is_of_descriptor;
	bool is_doubtful; /* a read that the source may not make */
	bool is_unknown;  /* where it was made */
};

/*
 * Can @bytes of a granule be what is left of aligned moves of @size_bytes?  Later accesses
 * may have replaced some of their bytes, and several moves may be classified together.
 * So only a whole move that is not aligned says no.
 */
static bool is_of_moves(uint32_t bytes, uint32_t size_bytes)
{
	uint32_t block = (1u << size_bytes) - 1;
	uint32_t first = bytes ? (uint32_t)__builtin_ctz(bytes) : 0;

	if (size_bytes == 0 || size_bytes > MOVE_BYTES || size_bytes & (size_bytes - 1))
		return false;
	return first % size_bytes == 0 || bytes != block << first;
}

/* Parts of what a check stands for are as they are; a whole access is known. */
static bool is_aligned(const struct access *access, size_t size_bytes)
{
	return access->size_bytes != size_bytes || access->address % size_bytes == 0;
}

static struct kind_of_access kind_of_mine(const struct race_step *step)
{
	const struct site *site = site_get(&step->detector->sites, step->site);
	uint32_t flags = site ? site->flags : step->access->flags;
	size_t size_bytes = site ? site->size_bytes : step->access->size_bytes;

	return (struct kind_of_access){
		.is_write = step->is_write,
		.is_update = flags & SITE_UPDATE,
		.is_examined = flags & SITE_EXAMINED,
		.is_move = flags & (SITE_PLAIN_MOVE | SITE_UPDATE) && !(flags & SITE_RANGE) &&
			   size_bytes <= MOVE_BYTES &&
			   is_of_moves(step->bytes, (uint32_t)size_bytes) &&
			   is_aligned(step->access, size_bytes),
		.spins = flags & SITE_SPIN,
		.may_be_stale = flags & SITE_MAY_BE_STALE && !step->is_write,
		.is_doubtful = flags & SITE_DOUBTFUL && !step->is_write,
		.is_silent = flags & SITE_SILENT,
		.is_hidden = flags & SITE_HIDDEN,
		.is_of_descriptor = flags & SITE_DESCRIPTOR,
	};
}

/* What is not known of the other is taken to be harmless. */
static struct kind_of_access kind_of_other(const struct race_step *step)
{
	const struct site *site = site_get(&step->detector->sites, step->other_site);
	uint32_t flags = site ? site->flags : SITE_PLAIN_MOVE;

	return (struct kind_of_access){
		.is_write = step->other_is_write,
		.is_update = flags & SITE_UPDATE && step->other_is_write,
		.is_move = flags & (SITE_PLAIN_MOVE | SITE_UPDATE) && !(flags & SITE_RANGE) &&
			   (!site || is_of_moves(shadow_bytes(step->other), site->size_bytes)) &&
			   !step->other_is_freed,
		.spins = flags & SITE_SPIN,
		.may_be_stale = flags & SITE_MAY_BE_STALE && !step->other_is_write,
		.is_doubtful = flags & SITE_DOUBTFUL && !step->other_is_write,
		.is_silent = flags & SITE_SILENT,
		.is_unknown = !site,
	};
}

/* --- Acquires -------------------------------------------------------------- */

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

/* From now on each store at the site of @id takes the place of reads that it meets, also of
 * those which it takes for known: pending_release_leave_known(). */
static void note_ordering(site_id id)
{
	store_relaxed(&site_attention[id], SITE_ORDERING); /* relaxed: a hint */
}

void race_await(struct thread *thread, uintptr_t granule, uint32_t bytes)
{
	/* The upper bits tell flags apart that lie lines apart, too. */
	uint32_t number = (uint32_t)(granule * 0x9e3779b97f4a7c15ull >> (64 - AWAITED_BITS));

	thread->accesses.awaited[number] =
		(struct awaited_place){granule, thread->clocks.recorded_epoch, bytes};
}

/*
 * Two moves race, by finding @pair, and may be atomic ones.  Then the one that reads
 * acquires from the one that writes.  If the read may be the first half of an update
 * (step->stale), that waits: its store may make it a lost update instead.
 */
static void order_pair(struct race_step *step, const struct kind_of_access *mine,
		       const struct kind_of_access *other, uint32_t pair)
{
	note_ordering(step->is_write ? step->access->site
				     : origin_site(step->detector, step->other_origin));
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

/*
 * May the thread's last look at @place have seen what others have stored there since?  What it
 * tells of may have taken some epochs since, if another thread has made an assumed acquire in the
 * middle of that epoch: else the store would have left a pending release.
 */
static bool may_be_seen(const struct thread *thread, const struct awaited_place *place)
{
	/* relaxed: as in find_own_read() */
	return clock_is_recent(&thread->clocks, place->epoch) ||
	       (load_relaxed(&thread->clocks.assumed_epoch) >= place->epoch &&
		pending_release_may_be_seen(thread, place->granule, place->bytes, place->epoch));
}

/*
 * The store that ended a loop may have come between the loop's last check and its load.
 * It has left no pending release if its thread had made an assumed acquire in the middle
 * of this epoch, as the reads then seemed ordered; nor if it was a locked instruction, the
 * first one there.  So the thread looks again at the places that its loops have waited for.
 */
static bool is_ordered_by_wait(struct race_step *step)
{
	struct thread *thread = step->thread;

	for (uint32_t i = 0; i < AWAITED_PLACES; i++) {
		const struct awaited_place *place = &thread->accesses.awaited[i];
		struct cell store;
		uint64_t word;

		if (!place->granule || !may_be_seen(thread, place))
			continue;
		word = load_acquire(shadow_of(place->granule).write);
		if (shadow_form(word) == SHADOW_ATOMIC && place->granule != step->granule)
			atomic_acquire_late(step->detector, thread, word);
		store = pending_release_find_store(step, place->granule, place->bytes);
		if (store.word && !race_is_ordered(thread, store.word))
			memory_assume_acquired(step->detector, thread, race_base(store.word), 0);
	}
	return race_is_ordered(thread, step->other);
}

/*
 * Makes the acquires of the thread that wait, as any of them may order the two: pending
 * releases that were left with it; loads that raced before (but a load that may still be
 * the first half of an update does not make the others acquire); loads of what has become
 * atomic since; stores that the other thread has pending.
 */
static bool is_ordered_late(struct race_step *step)
{
	struct detector *detector = step->detector;
	struct thread *thread = step->thread;

	if (pending_release_acquire(step) && !step->is_write)
		stale_reads_order(thread, step->access);
	if (thread->accesses.stale_read_count && (!step->stale || step->is_write))
		stale_reads_acquire(detector, thread);
	if (thread->accesses.has_pending && !step->access->is_late) {
		memory_flush(detector, thread);
		if (thread->accesses.acquires_due)
			atomic_catch_up(detector, thread);
	}
	if (pending_release_acquire_silent(step, step->other) ||
	    (!step->access->is_late &&
	     (memory_acquire_unseen(detector, thread, step->other, step->granule) ||
	      is_ordered_by_wait(step))))
		return true;
	/* What the other thread had pending may have been left with this one meanwhile. */
	pending_release_acquire(step);
	if (!step->access->is_late && !race_is_ordered(thread, step->other))
		assume_again(detector, memory_before_join(detector, thread));
	return race_is_ordered(thread, step->other);
}

/* --- The verdict ----------------------------------------------------------- */

/* What was not observed may have ordered the two; but a value that was overwritten is
 * lost in any order. */
static struct race_verdict lower_if_doubted(const struct detector *detector,
					    struct race_verdict verdict)
{
	/* relaxed: a finding made before it is set is as certain as it seemed. */
	if (!load_relaxed(&detector->has_unseen_order) || verdict.details & DETAIL_VALUE_SEEN)
		return verdict;
	if (verdict.severity > SEVERITY_WARNING)
		verdict.severity = SEVERITY_WARNING;
	verdict.details |= DETAIL_UNSEEN_ORDER;
	return verdict;
}

/*
 * Two updates.  Who has examined what it loaded may know that it stores what others store,
 * too, as where any of several threads moves an epoch on: an error only if one is plain.
 */
static struct race_verdict decide_update(const struct race_step *step, bool is_examined)
{
	struct race_verdict verdict = {.kind = FINDING_LOST_UPDATE, .severity = SEVERITY_ERROR};

	if (is_examined) {
		verdict.severity = SEVERITY_WARNING;
		verdict.details = DETAIL_EXAMINED;
	}
	if (step->stale && stale_read_is_overwritten(step->stale, step->access))
		verdict.details |= DETAIL_VALUE_SEEN;
	return verdict;
}

static struct race_verdict decide_verdict(const struct race_step *step,
					  const struct kind_of_access *mine,
					  const struct kind_of_access *other)
{
	struct race_verdict verdict = {.kind = FINDING_DATA_RACE, .severity = SEVERITY_ERROR};

	if (mine->is_of_descriptor) {
		verdict.kind = FINDING_DESCRIPTOR_RACE;
		verdict.severity = SEVERITY_WARNING;
	} else if (mine->is_hidden) {
		verdict.details = DETAIL_HIDDEN;
	} else if (step->other_is_freed || step->is_freeing) {
		verdict.details = DETAIL_FREED;
	} else if (mine->is_update && other->is_update) {
		verdict = decide_update(step, mine->is_examined);
	} else if (mine->is_move && other->is_move) {
		bool spins = (mine->spins && !mine->is_write) || (other->spins && !other->is_write);

		verdict.kind = spins ? FINDING_UNMARKED_SYNC : FINDING_DATA_RACE;
		verdict.severity = spins ? SEVERITY_NOTE : SEVERITY_WARNING;
		verdict.details = spins ? DETAIL_SPIN : DETAIL_MAY_BE_ATOMIC;
	} else if (mine->is_doubtful || other->is_doubtful) {
		verdict.details = DETAIL_DOUBTFUL;
	}
	return lower_if_doubted(step->detector, verdict);
}

struct race_verdict race_decide(const struct race_step *step)
{
	struct kind_of_access mine = kind_of_mine(step);
	struct kind_of_access other = kind_of_other(step);

	return decide_verdict(step, &mine, &other);
}

/* --- Assumed order ---------------------------------------------------------- */

/*
 * The two accesses are ordered unless one of @pairs is an error.  So their finding is held
 * back until that is known.  Returns its number; 0: there is none.
 */
static uint32_t hold_back(struct race_step *step, const struct finding_pairs *pairs)
{
	struct kind_of_access mine = kind_of_mine(step);
	struct kind_of_access other = kind_of_other(step);
	struct race_verdict verdict = decide_verdict(step, &mine, &other);

	verdict.rests_on = *pairs;
	if (mine.is_silent || other.is_silent || verdict.kind == FINDING_UNMARKED_SYNC ||
	    !memory_holds_back(step->detector, pairs))
		return 0;
	return race_report(step, &verdict);
}

static bool may_acquire(const struct race_step *step)
{
	return !step->is_write && step->other_is_write && kind_of_mine(step).is_move &&
	       kind_of_other(step).is_move;
}

static bool may_release(const struct race_step *step)
{
	return step->is_write && !step->other_is_write && kind_of_mine(step).is_move &&
	       kind_of_other(step).is_move;
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
	mine = kind_of_mine(&own);
	other = kind_of_other(&own);
	verdict = decide_verdict(&own, &mine, &other);
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
	struct kind_of_access mine = kind_of_mine(step);
	struct kind_of_access other = kind_of_other(step);
	struct race_verdict verdict = decide_verdict(step, &mine, &other);
	/* What was overwritten after it was read is lost, whatever was learnt since. */
	bool is_lost = step->stale && step->is_write && verdict.kind == FINDING_LOST_UPDATE &&
		       !is_look(step) && !race_is_ordered(step->thread, step->other);

	if (mine.is_silent && mine.is_move && (other.is_silent || other.is_unknown)) {
		order_silently(step);
		return;
	}
	if (!is_lost && (is_ordered_late(step) || is_ordered_by_own_read(step))) {
		if (!step->is_write)
			stale_reads_order(step->thread, step->access);
		hold_back_assumed(step);
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

/* @step's write by @access, together with the write @other of another thread. */
static struct race_step make_pair(const struct race_step *step, const struct access *access,
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
	struct race_step pair = make_pair(step, access, &stale->last);
	uintptr_t granule = access->address & ~(uintptr_t)(SHADOW_GRANULE - 1);
	struct race_verdict verdict;

	pair.granule = granule;
	pair.shared_bytes = race_bytes_in(granule, access->address,
					  access->address + access->size_bytes);
	pair.other = race_base(pair.other) | pair.shared_bytes;
	pair.stale = stale;
	verdict = decide_update(&pair, kind_of_mine(&pair).is_examined);
	verdict = lower_if_doubted(step->detector, verdict);
	race_report(&pair, &verdict);
}

/* --- Atomics ----------------------------------------------------------------- */

/* As a rule these are atomic both, so few of each place are told. */
static bool tells_beside(struct site *plain)
{
	if (!site_tells_beside(plain))
		return false;
	/* relaxed: a count that need not be exact */
	store_relaxed(&plain->beside_count, (uint8_t)(load_relaxed(&plain->beside_count) + 1));
	return true;
}

/* Of what is atomic, but perhaps not all its accesses. */
static const struct race_verdict BESIDE_ATOMIC = {
	.kind = FINDING_DATA_RACE, .severity = SEVERITY_NOTE, .details = DETAIL_MAY_BE_ATOMIC};

/* Does @site access no more bytes than @word says?  What is wider, as a vector is, may be so for
 * its neighbours' sake. */
static bool is_within(const struct site *site, uint64_t word)
{
	return site->size_bytes && site->size_bytes <= shadow_byte_count(shadow_bytes(word));
}

/* The step's access and another, of which @plain is no locked instruction; @atomic: the bytes of
 * the other one. */
static void report_beside(struct race_step *pair, struct site *plain, uint64_t atomic)
{
	struct race_verdict verdict;

	if (!is_within(plain, atomic) || !tells_beside(plain) || is_ordered_late(pair) ||
	    pending_release_acquire(pair))
		return;
	verdict = lower_if_doubted(pair->detector, BESIDE_ATOMIC);
	race_report(pair, &verdict);
}

void race_meet_read(const struct race_step *step, const struct cell *read)
{
	struct race_step pair = make_pair(step, step->access, read);
	const struct site *mine = site_get(&step->detector->sites, pair.site);
	struct site *reader = site_get(&step->detector->sites, pair.other_site);

	/* What may be half of an update is looked at as such. */
	if (!mine || !reader || (mine->flags | reader->flags) & SITE_SILENT ||
	    reader->flags & SITE_MAY_BE_STALE)
		return;
	pair.stale = NULL;
	pair.other_is_write = false;
	pair.shared_bytes &= step->bytes;
	report_beside(&pair, reader, step->bytes);
}

void race_meet_atomic(const struct race_step *step, const struct cell *other)
{
	struct race_step pair = make_pair(step, step->access, other);
	struct site *mine, *others, *plain;
	struct race_verdict verdict;

	pair.stale = NULL;
	pair.is_write = step->is_write;
	if (pair.shared_bytes & step->bytes)
		pair.shared_bytes &= step->bytes;
	pair.site = atomic_site(step, pair.shared_bytes);
	pair.other_is_freed = shadow_form(other->word) == SHADOW_FREED;
	mine = site_get(&step->detector->sites, pair.site);
	others = site_get(&step->detector->sites, pair.other_site);
	if (!mine || !others || (mine->flags | others->flags) & SITE_SILENT)
		return;
	/* The one that is no locked instruction stores what rests on an old value. */
	plain = mine->flags & SITE_LOCKED ? others : mine;
	verdict = decide_update(&pair, plain->flags & SITE_EXAMINED);
	if (step->is_freeing || pair.other_is_freed) {
		verdict = (struct race_verdict){.kind = FINDING_DATA_RACE,
						.severity = SEVERITY_ERROR,
						.details = DETAIL_FREED};
	} else if (mine->flags & others->flags & SITE_LOCKED) {
		return;
	} else if (!(mine->flags & others->flags & SITE_UPDATE)) {
		report_beside(&pair, plain, plain == mine ? other->word : step->bytes);
		return;
	}
	/* A read of these bytes from before they were atomic may have been an acquire. */
	if (pending_release_acquire(&pair))
		return;
	verdict = lower_if_doubted(step->detector, verdict);
	race_report(&pair, &verdict);
}

bool race_is_after(struct detector *detector, struct thread *thread, uint64_t word)
{
	static const struct access none;
	struct race_step step = {
		.detector = detector, .thread = thread, .access = &none, .other = word};

	if (race_is_ordered(thread, word))
		return true;
	memory_settle(detector, thread);
	return race_is_ordered(thread, word) || pending_release_acquire(&step) ||
	       pending_release_acquire_silent(&step, word);
}
