#include "detect/race/record_part.h"

bool record_join(const struct part *part, uint64_t old)
{
	struct race_step step = {
		.detector = part->detector,
		.thread = part->thread,
		.granule = part->granule,
		.bytes = part->bytes,
		.mine = part->mine,
		.origin = part->origin,
	};

	return part->origin && shadow_form(old) != SHADOW_ATOMIC &&
	       shadow_form(old) != SHADOW_BUSY &&
	       race_put_read(&step, race_place(shadow_of(part->granule), part->granule, false),
			     old);
}

/* @list says of one epoch's accesses to all bytes. */
static bool become_whole(const struct part *part, uint64_t old, const struct cell_list *list)
{
	struct origin_part parts[CELLS_MAX];

	for (uint32_t i = 0; i < list->count; i++)
		parts[i] = (struct origin_part){(uint16_t)part->thread->slot,
						(uint8_t)shadow_bytes(list->cells[i].word),
						list->cells[i].origin};
	if (!record_exchange(part->detector, part->place, part->origin_place, old,
			     part->mine | SHADOW_ALL_BYTES,
			     origin_unite(part->detector, part->thread, parts, list->count)))
		return false;
	cells_free(part->thread, old);
	return true;
}

/* Replaces *part->place, which was @old, by a word for @list and the part. */
static bool put_with(const struct part *part, uint64_t old, struct cell_list *list)
{
	uint32_t bytes = part->bytes;
	bool is_one_epoch = true;

	for (uint32_t i = 0; i < list->count; i++) {
		is_one_epoch &= shadow_is_same_epoch(list->cells[i].word, part->mine);
		bytes |= shadow_bytes(list->cells[i].word);
	}
	cell_list_add(list, part->mine, part->origin);
	if (is_one_epoch && bytes == SHADOW_ALL_BYTES)
		return become_whole(part, old, list);
	return cells_put(part->detector, part->thread, part->place, old, part->granule, list);
}

/* What one word said becomes two cells. */
static bool put_beside_word(const struct part *part, uint64_t old)
{
	struct race_place place = {part->place, part->origin_place, part->granule, part->is_write};
	struct cell_list list;
	struct cell cell = {.word = old};

	list.count = 0;
	/* Its thread may be about to store the origin. */
	if (!race_has_origin(place, old, &cell.origin))
		return false;
	cell_list_add(&list, cell.word & ~(uint64_t)part->bytes, cell.origin);
	return put_with(part, old, &list);
}

/* Copies the cells of @old and puts them in a new record. */
static bool put_anew(const struct part *part, uint64_t old)
{
	struct cell_list before, list;

	list.count = 0;
	if (!cells_read(part->place, old, &before))
		return false;
	for (uint32_t i = 0; i < before.count; i++)
		cell_list_add(&list, before.cells[i].word & ~(uint64_t)part->bytes,
			      before.cells[i].origin);
	return put_with(part, old, &list);
}

static bool put_among_cells(const struct part *part, uint64_t old)
{
	return record_are_clear(part->thread, part->place, old, part->bytes) &&
	       (cells_add(part->detector, part->place, old, part->mine, part->origin) ||
		put_anew(part, old));
}

bool record_part(const struct part *part)
{
	struct shadow shadow = shadow_places(part->granule);
	uint64_t *other = part->is_write ? shadow.read : shadow.write;
	uint64_t old = load_acquire(part->place);
	bool is_put;

	if (shadow_is_same_epoch(old, part->mine) && !(part->bytes & ~shadow_bytes(old)))
		return true;
	if (record_is_before(part->thread, old) && !(shadow_bytes(old) & ~part->bytes))
		is_put = record_exchange(part->detector, part->place, part->origin_place, old,
					 part->mine, part->origin);
	else if (record_is_clear(part->thread, old, part->bytes))
		is_put = put_beside_word(part, old);
	else
		is_put = (cells_are(old) && put_among_cells(part, old)) ||
			 (!part->is_write && record_join(part, old));
	/* acquire: as in record_whole() */
	return is_put && record_is_all_clear(part->thread, other, claim_ask(other), part->bytes);
}

void record_runs_again(struct detector *detector, struct thread *thread, uintptr_t granule,
		       uint32_t bytes, bool is_write, site_id site, bool is_late)
{
	while (bytes) {
		uint32_t first = (uint32_t)__builtin_ctz(bytes);
		uint32_t length = (uint32_t)__builtin_ctz(~(bytes >> first));

		record_again(detector, thread, granule + first, length, is_write, site, is_late);
		bytes &= ~(((1u << length) - 1) << first);
	}
}

/* Is @word of an earlier access to @bytes, and no others? */
static inline bool is_of_same_bytes(const struct thread *thread, uint64_t word, uint32_t bytes)
{
	return word && shadow_bytes(word) == bytes && record_is_before(thread, word);
}

bool record_at_once(const struct part *part, site_id site)
{
	struct shadow shadow = shadow_places(part->granule);
	uint64_t *other = part->is_write ? shadow.read : shadow.write;
	uint64_t old = load_acquire(part->place);
	uint64_t beside = load_acquire(other);
	uint64_t found;

	if (!cells_are(old) && !is_of_same_bytes(part->thread, old, part->bytes))
		return false;
	if (!record_is_all_clear(part->thread, other, beside, part->bytes))
		return false;
	if (cells_are(old) ? !put_among_cells(part, old)
			   : !record_exchange(part->detector, part->place, part->origin_place, old,
					      part->mine, part->origin))
		return false;
	/* acquire: as in record_whole().  The same word names the same cells. */
	found = claim_ask(other);
	if (UNLIKELY(found != beside &&
		     !record_is_all_clear(part->thread, other, found, part->bytes)))
		record_runs_again(part->detector, part->thread, part->granule, part->bytes,
				  part->is_write, site, false);
	return true;
}
