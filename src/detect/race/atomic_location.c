#include "detect/race/atomic_location.h"

#include "detect/base/thread.h"
#include "detect/race/record_fast.h"
#include "detect/race/pending_release.h"
#include "detect/shadow/cells.h"
#include "detect/race/race.h"

#define SWEEP_FIRST 4096u
#define HALF_BYTES 4u
#define HALF_MASK 0x0fu

struct atomic_table *atomic_table_create(struct arena *arena, page_source pages)
{
	struct atomic_table *table = arena_alloc(arena, sizeof(*table));

	if (!table)
		return NULL;
	arena_init(&table->arena, pages);
	table->sweep_at = SWEEP_FIRST;
	return table;
}

/* Which halves @bytes of a granule lie in, as a mask. */
static uint32_t halves_of(uint32_t bytes)
{
	return ((bytes & HALF_MASK) != 0) | ((bytes >> HALF_BYTES) != 0) << 1;
}

/* --- The table ------------------------------------------------------------- */

static uint64_t word_of(const struct atomic_location *location)
{
	return (uint64_t)location->number << SHADOW_EPOCH_SHIFT |
	       (uint64_t)SHADOW_ATOMIC << SHADOW_FORM_SHIFT;
}

static bool is_named(const struct atomic_location *location)
{
	return load_relaxed(shadow_of(location->granule).write) == word_of(location);
}

/* Under table->busy.  A location whose memory has begun a new life is named by
 * no shadow word. */
static void sweep_locations(struct atomic_table *table, struct thread *thread)
{
	for (uint32_t number = 1; number <= table->by_number.last; number++) {
		struct atomic_location *location = id_table_get(&table->by_number, number);

		if (!location || !location->is_in_use || is_named(location) ||
		    load_relaxed(&location->busy.is_taken) || !spin_lock(&location->busy))
			continue;
		for (uint32_t i = 0; i < ATOMIC_HALVES; i++)
			snapshot_drop(location->halves[i].clock, &table->arena);
		cells_free(thread, location->write);
		cells_free(thread, location->read);
		location->is_in_use = false;
		location->next_free = table->free_list;
		table->free_list = location;
		table->in_use_count--;
		spin_unlock(&location->busy);
	}
	table->sweep_at = table->in_use_count < SWEEP_FIRST / 2 ? SWEEP_FIRST
								: 2 * table->in_use_count;
}

/* Under table->busy. */
static struct atomic_location *new_location(struct atomic_table *table)
{
	struct atomic_location *location = table->free_list;
	uint32_t number;

	if (location) {
		table->free_list = location->next_free;
		number = location->number;
		*location = (struct atomic_location){.number = number};
		return location;
	}
	location = arena_alloc(&table->arena, sizeof(*location));
	number = table->by_number.last + 1;
	if (!location || !id_table_set(&table->by_number, &table->arena, number, location))
		return NULL;
	location->number = number;
	return location;
}

static struct atomic_location *take_location(struct detector *detector, struct thread *thread,
					     uintptr_t granule)
{
	struct atomic_table *table = detector->atomics;
	struct atomic_location *location;

	if (!spin_lock(&table->busy))
		return NULL;
	if (table->in_use_count >= table->sweep_at)
		sweep_locations(table, thread);
	location = new_location(table);
	if (location) {
		location->granule = granule;
		location->is_in_use = true;
		table->in_use_count++;
	}
	spin_unlock(&table->busy);
	return location;
}

static void give_back(struct detector *detector, struct atomic_location *location)
{
	struct atomic_table *table = detector->atomics;

	if (!spin_lock(&table->busy))
		return; /* it is found by the next sweep */
	location->is_in_use = false;
	location->next_free = table->free_list;
	table->free_list = location;
	table->in_use_count--;
	spin_unlock(&table->busy);
}

void atomic_table_forked(struct atomic_table *table, const struct thread *survivor)
{
	for (uint32_t number = 1; number <= table->by_number.last; number++) {
		struct atomic_location *location = id_table_get(&table->by_number, number);

		if (!location || location->user == survivor->id)
			continue;
		/* Written only if need be: the memory is shared with the parent until then. */
		if (location->busy.is_taken)
			spin_unlock(&location->busy);
		if (location->user)
			location->user = 0;
	}
}

void atomic_each_read_word(const struct detector *detector,
			   void (*each)(void *context, uint64_t word), void *context)
{
	const struct id_table *locations = &detector->atomics->by_number;

	for (uint32_t number = 1; number <= locations->last; number++) {
		const struct atomic_location *location = id_table_get(locations, number);

		if (location)
			each(context, load_relaxed(&location->read));
	}
}

#define PATIENCE 50u /* of a spin lock, which is some 50 ms each */

/*
 * Who holds it is between two instructions, but may have lost its processor for
 * long on a busy machine; a lost edge could become a false race.  False for the
 * holder itself, in a signal handler, and if the holder never comes back.
 */
static bool take_busy(const struct thread *thread, struct atomic_location *location)
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

static struct atomic_location *location_of(const struct detector *detector, uint64_t word)
{
	return id_table_get(&detector->atomics->by_number, (uint32_t)shadow_number(word));
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
	if (!take_busy(thread, location)) {
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
		memory_assume_acquire(detector, thread, write);
}

/* Moves a granule's words into @location and puts its number in their place. */
static bool displace_words(struct detector *detector, struct thread *thread, struct shadow shadow,
			   struct atomic_location *location)
{
	uint64_t word = word_of(location);
	uint64_t write;
	uint64_t read;

