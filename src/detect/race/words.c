/* Changes of shadow words that need cells: these are copied to a list, changed there,
 * and stored as one word or in a new record. */
#include "base/spin_lock.h"
#include "detect/base/detector.h"
#include "detect/base/thread.h"
#include "detect/race/atomics/asleep.h"
#include "detect/race/race.h"
#include "detect/shadow/read_lines.h"
#include "detect/shadow/read_set.h"
#include "detect/shadow/summary.h"

#define NO_SLOT 0xfffu

#define ORIGIN_SLEEPS 160u /* some 200 ms */

static uint32_t slot_of(uint64_t word)
{
	return shadow_form(word) == SHADOW_SET ? NO_SLOT : shadow_slot(word);
}

/* Who claims a page lets no origin make way: until the claim ends, what is there may be older. */
bool race_has_origin(struct race_place place, uint64_t word, origin_id *origin)
{
	origin_id found;

	if (load_acquire(claim_turn_of(place.word)) & (CLAIM_HELD | CLAIM_RUNS) ||
	    !origin_find(place.origin, word, &found) || load_acquire(place.word) != word)
		return false;
	*origin = found;
	return true;
}

/* A word and its origin are two stores, and their thread may be preempted in between.
 * If the origin never comes, as an access that the word has replaced stored the last
 * one, the wait ends and is not repeated. */
bool race_find_origin(struct race_place place, uint64_t word, origin_id *origin)
{
	for (uint32_t tries = 0; tries < SPIN_PAUSES + ORIGIN_SLEEPS; tries++) {
		if (LIKELY(race_has_origin(place, word, origin)))
			return true;
		if (claim_look(place.word) != word)
			return false;
		spin_wait(tries);
	}
	*origin = 0;
	origin_put(place.origin, place.word, 0, word);
	return true;
}

bool race_lay_out(struct race_place place, uint64_t old, struct cell_list *list)
{
	if (cells_are(old))
		return cells_read(place.word, old, list);
	list->count = old != 0;
	list->cells[0] = (struct cell){old, 0};
	return !old || race_find_origin(place, old, &list->cells[0].origin);
}

static void add_mine(struct race_step *step, struct cell_list *list, uint32_t bytes)
{
	if (bytes)
		cell_list_add(list, race_base(step->mine) | bytes, race_origin(step));
}

/* Adds @cell as read by this thread as well. */
static void add_joined(struct race_step *step, struct cell_list *list, const struct cell *cell,
		       uint32_t bytes)
{
	uint64_t base = race_base(cell->word);
	uint64_t joined = base == race_base(step->mine)
				  ? base
				  : read_set_join(step->detector, step->thread, cell->word);
	struct origin_part part = {(uint16_t)step->thread->slot, (uint8_t)bytes, 0};

	if (joined == base) {
		cell_list_add(list, base | bytes, cell->origin);
	} else if (joined == race_base(step->mine)) {
		add_mine(step, list, bytes);
	} else {
		part.origin = race_origin(step);
		cell_list_add(list, joined | bytes,
			 origin_join(step->detector, step->thread, cell->origin,
				     slot_of(cell->word), bytes, &part));
	}
}

static struct origin_part part_of(const struct cell *cell)
{
	return (struct origin_part){(uint16_t)slot_of(cell->word),
				    (uint8_t)shadow_bytes(cell->word), cell->origin};
}

/* Whether one word, *@only, is enough. */
static bool is_one(struct detector *detector, struct thread *thread, const struct cell_list *list,
		   struct cell *only)
{
	struct origin_part parts[CELLS_MAX];

	*only = list->count ? list->cells[0] : (struct cell){0, 0};
	for (uint32_t i = 1; i < list->count; i++)
		if (race_base(list->cells[i].word) != race_base(only->word))
			return false;
	if (list->count < 2)
		return true;
	for (uint32_t i = 0; i < list->count; i++) {
		parts[i] = part_of(&list->cells[i]);
		only->word |= list->cells[i].word;
	}
	only->origin = origin_unite(detector, thread, parts, list->count);
	return true;
}

