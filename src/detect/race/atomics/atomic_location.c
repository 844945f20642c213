#include "detect/race/atomics/atomic_location.h"

#include "detect/base/thread.h"
#include "detect/race/record_fast.h"
#include "detect/race/updates/update.h"
#include "detect/race/race.h"

/* Which halves @bytes of a granule lie in, as a mask. */
static uint32_t halves_of(uint32_t bytes)
{
	return ((bytes & ATOMIC_HALF_MASK) != 0) | ((bytes >> ATOMIC_HALF_BYTES) != 0) << 1;
}

#define PATIENCE 50u /* attempts to take a spin lock, of some 50 ms each */

bool atomic_take_busy(const struct thread *thread, struct atomic_location *location)
{
	for (uint32_t i = 0; i < PATIENCE; i++) {
		/* relaxed: nobody but the thread itself writes its number there. */
		if (load_relaxed(&location->user) == thread->id)
			return false;
		if (spin_lock(&location->busy))
			return true;
	}
	return false;
}

/* The same for a thread that is about to store: nobody else owns it then. */
static bool take_disowned(struct detector *detector, struct thread *thread,
			  struct atomic_location *location)
{
	for (uint32_t i = 0; i < PATIENCE; i++) {
		if (!atomic_take_busy(thread, location))
			return false;
		if (!location->owner || atomic_is_owner(thread, location))
			return true;
		spin_unlock(&location->busy);
		atomic_disown(detector, thread, location);
	}
	return false;
}

/* --- Clocks ---------------------------------------------------------------- */

/* Joins the thread's clock into the half's. */
static void release_half(struct clock_releaser by, struct atomic_half *half)
{
	if (half->stamp == by.thread->clocks.stamp)
		return;
	clock_merge_into(&half->clock, by);
	half->stamp = 0;
}

/* The same, if the thread has just acquired from the half: its clock covers the half's. */
static void replace_half(struct clock_releaser by, struct atomic_half *half)
{
	struct vclock_snapshot *clock;

	if (half->stamp == by.thread->clocks.stamp)
		return;
	clock = clock_snapshot(by);
	if (!clock)
		return;
	snapshot_drop(half->clock, &by.thread->memory->arena);
	half->clock = clock;
	half->stamp = by.thread->clocks.stamp;
}

/* @thread stores to @half. */
static void tell_half(const struct detector *detector, struct thread *thread,
		      struct atomic_half *half)
{
	half->told = clock_tell(detector, thread);
	half->teller = thread->slot;
	half->writers |= atomic_writer_bit(thread);
}

/* --- Accesses -------------------------------------------------------------- */

/* Both halves have been released together: they go on with one clock. */
static void release_both(struct clock_releaser by, struct atomic_half *halves)
{
	struct arena *arena = &by.thread->memory->arena;

	snapshot_drop(halves[1].clock, arena);
	release_half(by, &halves[0]);
	halves[1].clock = snapshot_take(halves[0].clock);
	halves[1].stamp = halves[0].stamp;
}

/* Under location->busy. */
static void release_halves(struct clock_releaser by, struct atomic_location *location,
			   uint32_t halves)
{
	bool is_both = halves == (1u << ATOMIC_HALVES) - 1 &&
		       location->halves[0].clock == location->halves[1].clock;

	for (uint32_t i = 0; i < ATOMIC_HALVES && !is_both; i++)
		if (halves & 1u << i)
			release_half(by, &location->halves[i]);
	if (is_both)
		release_both(by, location->halves);
	atomic_announce_release(by.thread, location);
}

static void tell_halves(const struct detector *detector, struct thread *thread,
			struct atomic_location *location, uint32_t halves)
{
	for (uint32_t i = 0; i < ATOMIC_HALVES; i++)
		if (halves & 1u << i)
			tell_half(detector, thread, &location->halves[i]);
}

/* @by's stores to @halves of @location.  Under location->busy. */
static void release_stored(const struct detector *detector, struct clock_releaser by,
			   struct atomic_location *location, uint32_t halves)
{
	release_halves(by, location, halves);
	tell_halves(detector, by.thread, location, halves);
}

/* memory_before_release() without what race_begin() has already done for this access.  If that was
 * pending, all else that is will be recorded before its epoch ends. */