	do {
		write = cells_load(detector, shadow.write);
		if (shadow_form(write) == SHADOW_ATOMIC)
			return false;
		location->write = write;
		location->origins = *shadow.origins;
	} while (!compare_exchange_acq_rel(shadow.write, &write, word));
	do {
		read = cells_load(detector, shadow.read);
		location->read = read;
	} while (!compare_exchange_acq_rel(shadow.read, &read, word));
	location->origins.read = load_relaxed(&shadow.origins->read); /* relaxed: it has a tag */
	release_late(detector, thread, write);
	return true;
}

static struct atomic_location *promote_granule(struct detector *detector, struct thread *thread,
					       uintptr_t granule)
{
	struct shadow shadow = shadow_of(granule);
	struct atomic_location *location = take_location(detector, thread, granule);

	if (!location) {
		detector_count(detector, LOST_EDGES);
		return NULL;
	}
	if (displace_words(detector, thread, shadow, location)) {
		race_retract(detector, granule);
		return location;
	}
	give_back(detector, location);
	return location_of(detector, load_acquire(shadow.write));
}

/* The location of the granule of @address, with @bytes of it atomic. */
static struct atomic_location *find_or_promote(struct detector *detector, struct thread *thread,
					       uintptr_t address, uint32_t bytes)
{
	uintptr_t granule = address & ~(uintptr_t)(SHADOW_GRANULE - 1);
	uint64_t word = load_acquire(shadow_of(granule).write);
	struct atomic_location *location = shadow_form(word) == SHADOW_ATOMIC
						   ? location_of(detector, word)
						   : promote_granule(detector, thread, granule);

	/* relaxed: bits are only ever added, and any order of that is right. */
	if (location && (load_relaxed(&location->bytes) & bytes) != bytes) {
		fetch_or_acq_rel(&location->bytes, (uint8_t)bytes);
		pending_release_leave_all(detector, thread, &location->read, bytes);
	}
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
	if (!shadow_covers(address))
		return NULL;
	return find_or_promote(detector, thread, address, bytes_at(address, size_bytes));
}

/* --- Accesses -------------------------------------------------------------- */

static void release_halves(struct detector *detector, struct clock_releaser by,
			   struct atomic_location *location, uint32_t halves)
{
	if (!take_busy(by.thread, location)) {
		detector_count(detector, LOST_EDGES);
		return;
	}
	for (uint32_t i = 0; i < ATOMIC_HALVES; i++)
		if (halves & 1u << i)
			release_half(by, &location->halves[i]);
	announce_release(location);
	spin_unlock(&location->busy);
	clock_end_epoch(by);
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

uint32_t atomic_access(struct detector *detector, struct thread *thread,
		       const struct access *access, uint32_t bytes, uint64_t word,
		       struct shadow *inner)
{
	struct atomic_location *location = location_of(detector, word);
	uint32_t touched;

	if (!location)
		return 0;
	/* relaxed: a byte that is becoming atomic just now is as good as racing. */
	touched = bytes & load_relaxed(&location->bytes);
	inner->write = &location->write;
	inner->read = &location->read;
	inner->origins = &location->origins;
	if (!touched)
		return bytes;
	if (access->flags & (SITE_WRITE | SITE_UPDATE))
		release_halves(detector, settle_accesses(detector, thread), location,
			       halves_of(touched));
	if (access->flags & (SITE_READ | SITE_UPDATE))
		add_pending(thread, location, halves_of(touched));
	return bytes & ~touched;
}

struct atomic_location *access_synchronise_begin(struct detector *detector, struct thread *thread,
						 const struct access *access)
{
	uint32_t bytes = bytes_at(access->address, access->size_bytes);
	struct atomic_location *location = NULL;

	memory_before_release(detector, thread);
	if (shadow_covers(access->address))
		location = find_or_promote(detector, thread, access->address, bytes);
	if (!location || !take_busy(thread, location)) {
		detector_count(detector, LOST_EDGES);
		return NULL;
	}
	location->user = thread->id;
	location->operation_halves = (uint8_t)halves_of(bytes);
	return location;
}

void access_synchronise_end(struct detector *detector, struct thread *thread,
			    struct atomic_location *location, bool has_stored)
{
	/* access_synchronise_begin() has done what is due before. */
	struct clock_releaser by = {thread};
	struct clock_joiner joiner = {thread};

	(void)detector;
	if (!location)
		return;
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
	location->user = 0;
	spin_unlock(&location->busy);
	if (has_stored)
		clock_end_epoch(by);
}

void atomic_release(struct detector *detector, struct thread *thread, uintptr_t address)
{
	struct atomic_location *location = atomic_mark(detector, thread, address, HALF_BYTES);

	if (location)
		release_halves(detector, memory_before_release(detector, thread), location,
			       halves_of(bytes_at(address, HALF_BYTES)));
}

void atomic_acquire(struct detector *detector, struct thread *thread, uintptr_t address)
{
	struct atomic_location *location = atomic_mark(detector, thread, address, HALF_BYTES);

	if (!location)
		return;
	add_pending(thread, location, halves_of(bytes_at(address, HALF_BYTES)));
	atomic_catch_up(detector, thread);
}
