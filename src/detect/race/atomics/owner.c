/* Owners of atomic locations: who alone stores there (atomic_location.h). */
#include "detect/base/assumed.h"
#include "detect/base/thread.h"
#include "detect/race/atomics/asleep.h"
#include "detect/race/atomics/atomic_location.h"
#include "detect/race/memory.h"
#include "detect/race/race.h"

bool atomic_pass_owned(const struct detector *detector, struct thread *thread, uint64_t word,
		       uint64_t current, uint32_t bytes, bool is_write)
{
	struct atomic_location *location = atomic_table_get(detector, word);

	/* relaxed: as in atomic_access() and atomic_is_owner() */
	if (!location || bytes & ~(uint32_t)load_relaxed(&location->bytes) ||
	    !atomic_load_owned(thread, location))
		return false;
	/* A store may load, too. */
	return !is_write ||
	       (load_relaxed(&location->owner) == race_base(current) &&
		!load_relaxed(&location->owns_by_site) && !memory_is_late(thread));
}

/* The epoch in which @thread has last recorded anything, as a plain word without bytes. */
static uint64_t last_epoch(const struct thread *thread)
{
	return thread->clocks.recorded_epoch
		       ? shadow_plain(thread->slot, thread->clocks.recorded_epoch, 0)
		       : 0;
}

bool atomic_store_again(struct detector *detector, struct thread *thread, uint64_t word,
			uint32_t bytes, site_id site)
{
	struct atomic_location *location = atomic_table_get(detector, word);

	/* It may load, too. */
	return location && atomic_load_owned(thread, location) &&
	       atomic_store_owned(detector, thread, location, bytes, site);
}

/* --- Who comes, and who is alone ----------------------------------------------------- */

/* relaxed: hints, which the thread that is alone may change at the same time: as if it came after
 * that. */
void atomic_end_alone(struct atomic_location *location)
{
	store_relaxed(&location->uses_alone, (uint16_t)0);
	store_relaxed(&location->stores_alone, (uint16_t)0);
	if (load_relaxed(&location->moved_bytes))
		site_is_heard(load_relaxed(&location->store_site));
	store_relaxed(&location->moved_bytes, (uint8_t)0);
}

/* Up to the most that 16 bits hold. */
static void count(uint16_t *number)
{
	uint16_t before = load_relaxed(number);

	if (before < UINT16_MAX)
		store_relaxed(number, (uint16_t)(before + 1));
}

void atomic_count_compare(const struct thread *thread, struct atomic_location *location)
{
	store_relaxed(&location->stores_alone, (uint16_t)0);
	if (load_relaxed(&location->storer) == thread->slot)
		count(&location->uses_alone);
}

void atomic_count_store(struct thread *thread, struct atomic_location *location, uint32_t moved,
			site_id site)
{
	if (load_relaxed(&location->storer) != thread->slot) {
		store_relaxed(&location->storer, thread->slot);
		location->stores_alone = location->uses_alone = 0;
		location->moved_bytes = 0;
	}
	count(&location->stores_alone);
	count(&location->uses_alone);
	if (moved) {
		store_relaxed(&location->store_site, site);
		location->moved_bytes |= (uint8_t)moved;
		site_count_unheard(site);
	}
	if (location->stores_alone >= location->stores_wanted && last_epoch(thread))
		store_relaxed(&location->owner, last_epoch(thread));
}

/*
 * Has the thread that uses @location alone stored to @bytes by a plain move before, and does nobody
 * come for what is stored at @site?  The first such store after a locked instruction may release
 * a lock.
 */
static bool is_for_nobody(const struct atomic_location *location, uint32_t bytes, site_id site)
{
	return site && !(bytes & ~(uint32_t)load_relaxed(&location->moved_bytes)) &&
	       site_is_unheard(site);
}

bool atomic_begin_owning(struct thread *thread, struct atomic_location *location, uint32_t bytes,
			 site_id site)
{
	uint64_t epoch = last_epoch(thread);

	if (!epoch || load_relaxed(&location->storer) != thread->slot ||
	    load_relaxed(&location->uses_alone) < location->stores_wanted / ATOMIC_UNHEARD_PART ||
	    !is_for_nobody(location, bytes, site))
		return false;
	store_relaxed(&location->store_site, site);
	store_relaxed(&location->owns_by_site, true);
	store_relaxed(&location->owner, epoch);
	/* As a release: who looks again then makes it. */
	atomic_announce_release(thread, location);
	return true;
}

/* Its own write to @bytes, which is kept as the last one, is as new as @epoch.  Where it was made
 * stays as it is. */
static void renew_last(const struct thread *thread, struct atomic_location *location,
		       uint32_t bytes, uint64_t epoch)
{
	struct cell *last = &atomic_half_of(location, bytes)->last;

	if (last->word && shadow_slot(last->word) == thread->slot &&
	    shadow_bytes(last->word) == bytes)
		last->word = epoch | bytes;
}

bool atomic_store_owned(struct detector *detector, struct thread *thread,
			struct atomic_location *location, uint32_t bytes, site_id site)
{
	bool is_owner, may_sleep;
	uint64_t epoch;