static struct clock_releaser settle_accesses(struct detector *detector, struct thread *thread,
					     bool is_late)
{
	if (is_late)
		return (struct clock_releaser){thread};
	memory_flush(detector, thread);
	if (thread->accesses.stale_read_count)
		stale_reads_acquire(detector, thread);
	return (struct clock_releaser){thread};
}

/* Was the step's store pending, and made before the access @met, as the other thread knows? */
static bool is_late_and_known(const struct race_step *step, uint64_t met)
{
	struct finding_pairs pairs;

	return step->access->is_late &&
	       assumed_is_known(step->detector, step->thread, shadow_slot(met), shadow_epoch(met),
				&pairs);
}

/*
 * The step's store is over: a release ends the epoch.  But if its check stands before those of
 * other accesses that come before it, these belong to what is released: the epoch goes on, as if
 * another thread had made an assumed acquire amid it.  The same if the store was pending, until
 * all that is pending is recorded: that came before, too.
 */
static void end_store(const struct race_step *step, struct clock_releaser by, uint32_t touched)
{
	const struct site *site = atomic_store_site(step, touched);
	bool is_late = step->access->is_late;

	by.thread->accesses.ends_epoch |= is_late;
	if (is_late || (site && site->flags & SITE_EARLY))
		store_relaxed(&by.thread->clocks.assumed_epoch, by.thread->clocks.recorded_epoch);
	else
		clock_end_epoch(by);
}

/* The step stores to the atomic bytes @touched, not by a locked instruction. */
static void store_atomic(struct race_step *step, struct atomic_location *location, uint32_t touched)
{
	struct thread *thread = step->thread;
	struct clock_releaser by;
	struct race_step part = *step;
	struct cell *last = &atomic_half_of(location, touched)->last;
	struct cell met = {0, 0};
	struct cell mine = {0, 0};
	bool is_put_off;

	if (atomic_is_owner(thread, location) &&
	    atomic_store_owned(step->detector, thread, location, touched, step->access->site))
		return;
	by = settle_accesses(step->detector, thread, step->access->is_late);
	part.bytes = touched;
	if (!atomic_is_last(thread, last, touched))
		mine = atomic_make_last(&part);
	if (!take_disowned(step->detector, thread, location)) {
		detector_count(step->detector, LOST_EDGES);
		return;
	}
	met = atomic_replace_by_store(step, location, &mine);
	is_put_off = atomic_begin_owning(thread, location, touched, step->access->site);
	if (!is_put_off) {
		release_stored(step->detector, by, location,
			       halves_of(touched) | atomic_end_owning(thread, location));
		atomic_count_store(thread, location, touched, step->access->site);
	}
	spin_unlock(&location->busy);
	if (!is_put_off)
		end_store(step, by, touched);
	if (met.word && !is_late_and_known(step, met.word))
		race_meet_atomic(&part, &met);
}

static void load_atomic(struct thread *thread, struct atomic_location *location, uint32_t bytes,
			const struct site *site)
{
	if (!atomic_load_owned(thread, location))
		atomic_add_pending(thread, location, halves_of(bytes), site);
}

uint32_t atomic_access(struct race_step *step, uint64_t word, struct shadow *inner)
{
	struct atomic_location *location = atomic_table_get(step->detector, word);
	struct site *site;
	uint32_t touched;

	if (!location)
		return 0;
	/* relaxed: a byte that becomes atomic now may count as atomic or not. */
	touched = step->bytes & load_relaxed(&location->bytes);
	inner->write = &location->write;
	inner->read = &location->read;
	inner->origins = &location->origins;
	if (!touched)
		return step->bytes;
	atomic_disown(step->detector, step->thread, location);
	if (step->access->flags & (SITE_WRITE | SITE_UPDATE))
		store_atomic(step, location, touched);
	site = site_get(&step->detector->sites, step->access->site);
	if (!step->is_write && !step->access->is_late &&
	    atomic_is_looked_at(step->thread, location, touched, site))
		atomic_look_beside(step, location, touched, site);
	if (step->access->flags & (SITE_READ | SITE_UPDATE))
		load_atomic(step->thread, location, touched, site);
	return step->bytes & ~touched;
}

