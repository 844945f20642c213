#include "detect/race/verdict.h"

#include "detect/race/updates/update.h"

#define MOVE_BYTES 8u /* of an atomic one, at most */

/* --- Kinds of access ------------------------------------------------------- */

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

struct kind_of_access verdict_kind_of_mine(const struct race_step *step)
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
struct kind_of_access verdict_kind_of_other(const struct race_step *step)
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

/* What was not observed may have ordered the two; but a value that was overwritten is
 * lost in any order. */
struct race_verdict verdict_lower_if_doubted(const struct detector *detector,
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
struct race_verdict verdict_of_updates(const struct race_step *step, bool is_examined)
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

struct race_verdict verdict_of_kinds(const struct race_step *step,
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
		verdict = verdict_of_updates(step, mine->is_examined);
	} else if (mine->is_move && other->is_move) {
		bool spins = (mine->spins && !mine->is_write) || (other->spins && !other->is_write);

		verdict.kind = spins ? FINDING_UNMARKED_SYNC : FINDING_DATA_RACE;
		verdict.severity = spins ? SEVERITY_NOTE : SEVERITY_WARNING;
		verdict.details = spins ? DETAIL_SPIN : DETAIL_MAY_BE_ATOMIC;
	} else if (mine->is_doubtful || other->is_doubtful) {
		verdict.details = DETAIL_DOUBTFUL;
	}
	return verdict_lower_if_doubted(step->detector, verdict);
}

struct race_verdict verdict_of(const struct race_step *step)
{
	struct kind_of_access mine = verdict_kind_of_mine(step);
	struct kind_of_access other = verdict_kind_of_other(step);

	return verdict_of_kinds(step, &mine, &other);
}
