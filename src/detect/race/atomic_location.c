#include "detect/race/atomic_location.h"

#include "detect/base/thread.h"
#include "detect/race/record_fast.h"
#include "detect/race/update.h"
#include "detect/race/pending_release.h"
#include "detect/shadow/cells.h"
#include "detect/race/race.h"

/* Which halves @bytes of a granule lie in, as a mask. */
static uint32_t halves_of(uint32_t bytes)
{
	return ((bytes & ATOMIC_HALF_MASK) != 0) | ((bytes >> ATOMIC_HALF_BYTES) != 0) << 1;
}

#define PATIENCE 50u /* of a spin lock, which is some 50 ms each */

bool atomic_take_busy(const struct thread *thread, struct atomic_location *location)
{
	for (uint32_t i = 0; i < PATIENCE; i++) {
		/* relaxed: only its own number tells it something. */
		if (load_relaxed(&location->user) == thread->id)
			return false;
		if (spin_lock(&location->busy))
			return true;
	}
	return false;
}

/* --- Clocks ---------------------------------------------------------------- */

static void acquire_half(struct clock_joiner by, const struct atomic_half *half)
{
	if (half->clock && half->stamp != by.thread->clocks.stamp)
		clock_join(by, half->clock);
}

/* The half's clock becomes one that covers the thread's, and what it was. */
static void release_half(struct clock_releaser by, struct atomic_half *half)
{
	if (half->stamp == by.thread->clocks.stamp)
		return;
	clock_merge_into(&half->clock, by);
	half->stamp = 0;
}

/* The same for a thread that has just acquired what the half has. */
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

static void announce_release(struct atomic_location *location)
{
	/* release: pairs with acquire_pending(). */
	store_release(&location->version, location->version + 1);
}

#define LOOKS 8u /* as many checks may stand before a load that has its own before them */

static void acquire_pending(struct detector *detector, struct thread *thread,
			    struct pending_acquire *pending)
{
	struct atomic_location *location = pending->location;
	struct clock_joiner by;

	/* acquire, in this order: a store whose value was loaded is announced by one
	 * or the other, as a locked instruction stands between the two. */
	if (!load_acquire(&location->busy.is_taken) &&
	    load_acquire(&location->version) == pending->version)
		return;
	by = memory_before_join(detector, thread);
	if (!atomic_take_busy(thread, location)) {
		detector_count(detector, LOST_EDGES);
		return;
	}
	pending->version = location->version;
	for (uint32_t i = 0; i < ATOMIC_HALVES; i++)
		if (pending->halves & 1u << i)
			acquire_half(by, &location->halves[i]);
	spin_unlock(&location->busy);
}

/* The newest is the last; when there are too many, the oldest is dropped: its
 * load has long been made. */
static void put_pending(struct thread *thread, struct pending_acquire pending)
{
	struct pending_acquire *acquires = thread->accesses.acquires;
	uint32_t count = thread->accesses.acquire_count;
	uint32_t at = 0;

	while (at < count && acquires[at].location != pending.location)
		at++;
	if (at < count)
		pending.halves |= acquires[at].halves;
	else if (count == PENDING_ACQUIRES)
		at = 0;
	else
		count++;
	for (; at + 1 < count; at++)
		acquires[at] = acquires[at + 1];
	acquires[at] = pending;
	thread->accesses.acquire_count = count;
}

/* They are taken out meanwhile: to record what is pending comes back to here, and may
 * find others. */
void atomic_catch_up(struct detector *detector, struct thread *thread)
{
	struct pending_acquire taken[PENDING_ACQUIRES];
	uint32_t count = thread->accesses.acquire_count;

	for (uint32_t i = 0; i < count; i++)
		taken[i] = thread->accesses.acquires[i];
	thread->accesses.acquire_count = 0;
	for (uint32_t i = 0; i < count; i++) {
		acquire_pending(detector, thread, &taken[i]);
		if (--taken[i].looks_left)
			put_pending(thread, taken[i]);
	}
}

/* --- Becoming atomic ------------------------------------------------------- */