bool atomic_load(struct detector *detector, struct thread *thread, uint64_t word, uint32_t bytes,
		 const struct site *site)
{
	struct atomic_location *location = atomic_table_get(detector, word);

	/* relaxed: as above */
	if (!location || bytes & ~(uint32_t)load_relaxed(&location->bytes) ||
	    atomic_is_looked_at(thread, location, bytes, site))
		return false;
	atomic_disown(detector, thread, location);
	load_atomic(thread, location, bytes, site);
	return true;
}

/* @thread, which owns @location, is about to change it by a locked instruction that may be that
 * of a lock: makes its release, and owns it no more. */
static void give_up(struct detector *detector, struct thread *thread,
		    struct atomic_location *location)
{
	struct clock_releaser by = memory_before_release(detector, thread);
	uint32_t halves;

	if (!atomic_take_busy(thread, location)) {
		detector_count(detector, LOST_EDGES);
		return;
	}
	halves = atomic_end_owning(thread, location);
	if (halves)
		release_stored(detector, by, location, halves);
	spin_unlock(&location->busy);
	clock_end_epoch(by);
}

/* --- Locked instructions ---------------------------------------------------- */

/* Usually both are 0, and a write would take the cache line from other processors. */
static void set_cell(struct cell *cell, struct cell value)
{
	if (cell->word | value.word)
		*cell = value;
}

struct atomic_location *access_synchronise_begin(struct detector *detector, struct thread *thread,
						 const struct access *access)
{
	uint32_t bytes = atomic_bytes_at(access->address, access->size_bytes);
	struct atomic_location *location = NULL;
	struct cell met = {0, 0};
	struct cell mine = {0, 0};
	const struct cell *last;

	memory_before_release(detector, thread);
	if (shadow_covers(access->address))
		location = atomic_find_or_promote(detector, thread, access->address, bytes, &met);
	if (UNLIKELY(shadow_form(met.word) == SHADOW_FREED))
		atomic_tell_freed(detector, thread, access, &met);
	if (location && access->flags & SITE_UPDATE && atomic_load_owned(thread, location) &&
	    atomic_store_owned(detector, thread, location, bytes, 0)) {
		stale_reads_overwrite(thread, access->address, access->size_bytes);
		return NULL;
	}
	if (location && atomic_is_owner(thread, location))
		give_up(detector, thread, location);
	else if (location)
		atomic_disown(detector, thread, location);
	if (location && !atomic_is_last(thread, &atomic_half_of(location, bytes)->last, bytes))
		mine = atomic_make_locked(detector, thread, access, bytes);
	if (!location || !take_disowned(detector, thread, location)) {
		detector_count(detector, LOST_EDGES);
		return NULL;
	}
	location->user = thread->id;
	location->operation_halves = (uint8_t)halves_of(bytes);
	location->operation_bytes = (uint8_t)bytes;
	location->has_value = false;
	location->is_idle = false;
	location->may_be_idle = mine.word && access->flags & SITE_UPDATE;
	if (!(access->flags & SITE_UPDATE))
		store_relaxed(&location->stores_alone, (uint16_t)0);
	/* relaxed: as in atomic_end_alone() */
	store_relaxed(&location->moved_bytes,
		      (uint8_t)(load_relaxed(&location->moved_bytes) & ~bytes));
	last = &atomic_half_of(location, bytes)->last;
	location->is_met_early = met.word;
	if (!met.word && mine.word && atomic_is_met(thread, last, bytes))
		met = *last;
	set_cell(&location->mine, mine);
	set_cell(&location->met, met);
	if (thread->accesses.stale_read_count)
		location->before = *last;
	return location;
}

bool access_synchronise_tells(const struct thread *thread, const struct atomic_location *location)
{
	return location->met.word || location->may_be_idle || thread->accesses.stale_read_count;
}

uintptr_t access_synchronised_address(const struct atomic_location *location)
{
	return location->granule + (uint32_t)__builtin_ctz(location->operation_bytes);
}

void access_synchronised_over(struct atomic_location *location, const struct access *access,
			      bool is_idle)
{
	location->is_idle = is_idle;
	location->has_value = access->has_value;
	location->value = access->value;
}

