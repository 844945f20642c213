/*
 * Stores by which other threads seem to acquire.
 *
 * Who acquires by a store knows the epoch that it was made in, and so also what its thread does
 * behind it.  So some stores end their epoch: first ones of what looks like a flag, as nobody
 * knows yet what it is, and of what others seem to acquire by the next few hundred.
 */
#include "detect/race/atomics/atomic_location.h"
#include "detect/race/race.h"

/* Is the place of @access one that others seem to look at, or that the thread itself has not
 * stored to last, whatever it did beside it?  Not an atomic: of these it is known what a store
 * releases. */
static bool may_be_seen(const struct detector *detector, const struct thread *thread,
			const struct access *access, bool is_ordering)
{
	uintptr_t granule = access->address & ~(uintptr_t)(SHADOW_GRANULE - 1);
	uint32_t bytes =
		race_bytes_in(granule, access->address, access->address + access->size_bytes);
	struct shadow shadow;
	uint64_t word;

	if (!shadow_covers(access->address))
		return false;
	shadow = shadow_places(access->address);
	/* relaxed: other threads never store our word. */
	word = load_relaxed(shadow.write);
	/* As the one beside the other word of a lock of tickets. */
	if (shadow_form(word) == SHADOW_ATOMIC && atomic_find_rest(detector, word, bytes, &shadow))
		word = load_relaxed(shadow.write);
	return shadow_form(word) != SHADOW_ATOMIC &&
	       shadow_form(load_relaxed(shadow.read)) != SHADOW_ASLEEP &&
	       (is_ordering || !word || shadow_form(word) != SHADOW_PLAIN ||
		shadow_slot(word) != thread->slot || !(word & bytes));
}

#define ORDERING_STORES 512u

/* Is it among the first stores of a site by which others seem to acquire?  They count on from
 * those of which callers are kept. */
static bool is_early_release(struct site *site)
{
	/* relaxed: a count that need not be exact */
	uint32_t count = load_relaxed(&site->first_count);

	if (count >= ORIGIN_FIRST_CALLERS && count < ORDERING_STORES)
		store_relaxed(&site->first_count, count + 1);
	return count < ORDERING_STORES;
}

bool ordering_ends_epoch(const struct detector *detector, const struct thread *thread,
			 const struct access *access, struct site *site)
{
	/* relaxed: a hint, a count of few */
	bool is_ordering = load_relaxed(&site_attention[access->site]) == SITE_ORDERING;

	return site && site->flags & SITE_PLAIN_MOVE && access->flags & SITE_WRITE &&
	       !access->is_late && !access->is_recorded &&
	       (is_ordering ? is_early_release(site)
			    : (access->size_bytes <= 4 || site->flags & SITE_CONSTANT) &&
				      load_relaxed(&site->first_count) == 1) &&
	       may_be_seen(detector, thread, access, is_ordering);
}

static void note_site(site_id id)
{
	store_relaxed(&site_attention[id], SITE_ORDERING); /* relaxed: a hint */
}

void ordering_note_own(struct race_step *step)
{
	struct site *site = site_get(&step->detector->sites, step->access->site);

	note_site(step->access->site);
	if (site && !step->access->is_late && !step->access->is_recorded && is_early_release(site))
		step->is_release = true;
}

/*
 * If its thread stores there again in the same epoch, its check would find that done.  So one byte
 * is taken away from what is recorded, and the next store is seen.
 */
void ordering_note(struct detector *detector, struct thread *thread, uintptr_t granule,
		   const struct cell *store)
{
	site_id id = origin_site(detector, store->origin);
	const struct site *site = site_get(&detector->sites, id);
	uint32_t bytes = shadow_bytes(store->word);
	uint32_t last = bytes ? 1u << (31 - __builtin_clz(bytes)) : 0;

	note_site(id);
	/* relaxed: as in is_early_release() */
	if (site && load_relaxed(&site->first_count) < ORDERING_STORES && bytes & (last >> 2))
		race_take_bytes(detector, thread, race_place(shadow_of(granule), granule, true),
				last, 0);
}