/*
 * The location was stored to by a plain move before anything showed that it is
 * atomic: that store was a release.
 */
static void release_late(struct detector *detector, struct thread *thread, uint64_t write)
{
	if (shadow_form(write) == SHADOW_PLAIN && write && shadow_slot(write) != thread->slot)
		memory_assume_acquire(detector, thread, write, 0);
}

/* Moves a granule's words into @location and puts its number in their place.  *@met
 * becomes what the thread meets there. */
static bool displace_words(struct detector *detector, struct thread *thread, struct shadow shadow,
			   struct atomic_location *location, struct cell *met)
{
	struct race_place place = race_place(shadow, location->granule, true);
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
		location->origins = *shadow.origins;
	} while (!compare_exchange_acq_rel(shadow.write, &write, word));
	*met = atomic_find_met(detector, thread, &list, location->bytes);
	do {
		read = cells_load(detector, shadow.read);
		location->read = read;
	} while (!compare_exchange_acq_rel(shadow.read, &read, word));
	location->origins.read = load_relaxed(&shadow.origins->read); /* relaxed: it has a tag */
	release_late(detector, thread, write);
	return true;
}

/* NULL without memory, or if somebody else has done it. */
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
	race_retract(detector, granule);
	pending_release_leave_all(detector, thread, &location->read, bytes);
	return location;
}

/* Makes @bytes of @location atomic, too. */
static void widen_location(struct detector *detector, struct thread *thread,
			   struct atomic_location *location, uint32_t bytes, struct cell *met)
{
	struct shadow inner = {&location->write, &location->read, &location->origins};
	struct race_place place = race_place(inner, location->granule, true);
	struct cell_list list;

	fetch_or_acq_rel(&location->bytes, (uint8_t)bytes);
	pending_release_leave_all(detector, thread, &location->read, bytes);
	if (race_lay_out(place, cells_load(detector, place.word), &list))
		*met = atomic_find_met(detector, thread, &list, bytes);
}

/* The location of the granule of @address, with @bytes of it atomic.  If they have just
 * become that, *@met becomes what the thread meets there. */
static struct atomic_location *find_or_promote(struct detector *detector, struct thread *thread,
					       uintptr_t address, uint32_t bytes, struct cell *met)
{
	uintptr_t granule = address & ~(uintptr_t)(SHADOW_GRANULE - 1);
	uint64_t *place = shadow_of(granule).write;
	struct atomic_location *location = NULL;

	*met = (struct cell){0, 0};
	if (shadow_form(load_acquire(place)) != SHADOW_ATOMIC)
		location = promote_granule(detector, thread, granule, bytes, met);
	if (!location && shadow_form(load_acquire(place)) == SHADOW_ATOMIC)
		location = atomic_table_get(detector, load_acquire(place));
	/* relaxed: bits are only ever added, and any order of that is right. */
	if (location && (load_relaxed(&location->bytes) & bytes) != bytes)
		widen_location(detector, thread, location, bytes, met);
	return location;
}

static uint32_t bytes_at(uintptr_t address, size_t size_bytes)
{
	uint32_t offset = address % SHADOW_GRANULE;

	if (size_bytes >= SHADOW_GRANULE)
		return SHADOW_ALL_BYTES << offset & SHADOW_ALL_BYTES;
	return ((1u << size_bytes) - 1) << offset & SHADOW_ALL_BYTES;
}

struct atomic_location *atomic_mark(struct detector *detector, struct thread *thread,
				    uintptr_t address, size_t size_bytes)
{
	struct cell met;

	if (!shadow_covers(address))
		return NULL;
	return find_or_promote(detector, thread, address, bytes_at(address, size_bytes), &met);
}

/* --- Accesses -------------------------------------------------------------- */

/* Under location->busy. */
static void release_halves(struct clock_releaser by, struct atomic_location *location,
			   uint32_t halves)
{
	for (uint32_t i = 0; i < ATOMIC_HALVES; i++)
		if (halves & 1u << i)
			release_half(by, &location->halves[i]);
	announce_release(location);
}