	/* relaxed: as in atomic_access() */
	if (bytes & ~(uint32_t)load_relaxed(&location->bytes))
		return false;
	if (load_relaxed(&location->owns_by_site)) {
		if (!is_for_nobody(location, bytes, site))
			return false;
		store_relaxed(&location->store_site, site);
	}
	memory_settle(detector, thread);
	epoch = last_epoch(thread);
	may_sleep = site && atomic_may_sleep(location);
	if (load_relaxed(&location->owner) == epoch && !may_sleep)
		return true;
	if (!atomic_take_busy(thread, location))
		return false;
	is_owner = atomic_is_owner(thread, location);
	if (is_owner) {
		renew_last(thread, location, bytes, epoch);
		store_relaxed(&location->owner, epoch);
		if (may_sleep)
			atomic_fall_asleep(detector, thread, location, bytes, site);
	}
	spin_unlock(&location->busy);
	return is_owner;
}

/* Merges what @owner, of the words of @slot, knows by now into *@into, and its own accesses up
 * to @epoch.  NULL: it has ended. */
static void merge_living(struct vclock_snapshot **into, const struct thread *owner, uint32_t slot,
			 uint64_t epoch, struct arena *arena)
{
	struct vclock all = {.count = 0};

	if (owner && owner->memory) {
		vclock_join_living(&all, arena, clock_all(&owner->clocks), slot);
		for (uint32_t i = 0; i < ASSUMED_ACQUIRES; i++) {
			uint64_t word = owner->clocks.assumed[i].word;

			if (word && shadow_slot(word) != slot)
				vclock_raise(&all, arena, shadow_slot(word), shadow_epoch(word));
		}
		vclock_raise(&all, arena, slot, assumed_echo(&owner->clocks));
	}
	vclock_raise(&all, arena, slot, epoch);
	snapshot_merge_clock(into, &all, arena);
	vclock_free(&all, arena);
}

/* What clock_tell() gives for another thread. */
static uint64_t tell_for(const struct detector *detector, struct thread *owner, uint32_t slot)
{
	if (!owner || !load_relaxed(&detector->moment_count)) /* relaxed: as there */
		return 0;
	if (!detector->is_refining)
		store_relaxed(&owner->clocks.is_learnt, 1u);
	return vclock_get_living(&owner->clocks.hand_over, slot);
}

/* The owner's release, by its living clock.  Under detector.lock and location->busy. */
static void release_for_owner(struct detector *detector, struct thread *thread,
			      struct atomic_location *location)
{
	uint32_t slot = shadow_slot(location->owner);
	uint64_t epoch = shadow_epoch(location->owner);
	struct thread *owner = slot_thread(detector, slot);
	uint64_t told = tell_for(detector, owner, slot);

	store_relaxed(&location->owner, (uint64_t)0);
	if (location->owns_by_site)
		store_relaxed(&site_unheard[location->store_site], (uint16_t)SITE_HEARD);
	store_relaxed(&location->owns_by_site, false);
	/* Who still finds itself the owner has acquired before this reads its clock. */
	fence_full();
	for (uint32_t i = 0; i < ATOMIC_HALVES; i++) {
		struct atomic_half *half = &location->halves[i];

		merge_living(&half->clock, owner, slot, epoch, &thread->memory->arena);
		half->stamp = 0;
		if (!told)
			continue;
		half->told = told;
		half->teller = slot;
	}
	if (!owner)
		return;
	store_release(&owner->accesses.is_disowned, (uint16_t)1); /* pairs with note_disowned() */
	/* relaxed: as in assume_acquire() */
	if (load_relaxed(&owner->clocks.recorded_epoch) == epoch)
		store_relaxed(&owner->clocks.assumed_epoch, epoch);
}

void atomic_make_release(struct detector *detector, struct thread *thread,
			 struct atomic_location *location)
{
	uint32_t wanted;

	runtime_lock(&detector->lock);
	if (!atomic_take_busy(thread, location)) {
		runtime_unlock(&detector->lock);
		detector_count(detector, LOST_EDGES);
		return;
	}
	atomic_wake_busy(detector, location);
	if (location->owner) {
		if (shadow_slot(location->owner) != thread->slot)
			detector_count(detector, RELEASES_PUT_OFF);
		release_for_owner(detector, thread, location);
		store_relaxed(&location->stores_alone, (uint16_t)0);
		wanted = 2u * location->stores_wanted;
		if (wanted <= ATOMIC_STORES_ALONE_MOST)
			location->stores_wanted = (uint16_t)wanted;
		/* release: pairs with has_news(). */
		store_release(&location->version, location->version + 1);
	}
	spin_unlock(&location->busy);
	runtime_unlock(&detector->lock);
}

uint32_t atomic_end_owning(struct thread *thread, struct atomic_location *location)
{
	uint32_t halves = 0;

	if (!atomic_is_owner(thread, location))
		return 0;
	store_relaxed(&location->owner, (uint64_t)0);
	store_relaxed(&location->owns_by_site, false);
	/* A load that it made as the owner may be under way. */
	for (uint32_t i = 0; i < OWNED_LOADS; i++)
		if ((uint32_t)shadow_number(thread->accesses.owned_loads[i]) == location->number)
			store_release(&thread->accesses.is_disowned, (uint16_t)1);
	for (uint32_t i = 0; i < ATOMIC_HALVES; i++)
		if (location->halves[i].writers & atomic_writer_bit(thread))
			halves |= 1u << i;
	return halves;
}
