#include "detect/race/race.h"

#include "detect/shadow/read_set.h"
#include "detect/shadow/summary.h"

/* Of a check that several sites share, which one of them this is at @byte. */
static site_id my_site(const struct race_step *step, uint32_t byte)
{
	uintptr_t offset = step->granule + byte - step->access->address;

	return site_member_at(&step->detector->sites, step->access->site, (uint32_t)offset,
			      step->is_write ? SITE_WRITE : SITE_READ);
}

/*
 * The same of an earlier access, of which the granule has @bytes.  They begin where
 * it began, unless it began in the granule before and ends here.
 */
static site_id other_site(const struct race_step *step, uint32_t bytes, uint32_t byte)
{
	const struct site_table *sites = &step->detector->sites;
	site_id head = origin_site(step->detector, step->other_origin);
	const struct site *site = site_get(sites, head);
	uint32_t first = (uint32_t)__builtin_ctz(bytes);
	uint32_t count = shadow_byte_count(bytes);
	uint32_t whole;

	if (LIKELY(!site || !site->next_member))
		return head;
	whole = site_check_bytes(sites, head);
	if (first == 0 && count < whole && count < SHADOW_GRANULE)
		byte += whole - count;
	return site_member_at(sites, head, byte - first,
			      step->other_is_write ? SITE_WRITE : SITE_READ);
}

/* This access conflicts with one of @word's thread.  Where bytes of one word were
 * accessed at several places, each is a pair of its own. */
static void classify_conflict(struct race_step *step, uint64_t word, origin_id origin,
			      bool is_write)
{
	uint32_t left = shadow_bytes(word) & step->bytes;

	while (left) {
		struct origin_part part =
			origin_part_at(step->detector, origin, shadow_slot(word), left);
		uint32_t both = part.bytes & left;

		step->other = race_base(word) | (part.bytes & shadow_bytes(word));
		step->other_is_write = is_write;
		step->other_is_freed = shadow_form(word) == SHADOW_FREED;
		step->other_origin = part.origin;
		step->shared_bytes = both ? both : left;
		step->site = my_site(step, (uint32_t)__builtin_ctz(step->shared_bytes));
		step->other_site = other_site(step, shadow_bytes(step->other) | step->shared_bytes,
					      (uint32_t)__builtin_ctz(step->shared_bytes));
		if (LIKELY(!race_is_certain_order(step->thread, step->other))) {
			step->has_conflict = true;
			race_classify(step);
		} else if (UNLIKELY(step->thread->clocks.predicts)) {
			race_predict(step);
		}
		left &= ~(both ? both : left);
	}
}

void race_compare_word(struct race_step *step, uint64_t word, origin_id origin, bool is_write)
{
	uint32_t next = 0;
	uint64_t member;

	if (!(shadow_bytes(word) & step->bytes))
		return;
	if (LIKELY(shadow_form(word) != SHADOW_SET)) {
		if (UNLIKELY(!race_is_covered(step->thread, word)))
			classify_conflict(step, word, origin, is_write);
		return;
	}
	while ((member = read_set_unordered(step->detector, step->thread, word, &next)) != 0)
		classify_conflict(step, member | shadow_bytes(word), origin, is_write);
}

void race_compare_list(struct race_step *step, const struct cell_list *list, bool is_write)
{
	for (uint32_t i = 0; i < list->count; i++)
		race_compare_word(step, list->cells[i].word, list->cells[i].origin, is_write);
}

bool race_is_conflict(const struct race_step *step, uint64_t word)
{
	uint32_t next = 0;

	if (!(shadow_bytes(word) & step->bytes))
		return false;
	if (LIKELY(shadow_form(word) != SHADOW_SET))
		return !race_is_covered(step->thread, word);
	return read_set_unordered(step->detector, step->thread, word, &next) != 0;
}

uint64_t race_compare(struct race_step *step, struct race_place place)
{
	struct cell_list list;
	origin_id origin;
	uint64_t word;

	/* Nobody else has read it. */
	if (!place.is_write && shadow_is_asleep_of(load_acquire(place.word), step->thread->slot))
		return 0;
	word = race_load(step->detector, step->thread, place);
	for (; word && shadow_form(word) != SHADOW_ATOMIC;
	     word = race_load(step->detector, step->thread, place)) {
		if (cells_are(word)) {
			if (!race_lay_out(place, word, &list))
				continue;
			race_compare_list(step, &list, place.is_write);
		} else if (race_is_conflict(step, word)) {
			if (!race_find_origin(place, word, &origin))
				continue;
			race_compare_word(step, word, origin, place.is_write);
		}
		break;
	}
	return word;
}

void race_forget_readers(struct race_step *step, struct race_place place, uint64_t word)
{
	uint32_t taken;

	if (!word || shadow_form(word) == SHADOW_ATOMIC || shadow_is_same_epoch(word, step->mine) ||
	    race_may_change_nothing(step))
		return;
	pending_release_leave_known(step, place, word);
	if (cells_are(word) || shadow_bytes(word) & ~step->bytes) {
		race_take_bytes(step->detector, step->thread, place, step->bytes, step->mine);
		return;
	}
	taken = origin_take_away(place.origin, place.word, word);
	if (!claim_exchange(step->detector, place.word, &word, 0)) {
		origin_give_back(place.origin, place.word, taken);
		return;
	}
	/* Another thread may have read it again meanwhile. */
	origin_take_away(place.origin, place.word, 0);
	summary_revoke(place.granule);
}