static void add_pending(struct thread *thread, struct atomic_location *location, uint32_t halves)
{
	put_pending(thread, (struct pending_acquire){
				    .location = location,
				    /* relaxed: none that it will have */
				    .version = ~load_relaxed(&location->version),
				    .halves = (uint8_t)halves,
				    .looks_left = LOOKS,
			    });
}

/* memory_before_release(), but for what race_begin() has done for this access. */
static struct clock_releaser settle_accesses(struct detector *detector, struct thread *thread)
{
	memory_flush(detector, thread);
	if (thread->accesses.stale_read_count)
		stale_reads_acquire(detector, thread);
	return (struct clock_releaser){thread};
}

/* Has another thread learnt by assumption, amid this epoch, what @thread does in it? */
static bool is_assumed(const struct thread *thread)
{
	/* relaxed: as in clock_assume() */
	return load_relaxed(&thread->clocks.assumed_epoch) ==
	       load_relaxed(&thread->clocks.recorded_epoch);
}

/* The step stores to @touched by no locked instruction. */
static void store_atomic(struct race_step *step, struct atomic_location *location, uint32_t touched)
{
	struct thread *thread = step->thread;
	struct clock_releaser by = settle_accesses(step->detector, thread);
	struct race_step part = *step;
	struct cell *last = &atomic_half_of(location, touched)->last;
	struct cell met = {0, 0};
	struct cell mine;

	part.bytes = touched;
	mine = atomic_make_last(&part, last);
	if (!atomic_take_busy(thread, location)) {
		detector_count(step->detector, LOST_EDGES);
		return;
	}
	if (!step->access->is_late || !is_assumed(thread))
		met = atomic_replace_by_store(step, last, &mine);
	release_halves(by, location, halves_of(touched));
	spin_unlock(&location->busy);
	clock_end_epoch(by);
	if (met.word)
		race_meet_atomic(&part, &met);
}

uint32_t atomic_access(struct race_step *step, uint64_t word, struct shadow *inner)
{
	struct atomic_location *location = atomic_table_get(step->detector, word);
	uint32_t touched;

	if (!location)
		return 0;
	/* relaxed: a byte that is becoming atomic just now is as good as racing. */
	touched = step->bytes & load_relaxed(&location->bytes);
	inner->write = &location->write;
	inner->read = &location->read;
	inner->origins = &location->origins;
	if (!touched)
		return step->bytes;
	if (step->access->flags & (SITE_WRITE | SITE_UPDATE))
		store_atomic(step, location, touched);
	if (step->access->flags & (SITE_READ | SITE_UPDATE))
		add_pending(step->thread, location, halves_of(touched));
	return step->bytes & ~touched;
}

/* --- Locked instructions ---------------------------------------------------- */

static struct race_step make_step(struct detector *detector, struct thread *thread,
				  const struct access *access)
{
	struct race_step step = {
		.detector = detector,
		.thread = thread,
		.access = access,
		.granule = access->address & ~(uintptr_t)(SHADOW_GRANULE - 1),
		.bytes = bytes_at(access->address, access->size_bytes),
		.is_write = true,
		.site = access->site,
	};

	return step;
}

struct atomic_location *access_synchronise_begin(struct detector *detector, struct thread *thread,
						 const struct access *access)
{
	struct site *site = site_get(&detector->sites, access->site);
	struct race_step step = make_step(detector, thread, access);
	struct atomic_location *location = NULL;
	struct cell met = {0, 0};
	struct cell mine;

	memory_before_release(detector, thread);
	if (shadow_covers(access->address))
		location = find_or_promote(detector, thread, access->address, step.bytes, &met);
	if (shadow_form(met.word) == SHADOW_FREED) {
		race_meet_atomic(&step, &met);
		met.word = 0;
	}
	if (location) {
		step.keeps_callers =
			site && origin_choose_callers(thread, site) != CALLERS_DROPPED;
		mine = atomic_make_last(&step, &atomic_half_of(location, step.bytes)->last);
	}
	if (!location || !atomic_take_busy(thread, location)) {
		detector_count(detector, LOST_EDGES);
		return NULL;
	}
	location->user = thread->id;
	location->operation_halves = (uint8_t)halves_of(step.bytes);
	location->operation_bytes = (uint8_t)step.bytes;
	location->has_value = false;
	location->before = atomic_half_of(location, step.bytes)->last;
	location->mine = mine;
	location->met = met;
	return location;
}

