/*
 * Pending acquires: loads of atomic locations, whose acquires wait for the thread's next looks
 * (atomic_location.h says why).
 */
#include "detect/base/detector.h"
#include "detect/base/thread.h"
#include "detect/race/atomics/atomic_location.h"
#include "detect/race/memory.h"

/* Whose last write to @half @thread does not know of; CLOCK_ANY_SLOT: it knows, or there was
 * none. */
static uint32_t find_news(const struct thread *thread, const struct atomic_half *half)
{
	uint32_t slot = shadow_slot(half->last.word);

	return vclock_get(&thread->clocks.full, slot) < shadow_epoch(half->last.word)
		       ? slot
		       : CLOCK_ANY_SLOT;
}

/* What @thread is told by @half, as @half->told; 0: nothing.  Who stores there, too, counts or
 * takes turns by it, as by a lock: that threads came in this order says nothing. */
static uint64_t find_told(const struct thread *thread, const struct atomic_half *half)
{
	return half->writers & atomic_writer_bit(thread) ? 0 : half->told;
}

void atomic_acquire_half(struct clock_joiner by, const struct atomic_half *half)
{
	if (half->clock && half->stamp != by.thread->clocks.stamp)
		clock_join(by, half->clock);
}

static struct known_version *known_version_of(struct thread *thread,
					      const struct atomic_location *location)
{
	return &thread->accesses.known_versions[location->number % KNOWN_VERSIONS];
}

/* @thread has acquired from @halves of @location.  Under 'busy'. */
void atomic_note_acquired(struct thread *thread, const struct atomic_location *location,
			  uint32_t halves)
{
	struct pending_acquire *acquires = thread->accesses.acquires;

	*known_version_of(thread, location) =
		(struct known_version){location, location->version, halves};
	for (uint32_t i = 0; i < thread->accesses.acquire_count; i++)
		if (acquires[i].location == location && !(acquires[i].halves & ~halves))
			acquires[i].version = location->version;
}

/* @thread has released to @location, which tells itself nothing.  Under 'busy'. */
void atomic_announce_release(struct thread *thread, struct atomic_location *location)
{
	struct known_version *known = known_version_of(thread, location);
	struct pending_acquire *acquires = thread->accesses.acquires;
	uint32_t before = location->version;

	if (known->location == location && known->version == before)
		known->version++;
	for (uint32_t i = 0; i < thread->accesses.acquire_count; i++)
		if (acquires[i].location == location && acquires[i].version == before)
			acquires[i].version++;
	/* release: pairs with atomic_has_news(). */
	store_release(&location->version, before + 1);
}

#define LOOKS 8u /* of a load of which it is not known how many checks stand before it */

static void acquire_pending(struct detector *detector, struct thread *thread,
			    struct pending_acquire *pending)
{
	struct atomic_location *location = pending->location;
	uint32_t news[ATOMIC_HALVES] = {CLOCK_ANY_SLOT, CLOCK_ANY_SLOT};
	uint32_t tellers[ATOMIC_HALVES];
	uint64_t told[ATOMIC_HALVES] = {0, 0};
	struct clock_joiner by;

	if (!atomic_has_news(pending))
		return;
	by = memory_before_join(detector, thread);
	atomic_disown(detector, thread, location);
	if (!atomic_take_busy(thread, location)) {
		detector_count(detector, LOST_EDGES);
		return;
	}
	pending->version = location->version;
	for (uint32_t i = 0; i < ATOMIC_HALVES; i++) {
		if (!(pending->halves & 1u << i))
			continue;
		if (location->is_futex)
			news[i] = find_news(thread, &location->halves[i]);
		told[i] = find_told(thread, &location->halves[i]);
		tellers[i] = location->halves[i].teller;
		atomic_acquire_half(by, &location->halves[i]);
	}
	atomic_note_acquired(thread, location, pending->halves);
	spin_unlock(&location->busy);
	for (uint32_t i = 0; i < ATOMIC_HALVES; i++) {
		if (news[i] != CLOCK_ANY_SLOT)
			clock_learn(detector, thread, news[i]);
		else if (told[i])
			clock_be_told(detector, thread, tellers[i], told[i]);
	}
}

/* relaxed: any version but the present one, so that the next look joins. */
static uint32_t unknown_version(const struct atomic_location *location)
{
	return ~load_relaxed(&location->version);
}

/* Other halves may not have been acquired from at its version. */
static void add_loads(struct pending_acquire *pending, const struct pending_acquire *more)
{
	if (more->halves & ~pending->halves)
		pending->version = unknown_version(pending->location);
	pending->halves |= more->halves;
	if (pending->looks_left < more->looks_left)
		pending->looks_left = more->looks_left;
}

