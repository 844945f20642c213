#include "detect/race/atomics/asleep.h"

#include "detect/race/race.h"
#include "detect/race/record_part.h"
#include "detect/shadow/atomic_table.h"
#include "detect/shadow/claim.h"

void atomic_fall_asleep(struct detector *detector, struct thread *thread,
			struct atomic_location *location, uint32_t bytes, site_id site)
{
	struct shadow shadow = shadow_of(location->granule);
	uint64_t awake = atomic_word(location);
	uint64_t asleep = atomic_asleep_word(location, thread->slot);
	uint64_t current = *thread->clocks.current;
	uint64_t read = awake;

	if (!atomic_may_sleep(location) || current == SHADOW_NO_EPOCH ||
	    !claim_exchange(detector, shadow.read, &read, asleep))
		return;
	/* If it fails, and the word is another, its memory begins a new life. */
	if (record_exchange(detector, shadow.write, &shadow.origins->write, awake,
			    race_base(current) | bytes, origin_of_site(site)) ||
	    load_acquire(shadow.write) != awake)
		return;
	claim_exchange(detector, shadow.read, &asleep, awake);
}

/* Records the store of @thread to @bytes of what it has alone.  False: it cannot. */
static bool record_store(struct detector *detector, struct thread *thread, struct shadow shadow,
			 uint32_t bytes, site_id site, bool is_by_site)
{
	uint64_t old = load_acquire(shadow.write);
	uint64_t mine = race_base(*thread->clocks.current) | bytes;

	if (shadow_form(old) != SHADOW_PLAIN || shadow_slot(old) != thread->slot)
		return false;
	if (shadow_is_same_epoch(old, mine)) {
		mine |= old;
		if (mine == old)
			return true;
	}
	return (!is_by_site || site_is_unheard(site)) &&
	       record_exchange(detector, shadow.write, &shadow.origins->write, old, mine,
			       origin_of_site(site));
}

bool atomic_pass_asleep(struct detector *detector, struct thread *thread, struct shadow shadow,
			uint64_t read, uint32_t bytes, bool is_write, site_id site)
{
	struct atomic_location *location = shadow_is_asleep_of(read, thread->slot)
						   ? atomic_table_get(detector, read)
						   : NULL;

	/* A store may load, too. */
	return location && atomic_load_owned(thread, location) &&
	       (!is_write || record_store(detector, thread, shadow, bytes, site,
					     shadow_bytes(read)));
}

/* The owner's last store was that of its word @write, at @site if that is known. */
static void note_last(struct atomic_location *location, uint64_t write, site_id site)
{
	if (!write || shadow_form(write) != SHADOW_PLAIN ||
	    shadow_slot(write) != shadow_slot(location->owner))
		return;
	/* relaxed: as in atomic_store_owned() */
	store_relaxed(&location->owner, race_base(write));
	if (site)
		store_relaxed(&location->store_site, site);
	for (uint32_t i = 0; i < ATOMIC_HALVES; i++) {
		struct cell *last = &location->halves[i].last;

		if (last->word && shadow_slot(last->word) == shadow_slot(write))
			last->word = race_base(write) | shadow_bytes(last->word);
	}
}

void atomic_wake_busy(struct detector *detector, struct atomic_location *location)
{
	struct shadow shadow = shadow_of(location->granule);
	uint64_t read = load_acquire(shadow.read);
	origin_id origin = 0;
	uint64_t write;

	/* Else it is awake, or its memory has begun a new life. */
	if (shadow_form(read) != SHADOW_ASLEEP || atomic_table_get(detector, read) != location)
		return;
	do {
		write = cells_load(detector, shadow.write);
		origin_find(&shadow.origins->write, write, &origin);
	} while (!claim_exchange(detector, shadow.write, &write, atomic_word(location)));
	note_last(location, write, origin_site(detector, origin));
	/* A claim may have gone over it: then it is looked at again. */
	while (shadow_form(read) == SHADOW_ASLEEP &&
	       !claim_exchange(detector, shadow.read, &read, atomic_word(location)))
		;
}

bool atomic_wake(struct detector *detector, const struct thread *thread, uint64_t read)
{
	struct atomic_location *location = atomic_table_get(detector, read);

	if (!location || !atomic_take_busy(thread, location)) {
		detector_count(detector, LOST_EDGES);
		return false;
	}
	atomic_wake_busy(detector, location);
	spin_unlock(&location->busy);
	return true;
}