uintptr_t access_synchronised_address(const struct atomic_location *location)
{
	return location->granule + (uint32_t)__builtin_ctz(location->operation_bytes);
}

void access_synchronised_over(struct atomic_location *location, const struct access *access)
{
	location->has_value = access->has_value;
	location->value = access->value;
}

/* What the instruction under way at @location leaves behind; returns what it has met. */
static struct cell put_locked(const struct thread *thread, struct atomic_location *location,
			      const struct access *access, enum locked_outcome outcome)
{
	struct atomic_half *half = atomic_half_of(location, location->operation_bytes);
	struct cell met = atomic_replace_last(thread, &half->last, &location->mine);

	if (!met.word)
		met = location->met;
	/* Who has stored because of what was there comes after it, and who has stored what
	 * was there has changed nothing. */
	if (outcome != LOCKED_STORED ||
	    (location->has_value && access->has_value && access->value == location->value))
		met.word = 0;
	return met;
}

/* The instruction, of which @under_way was kept, has stored: tells of what was lost. */
static void tell_locked(struct detector *detector, struct thread *thread,
			const struct access *access, const struct cell *met,
			const struct atomic_location *under_way)
{
	struct access before = *access;
	struct race_step step;

	before.value = under_way->value;
	before.has_value = under_way->has_value;
	step = make_step(detector, thread, &before);
	if (met->word)
		race_meet_atomic(&step, met);
	if (!thread->accesses.stale_read_count)
		return;
	update_note_locked(&step, shadow_bytes(under_way->before.word) == step.bytes
					  ? under_way->before
					  : (struct cell){0, 0});
}

void access_synchronise_end(struct detector *detector, struct thread *thread,
			    struct atomic_location *location, const struct access *access,
			    enum locked_outcome outcome)
{
	/* access_synchronise_begin() has done what is due before. */
	struct clock_releaser by = {thread};
	struct clock_joiner joiner = {thread};
	bool has_stored = outcome != LOCKED_READ;
	struct atomic_location under_way;
	struct cell met = {0, 0};
	bool tells;

	if (!location)
		return;
	if (has_stored)
		met = put_locked(thread, location, access, outcome);
	for (uint32_t i = 0; i < ATOMIC_HALVES; i++) {
		struct atomic_half *half = &location->halves[i];

		if (!(location->operation_halves & 1u << i))
			continue;
		acquire_half(joiner, half);
		if (has_stored)
			replace_half(by, half);
	}
	if (has_stored)
		announce_release(location);
	tells = has_stored && (met.word || thread->accesses.stale_read_count);
	if (tells)
		under_way = *location;
	location->user = 0;
	spin_unlock(&location->busy);
	if (has_stored)
		clock_end_epoch(by);
	if (tells)
		tell_locked(detector, thread, access, &met, &under_way);
}

void atomic_release(struct detector *detector, struct thread *thread, uintptr_t address)
{
	struct atomic_location *location =
		atomic_mark(detector, thread, address, ATOMIC_HALF_BYTES);
	struct clock_releaser by;

	if (!location)
		return;
	by = memory_before_release(detector, thread);
	if (!atomic_take_busy(thread, location)) {
		detector_count(detector, LOST_EDGES);
		return;
	}
	release_halves(by, location, halves_of(bytes_at(address, ATOMIC_HALF_BYTES)));
	spin_unlock(&location->busy);
	clock_end_epoch(by);
}

void atomic_acquire(struct detector *detector, struct thread *thread, uintptr_t address)
{
	struct atomic_location *location =
		atomic_mark(detector, thread, address, ATOMIC_HALF_BYTES);

	if (!location)
		return;
	add_pending(thread, location, halves_of(bytes_at(address, ATOMIC_HALF_BYTES)));
	atomic_catch_up(detector, thread);
}