/* Has the locked instruction at @location stored the value that was there?  Another thread may have
 * stored between the two looks. */
static bool is_idle(const struct atomic_location *location, const struct access *access)
{
	return location->is_idle || (access && location->has_value && access->has_value &&
				     access->value == location->value);
}

/* Has it lost another thread's write?  Not if it stores only over the value that it expects
 * (cmpxchg), nor if it is idle. */
static bool loses_value(const struct atomic_location *location, const struct access *access,
			enum locked_outcome outcome)
{
	return location->met.word && access && outcome == LOCKED_STORED &&
	       !is_idle(location, access);
}

void access_synchronise_end(struct detector *detector, struct thread *thread,
			    struct atomic_location *location, const struct access *access,
			    enum locked_outcome outcome)
{
	/* access_synchronise_begin() has called memory_before_release(). */
	struct clock_releaser by = {thread};
	struct clock_joiner joiner = {thread};
	bool has_stored = outcome != LOCKED_READ;
	struct atomic_location under_way;
	bool has_lost, tells;

	if (!location)
		return;
	has_lost = loses_value(location, access, outcome);
	tells = has_stored && access &&
		(has_lost || location->reader.word || thread->accesses.stale_read_count);
	if (has_stored && location->mine.word)
		atomic_keep_last(location, &location->mine, is_idle(location, access));
	for (uint32_t i = 0; i < ATOMIC_HALVES; i++) {
		struct atomic_half *half = &location->halves[i];

		if (!(location->operation_halves & 1u << i))
			continue;
		atomic_acquire_half(joiner, half);
		if (has_stored)
			replace_half(by, half);
	}
	if (has_stored) {
		tell_halves(detector, thread, location, location->operation_halves);
		atomic_note_acquired(thread, location, location->operation_halves);
		atomic_announce_release(thread, location);
	}
	/* A word that is compared may be a lock, as one that is exchanged. */
	if (outcome == LOCKED_STORED)
		atomic_count_store(thread, location, 0, 0);
	else
		atomic_count_compare(thread, location);
	if (tells) {
		under_way = *location;
		location->reader.word = 0;
	}
	location->user = 0;
	spin_unlock(&location->busy);
	if (has_stored)
		clock_end_epoch(by);
	if (tells)
		atomic_tell_locked(detector, thread, access, has_lost, &under_way);
}

/* Under location->busy once it returns true.  False: it is not to be had. */
static bool begin_futex(struct detector *detector, struct thread *thread,
			struct atomic_location *location)
{
	if (!location)
		return false;
	atomic_come(thread, location);
	if (load_relaxed(&location->owner)) /* relaxed: as in atomic_disown() */
		atomic_make_release(detector, thread, location);
	if (!atomic_take_busy(thread, location)) {
		detector_count(detector, LOST_EDGES);
		return false;
	}
	location->is_futex = true;
	return true;
}

void atomic_release(struct detector *detector, struct thread *thread, uintptr_t address)
{
	struct atomic_location *location =
		atomic_mark(detector, thread, address, ATOMIC_HALF_BYTES);
	struct clock_releaser by = memory_before_release(detector, thread);

	if (!begin_futex(detector, thread, location))
		return;
	release_halves(by, location, halves_of(atomic_bytes_at(address, ATOMIC_HALF_BYTES)));
	spin_unlock(&location->busy);
	clock_end_epoch(by);
}

uint32_t atomic_acquire(struct detector *detector, struct thread *thread, uintptr_t address)
{
	struct atomic_location *location =
		atomic_mark(detector, thread, address, ATOMIC_HALF_BYTES);
	uint64_t last;

	if (!begin_futex(detector, thread, location))
		return CLOCK_ANY_SLOT;
	last = atomic_half_of(location, atomic_bytes_at(address, ATOMIC_HALF_BYTES))->last.word;
	spin_unlock(&location->busy);
	atomic_add_pending(thread, location, halves_of(atomic_bytes_at(address, ATOMIC_HALF_BYTES)),
			   NULL);
	atomic_catch_up(detector, thread);
	return last && shadow_slot(last) != thread->slot ? shadow_slot(last) : CLOCK_ANY_SLOT;
}
