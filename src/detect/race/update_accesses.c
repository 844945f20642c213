/*
 * Accesses that other rules than those of races want to see: reads that a later
 * write may rest on, and such writes (update.h).
 */
#include "detect/base/detector.h"
#include "detect/race/race.h"
#include "detect/race/update.h"

/* The last write of the first of @bytes, without bytes; none has word 0. */
static struct cell last_write(struct detector *detector, uintptr_t granule, uint32_t bytes)
{
	struct race_place place = race_place(shadow_of(granule), granule, true);
	struct cell_list list;

	if (!race_lay_out(place, cells_load(detector, place.word), &list))
		return (struct cell){0, 0};
	for (uint32_t i = 0; i < list.count; i++) {
		struct cell *cell = &list.cells[i];

		if (!(shadow_bytes(cell->word) & (bytes & -bytes)) ||
		    shadow_form(cell->word) != SHADOW_PLAIN)
			continue;
		return (struct cell){race_base(cell->word),
				     origin_part_at(detector, cell->what, shadow_slot(cell->word),
						    bytes & -bytes)
					     .what};
	}
	return (struct cell){0, 0};
}

/* What is ordered with all that was there before may still rest on a stale read,
 * or be what makes another's read stale. */
static void note_update(struct race_step *step, const struct access *access)
{
	uintptr_t granule = access->address & ~(uintptr_t)(SHADOW_GRANULE - 1);
	struct shadow shadow = shadow_of(granule);
	uint32_t bytes = SHADOW_ALL_BYTES << access->address % SHADOW_GRANULE & SHADOW_ALL_BYTES;
	const struct basis *basis;
	struct cell last;

	if (shadow_form(load_relaxed(shadow.write)) == SHADOW_ATOMIC)
		return;
	last = last_write(step->detector, granule, bytes);
	basis = access->flags & SITE_WRITE ? update_write(step, access, &last)
					   : update_read(step, access, &last);
	if (access->site == step->access->site)
		step->basis = basis;
}

/* Part of @access, made by @site, which shares the check. */
static struct access part_of(const struct access *access, const struct site *site, site_id id)
{
	struct access part = *access;
	uint32_t shift = site->member_offset * 8u;

	part.address += site->member_offset;
	part.size_bytes = site->size_bytes;
	part.site = id;
	if (shift < 64 && site->size_bytes < 8)
		part.value = part.value >> shift & ((1ull << site->size_bytes * 8u) - 1);
	return part;
}

/* Does @member's read say more than the whole check, whose flags are @flags? */
static bool is_of_its_own(uint32_t flags, const struct site *member)
{
	bool is_basis = member->slice && member->flags & (SITE_BASIS | SITE_DECIDES);

	return member->flags & SITE_WRITE ||
	       (is_basis && (member->member_offset || !(flags & SITE_WRITE)));
}

/* The sites that share a check are accesses of their own. */
void race_note_updates(struct race_step *step, const struct site *site)
{
	const struct access *access = step->access;
	struct access part;

	if (access->size_bytes > SHADOW_GRANULE)
		return;
	if (LIKELY(!site || !site->next_member)) {
		note_update(step, access);
		return;
	}
	part = part_of(access, site, access->site);
	note_update(step, &part);
	for (site_id id = site->next_member; id; id = site->next_member) {
		site = site_get(&step->detector->sites, id);
		if (!site)
			return;
		if (!is_of_its_own(access->flags, site))
			continue;
		part = part_of(access, site, id);
		part.flags = site->flags;
		note_update(step, &part);
	}
}