static bool has_set(const struct cell_list *list)
{
	for (uint32_t i = 0; i < list->count; i++)
		if (shadow_form(list->cells[i].word) == SHADOW_SET)
			return true;
	return false;
}

/* Stores a word for @list in *@place, if that still is @old. */
static bool put_list(struct detector *detector, struct thread *thread, struct race_place place,
		     uint64_t old, const struct cell_list *list)
{
	uint64_t expected = old;
	struct cell only;
	uint32_t taken;

	if (is_one(detector, thread, list, &only)) {
		taken = only.word ? origin_make_way(place.origin, only.origin, only.word)
				  : origin_take_away(place.origin, place.word, old);
		if (!claim_exchange(detector, place.word, &expected, only.word)) {
			origin_give_back(place.origin, place.word, taken);
			return false;
		}
		if (only.word)
			origin_put(place.origin, place.word, only.origin, only.word);
		else
			origin_take_away(place.origin, place.word, 0);
		cells_free(thread, old);
	} else if (!cells_put(detector, thread, place.word, old, place.granule, list)) {
		return false;
	}
	if (!place.is_write)
		summary_revoke(place.granule);
	if (UNLIKELY(has_set(list)))
		read_set_mark(detector, detector->read_sets, place.granule);
	return true;
}

uint64_t race_settle(struct detector *detector, struct thread *thread, struct race_place place)
{
	struct cell_list list;
	struct cell_list folded;
	uint64_t word;

	for (word = cells_load(detector, place.word);
	     read_lines_are(word) || shadow_form(word) == SHADOW_ASLEEP;
	     word = cells_load(detector, place.word)) {
		if (shadow_form(word) == SHADOW_ASLEEP) {
			if (!atomic_wake(detector, thread, word))
				return 0;
			continue;
		}
		if (!read_lines_fold(detector, thread, place.word, word, &list))
			continue;
		folded.count = 0;
		for (uint32_t i = 0; i < list.count; i++)
			cell_list_add(&folded, list.cells[i].word, list.cells[i].origin);
		/* Memory that has begun a new life meanwhile has no busy words. */
		put_list(detector, thread, place, read_lines_busy(word), &folded);
	}
	return word;
}

bool race_put_among(struct race_step *step, struct race_place place, uint64_t old,
		    const struct cell_list *list)
{
	struct cell_list after = {.count = 0};
	uint32_t left = step->bytes;

	for (uint32_t i = 0; i < list->count; i++) {
		const struct cell *cell = &list->cells[i];
		uint32_t both = shadow_bytes(cell->word) & step->bytes;

		cell_list_add(&after, cell->word & ~(uint64_t)step->bytes, cell->origin);
		if (!place.is_write && both) {
			add_joined(step, &after, cell, both);
			left &= ~both;
		}
	}
	add_mine(step, &after, left);
	return put_list(step->detector, step->thread, place, old, &after);
}

void race_take_bytes(struct detector *detector, struct thread *thread, struct race_place place,
		     uint32_t bytes, uint64_t kept)
{
	struct cell_list list;
	struct cell_list after;
	uint64_t old;
	uint32_t taken;

	for (;;) {
		old = race_load(detector, thread, place);
		if (!old || shadow_form(old) == SHADOW_ATOMIC)
			return;
		if (!race_lay_out(place, old, &list))
			continue;
		after.count = 0;
		taken = 0;
		for (uint32_t i = 0; i < list.count; i++) {
			const struct cell *cell = &list.cells[i];
			uint32_t these = shadow_is_same_epoch(cell->word, kept) ? 0 : bytes;

			cell_list_add(&after, cell->word & ~(uint64_t)these, cell->origin);
			taken |= shadow_bytes(cell->word) & these;
		}
		if (!taken || put_list(detector, thread, place, old, &after))
			return;
	}
}