/* Puts it last.  When there are too many, the first is dropped, whose load was made long
 * ago. */
static void put_pending(struct thread *thread, struct pending_acquire pending)
{
	struct pending_acquire *acquires = thread->accesses.acquires;
	uint32_t count = thread->accesses.acquire_count;
	uint32_t at = 0;

	while (at < count && acquires[at].location != pending.location)
		at++;
	if (at < count)
		add_loads(&pending, &acquires[at]);
	else if (count == PENDING_ACQUIRES)
		at = 0;
	else
		count++;
	for (; at + 1 < count; at++)
		acquires[at] = acquires[at + 1];
	acquires[at] = pending;
	thread->accesses.acquire_count = (uint16_t)count;
}

void atomic_add_pending(struct thread *thread, struct atomic_location *location, uint32_t halves,
			const struct site *site)
{
	uint32_t looks = site ? site->flags >> SITE_LOOKS_SHIFT & SITE_LOOKS_MOST : 0;
	const struct known_version *known = known_version_of(thread, location);
	bool is_known = known->location == location && !(halves & ~known->halves);

	put_pending(thread, (struct pending_acquire){
				    .location = location,
				    .version = is_known ? known->version
							: unknown_version(location),
				    .halves = (uint8_t)halves,
				    .looks_left = (uint8_t)(looks ? looks : LOOKS),
			    });
}

/* The list is emptied first: recording pending granules calls this function again, and may
 * add to the list. */
static void catch_up_slowly(struct detector *detector, struct thread *thread)
{
	struct pending_acquire taken[PENDING_ACQUIRES];
	uint32_t count = thread->accesses.acquire_count;

	for (uint32_t i = 0; i < count; i++)
		taken[i] = thread->accesses.acquires[i];
	thread->accesses.acquire_count = 0;
	for (uint32_t i = 0; i < count; i++) {
		acquire_pending(detector, thread, &taken[i]);
		put_pending(thread, taken[i]);
	}
}

/* Others have come to what the thread owned, and may have stored before the thread's last loads. */
static void note_disowned(const struct detector *detector, struct thread *thread)
{
	/* The barrier is before the look at owners: who sets it has changed these. */
	exchange_acq_rel(&thread->accesses.is_disowned, 0);
	for (uint32_t i = 0; i < OWNED_LOADS; i++) {
		uint64_t word = thread->accesses.owned_loads[i];
		struct atomic_location *location = word ? atomic_table_get(detector, word) : NULL;

		if (!location || atomic_is_owner(thread, location))
			continue;
		thread->accesses.owned_loads[i] = 0;
		atomic_add_pending(thread, location, (1u << ATOMIC_HALVES) - 1, NULL);
	}
}

void atomic_catch_up(struct detector *detector, struct thread *thread)
{
	/* relaxed: a late look will do. */
	if (UNLIKELY(load_relaxed(&thread->accesses.is_disowned)))
		note_disowned(detector, thread);
	for (uint32_t i = 0; i < thread->accesses.acquire_count; i++) {
		if (UNLIKELY(atomic_has_news(&thread->accesses.acquires[i]))) {
			catch_up_slowly(detector, thread);
			return;
		}
	}
}

void atomic_look(struct detector *detector, struct thread *thread)
{
	struct pending_acquire *acquires = thread->accesses.acquires;
	uint32_t kept = 0;

	for (uint32_t i = 0; i < thread->accesses.acquire_count; i++)
		acquires[i].looks_left--;
	atomic_catch_up(detector, thread); /* may add some, whose looks are still to come */
	for (uint32_t i = 0; i < thread->accesses.acquire_count; i++) {
		acquires[kept] = acquires[i];
		kept += acquires[kept].looks_left != 0;
	}
	thread->accesses.acquire_count = (uint16_t)kept;
}

void atomic_look_anew(struct thread *thread)
{
	for (uint32_t i = 0; i < thread->accesses.acquire_count; i++)
		thread->accesses.acquires[i].looks_left = SITE_LOOKS_MOST;
}

void atomic_acquire_late(struct detector *detector, struct thread *thread, uint64_t word)
{
	struct atomic_location *location = atomic_table_get(detector, word);
	struct pending_acquire all = {.location = location, .halves = (1u << ATOMIC_HALVES) - 1};

	if (!location)
		return;
	all.version = unknown_version(location);
	acquire_pending(detector, thread, &all);
}
