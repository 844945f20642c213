#include "detect/race/race.h"

#include "detect/race/atomics/atomic_location.h"
#include "detect/race/verdict.h"

bool race_tells_beside(struct site *plain)
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

	if (!is_within(plain, atomic) || !race_tells_beside(plain))
		return;
	/* Else it was looked at before the thread was taken to have acquired from it. */
	if (!pair->has_conflict && (race_is_ordered_late(pair) || pending_release_acquire(pair)))
		return;
	verdict = verdict_lower_if_doubted(pair->detector, BESIDE_ATOMIC);
	race_report(pair, &verdict);
}

void race_meet_read(const struct race_step *step, const struct cell *read)
{
	struct race_step pair = race_make_pair(step, step->access, read);
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
	struct race_step pair = race_make_pair(step, step->access, other);
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
	verdict = verdict_of_updates(&pair, plain->flags & SITE_EXAMINED);
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
	verdict = verdict_lower_if_doubted(step->detector, verdict);
	race_report(&pair, &verdict);
}
