#include "detect/race/record_fast.h"

#include "detect/base/thread.h"
#include "detect/race/race.h"
#include "detect/shadow/cells.h"
#include "detect/shadow/claim.h"
#include "detect/shadow/origin.h"
#include "detect/shadow/read_lines.h"

/* Whether @word is none, or plain and covered by @thread's clock. */
static inline bool is_before(const struct thread *thread, uint64_t word)
{
	uint32_t slot = shadow_slot(word);

	if (word == 0)
		return true;
	if (shadow_form(word) != SHADOW_PLAIN)
		return false;
	return slot < thread->clocks.full.count &&
	       (slot == thread->slot || thread->clocks.full.entries[slot] >= shadow_epoch(word));
}

/* The same for @bytes of it alone. */
static inline bool is_clear(const struct thread *thread, uint64_t word, uint32_t bytes)
{
	return is_before(thread, word) ||
	       (shadow_form(word) == SHADOW_PLAIN && !(shadow_bytes(word) & bytes));
}

bool record_are_clear(const struct thread *thread, const uint64_t *place, uint64_t word,
		      uint32_t bytes)
{
	struct cells cells;

	if (!cells_are(word))
		return false;
	cells = cells_of(word);
	for (uint32_t i = 0; i < cells.capacity; i++)
		if (!is_clear(thread, load_relaxed(&cells.words[i]), bytes))
			return false;
	fence_acquire();
	return load_relaxed(place) == word; /* relaxed: the fence orders it */
}

/* The same for the cells of @word, read at @place. */
static inline bool is_all_clear(const struct thread *thread, const uint64_t *place, uint64_t word,
				uint32_t bytes)
{
	return is_clear(thread, word, bytes) || record_are_clear(thread, place, word, bytes);
}

/* Records over @old.  False: it is not @old any more. */
static inline bool exchange_word(struct detector *detector, uint64_t *place, uint32_t *origin_place,
				 uint64_t old, uint64_t word, origin_id origin)
{
	struct race_place both = {.word = place, .origin = origin_place};

	if (!race_exchange(detector, both, &old, word, origin))
		return false;
	origin_store(origin_place, origin, word);
	return true;
}

bool record_is_wanted_by_row(struct detector *detector, struct thread *thread, site_id id,
			     uintptr_t address, uint32_t size_bytes, bool is_write,
			     enum access_callers *callers)
{
	struct site *site = site_get(&detector->sites, id);
	bool is_of_update;

	*callers = origin_choose_callers(detector, thread, site);
	if (UNLIKELY(*callers != CALLERS_DROPPED)) {
		if (*callers == CALLERS_SAMPLED && thread->accesses.stale_read_count &&
		    ++thread->accesses.stale_read_age > STALE_READ_SAMPLES)
			stale_reads_expire(detector, thread);
		return true;
	}
	/* relaxed: a hint */
	if (site->flags & (SITE_SILENT | SITE_SPIN) ||
	    load_relaxed(&site_attention[id]) == SITE_ORDERING)
		return true;
	if (stale_filter_may_have(&thread->accesses, address) && stale_reads_touch(thread, address))
		return true;
	is_of_update = is_write ? site->update_group != 0 : site->flags & SITE_MAY_BE_SPLIT;
	/* relaxed: a hint.  All threads look at it, so it is stored once only. */
	if (load_relaxed(&site_attention[id]) == SITE_WANTED)
		store_relaxed(&site_attention[id],
			      is_of_update ? SITE_QUIET_UNLOCKED : SITE_QUIET);
	if (LIKELY(!is_of_update))
		return false;
	return is_write ? detector->split_count &&
				  marks_find(&detector->split_marks, address, size_bytes)
			: thread->held.count != 0;
}

void record_again(struct detector *detector, struct thread *thread, uintptr_t address,
		  uint32_t size_bytes, bool is_write, site_id id, bool is_late)
{
	const struct site *site = site_get(&detector->sites, id);
	struct access access = {
		.address = address,
		.size_bytes = size_bytes,
		.site = id,
		.flags = (site ? site->flags : 0) | (is_write ? SITE_WRITE : SITE_READ),
		.callers = CALLERS_DROPPED,
		.is_recorded = true,
		.is_late = is_late,
	};

	access_check(detector, thread, &access);
}

/* A read of @size_bytes at @address in one granule, the read word of which has lines.  False:
 * it was left as it is. */
static bool record_line(struct detector *detector, struct thread *thread, uintptr_t address,
			uint32_t size_bytes, site_id site)
{
	struct shadow shadow = shadow_places(address);
	uint32_t bytes = ((1u << size_bytes) - 1) << address % SHADOW_GRANULE;
	uint64_t current = *thread->clocks.current;
	uint64_t word = load_acquire(shadow.read);

	if (LIKELY(!read_lines_are(word)))
		return false;
	if (read_line_has(word, current, bytes))
		return true;
	if (!is_all_clear(thread, shadow.write, load_acquire(shadow.write), bytes) ||
	    !read_line_note(detector, shadow.read, word, current, bytes, origin_of_site(site)))
		return false;
	*thread->clocks.shared = read_line_shared(word, current);
	/* acquire: as in record_whole() */
	if (UNLIKELY(!is_all_clear(thread, shadow.write, claim_ask(shadow.write), bytes)))
		record_again(detector, thread, address, size_bytes, false, site, false);
	return true;
}

/* A granule, or a part of one, on its way to shadow memory. */
struct part {
	struct detector *detector;
	struct thread *thread;
	uintptr_t granule;
	uint32_t bytes;
	bool is_write;
	origin_id origin;
	uint64_t mine;	 /* the plain word of this access */
	uint64_t *place; /* where it goes */
	uint32_t *origin_place;
};

/* Others have read it, too, in no order with this read. */
static bool join_part(const struct part *part, uint64_t old)
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

/* Others have read all of it, too, in no order with this read. */
static bool join_whole(struct detector *detector, struct thread *thread, uintptr_t granule,
		       uint64_t old, site_id site)
{
	struct part part = {
		.detector = detector,
		.thread = thread,
		.granule = granule,
		.bytes = SHADOW_ALL_BYTES,
		.mine = *thread->clocks.current,
		.origin = origin_of_site(site),
	};

	return shadow_bytes(old) == SHADOW_ALL_BYTES && !cells_are(old) && join_part(&part, old);
}

/* One whole granule.  False: it was left as it is. */
static inline bool record_whole(struct detector *detector, struct thread *thread, uintptr_t granule,
				bool is_write, site_id site)
{
	struct shadow shadow = shadow_places(granule);
	uint64_t *own = is_write ? shadow.write : shadow.read;
	uint64_t *other = is_write ? shadow.read : shadow.write;
	uint32_t *origin_place = is_write ? &shadow.origins->write : &shadow.origins->read;
	uint64_t current = *thread->clocks.current;
	uint64_t old = load_acquire(own);

	if (old == current || (!is_write && old == *thread->clocks.shared))
		return true;
	if (!is_all_clear(thread, other, load_acquire(other), SHADOW_ALL_BYTES))
		return false;
	if (is_all_clear(thread, own, old, SHADOW_ALL_BYTES)) {
		if (!exchange_word(detector, own, origin_place, old, current, origin_of_site(site)))
			return false;
		cells_free(thread, old);
	} else if (is_write || !join_whole(detector, thread, granule, old, site)) {
		return false;
	}
	/* acquire, after the exchange: pairs with the other side's exchange and look. */
	if (UNLIKELY(!is_all_clear(thread, other, claim_ask(other), SHADOW_ALL_BYTES)))
		record_again(detector, thread, granule, SHADOW_GRANULE, is_write, site, false);
	return true;
}

/* --- Parts of granules ------------------------------------------------------ */

/* @list says of one epoch's accesses to all bytes. */
static bool become_whole(const struct part *part, uint64_t old, const struct cell_list *list)
{
	struct origin_part parts[CELLS_MAX];

	for (uint32_t i = 0; i < list->count; i++)
		parts[i] = (struct origin_part){(uint16_t)part->thread->slot,
						(uint8_t)shadow_bytes(list->cells[i].word),
						list->cells[i].origin};
	if (!exchange_word(part->detector, part->place, part->origin_place, old,
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

/* False: it was not recorded, or is to be classified by the whole engine. */
static bool record_part(const struct part *part)
{
	struct shadow shadow = shadow_places(part->granule);
	uint64_t *other = part->is_write ? shadow.read : shadow.write;
	uint64_t old = load_acquire(part->place);
	bool is_put;

	if (shadow_is_same_epoch(old, part->mine) && !(part->bytes & ~shadow_bytes(old)))
		return true;
	if (is_before(part->thread, old) && !(shadow_bytes(old) & ~part->bytes))
		is_put = exchange_word(part->detector, part->place, part->origin_place, old,
				       part->mine, part->origin);
	else if (is_clear(part->thread, old, part->bytes))
		is_put = put_beside_word(part, old);
	else
		is_put = (cells_are(old) && put_among_cells(part, old)) ||
			 (!part->is_write && join_part(part, old));
	/* acquire: as in record_whole() */
	return is_put && is_all_clear(part->thread, other, claim_ask(other), part->bytes);
}

/* --- Pending granules --------------------------------------------------------- */

/* The runs of bytes in @bytes, each as an access of its own. */
static void check_runs(struct detector *detector, struct thread *thread, uintptr_t granule,
		       uint32_t bytes, bool is_write, site_id site, bool is_late)
{
	while (bytes) {
		uint32_t first = (uint32_t)__builtin_ctz(bytes);
		uint32_t length = (uint32_t)__builtin_ctz(~(bytes >> first));

		record_again(detector, thread, granule + first, length, is_write, site, is_late);
		bytes &= ~(((1u << length) - 1) << first);
	}
}

/* Of what waits in the thread. */
static inline origin_id origin_of_pending(struct detector *detector, struct thread *thread,
					  const struct pending_granule *pending)
{
	return pending->is_mixed
		       ? origin_of_sites(detector, thread, pending->sites, pending->bytes)
		       : origin_of_site(pending->site);
}

/* Passes all of @pending, recorded or not, to the whole engine. */
static void check_pending(struct detector *detector, struct thread *thread,
			  struct pending_granule pending, bool is_write)
{
	while (pending.bytes) {
		uint32_t bytes = origin_bytes_alike(pending.sites, pending.bytes);
		site_id site = pending.sites[__builtin_ctz(pending.bytes)];

		check_runs(detector, thread, pending.granule, bytes, is_write, site, true);
		pending.bytes &= ~bytes;
	}
}

static void record_pending(struct detector *detector, struct thread *thread,
			   const struct pending_granule *pending, bool is_write)
{
	struct shadow shadow = shadow_of(pending->granule);
	struct part part = {
		.detector = detector,
		.thread = thread,
		.granule = pending->granule,
		.bytes = pending->bytes,
		.is_write = is_write,
		.origin = origin_of_pending(detector, thread, pending),
		.mine = (*thread->clocks.current & ~(uint64_t)SHADOW_ALL_BYTES) | pending->bytes,
		.place = is_write ? shadow.write : shadow.read,
		.origin_place = is_write ? &shadow.origins->write : &shadow.origins->read,
	};

	if (UNLIKELY(!record_part(&part)))
		check_pending(detector, thread, *pending, is_write);
}

enum recorded { NOT_RECORDED, RECORDED, RECORDED_WITH_OTHERS };

/* The common case: all recorded accesses are covered by the thread's clock or its own. */
static inline enum recorded record_alone(struct detector *detector, struct thread *thread,
					 const struct pending_granule *pending, bool is_write)
{
	struct shadow shadow = shadow_places(pending->granule);
	uint64_t *own = is_write ? shadow.write : shadow.read;
	uint64_t *other = is_write ? shadow.read : shadow.write;
	uint64_t mine = (*thread->clocks.current & ~(uint64_t)SHADOW_ALL_BYTES) | pending->bytes;
	uint64_t old = load_acquire(own);

	if (!is_before(thread, old) || shadow_bytes(old) & ~pending->bytes ||
	    !exchange_word(detector, own, is_write ? &shadow.origins->write : &shadow.origins->read,
			   old, mine, origin_of_pending(detector, thread, pending)))
		return NOT_RECORDED;
	/* acquire: as in record_whole() */
	return is_all_clear(thread, other, claim_ask(other), pending->bytes)
		       ? RECORDED
		       : RECORDED_WITH_OTHERS;
}

/* Others can tell at any time what is on its way to shadow memory: it may be a flag that they
 * have read (memory_acquire_unseen()).  Classifying it may flush other granules meanwhile. */
static void flush_among_others(struct detector *detector, struct thread *thread,
			       struct pending_granule *place, bool is_write, bool is_recorded)
{
	struct pending_granule *under_way = &thread->accesses.under_way[is_write];
	struct pending_granule outer = *under_way;
	struct pending_granule pending = *place;

	*under_way = pending;
	store_release(&place->granule, (uintptr_t)0); /* pairs with has_read_pending() */
	if (is_recorded)
		check_pending(detector, thread, pending, is_write);
	else
		record_pending(detector, thread, &pending, is_write);
	*under_way = outer;
}

/* Of a place among all that a thread has. */
static uint32_t place_bit(const struct thread *thread, const struct pending_granule *place)
{
	_Static_assert(2 * PENDING_GRANULES <= 32, "there is a bit for each");

	return 1u << (place - thread->accesses.pending[0]);
}

static void flush_granule(struct detector *detector, struct thread *thread,
			  struct pending_granule *place, bool is_write)
{
	enum recorded recorded = record_alone(detector, thread, place, is_write);

	if (LIKELY(recorded == RECORDED))
		place->granule = 0;
	else
		flush_among_others(detector, thread, place, is_write,
				   recorded == RECORDED_WITH_OTHERS);
}

void record_flush(struct detector *detector, struct thread *thread)
{
	while (thread->accesses.pending_places) {
		uint32_t i = (uint32_t)__builtin_ctz(thread->accesses.pending_places);
		bool is_write = i >= PENDING_GRANULES;
		struct pending_granule *place =
			&thread->accesses.pending[is_write][i % PENDING_GRANULES];

		thread->accesses.pending_places &= ~(1u << i);
		/* Who has recorded all of a granule leaves the bit. */
		if (place->granule)
			flush_granule(detector, thread, place, is_write);
	}
	thread->accesses.has_pending = 0;
}

void record_flush_interrupted(struct detector *detector, struct thread *thread)
{
	record_flush(detector, thread);
	/* It may have set its bit before, and stores the granule now. */
	thread->accesses.pending_places = UINT32_MAX;
	thread->accesses.has_pending = 1;
}

/* From then on checks find its word. */
static void flush_if_whole(struct detector *detector, struct thread *thread,
			   struct pending_granule *pending, bool is_write)
{
	if (pending->bytes == SHADOW_ALL_BYTES)
		flush_granule(detector, thread, pending, is_write);
}

void record_flush_whole(struct detector *detector, struct thread *thread, uintptr_t address,
			bool is_write)
{
	struct pending_granule *set = pending_set(thread, address, is_write);

	for (uint32_t way = 0; way < PENDING_WAYS; way++)
		if (set[way].granule == (address & ~(uintptr_t)(SHADOW_GRANULE - 1)))
			flush_if_whole(detector, thread, &set[way], is_write);
}

/* Whether the granule may be kept pending: nothing unordered is in conflict.  What others have
 * read is none with a read, which joins them when it is flushed. */
static inline bool is_quiet(const struct thread *thread, uintptr_t granule, uint32_t bytes,
			    bool is_write)
{
	struct shadow shadow = shadow_of(granule);

	return is_all_clear(thread, shadow.write, load_acquire(shadow.write), bytes) &&
	       (!is_write ||
		is_all_clear(thread, shadow.read, load_acquire(shadow.read), bytes));
}

/* The one of a set's ways that is free, or else the older. */
static struct pending_granule *choose_victim(struct thread *thread, struct pending_granule *set)
{
	for (uint32_t way = 0; way < PENDING_WAYS; way++)
		if (!set[way].granule)
			return &set[way];
	thread->accesses.pending_turn++;
	return &set[thread->accesses.pending_turn % PENDING_WAYS];
}

/* Has the thread recorded it in this epoch? */
static inline bool is_recorded(uintptr_t granule, uint32_t bytes, bool is_write, uint64_t current)
{
	struct shadow shadow = shadow_places(granule);
	/* relaxed: other threads never store our word. */
	uint64_t word = load_relaxed(is_write ? shadow.write : shadow.read);

	return shadow_is_same_epoch(word, current) && !(bytes & ~shadow_bytes(word));
}

static inline void note_touch(struct pending_granule *pending, uint32_t bytes, site_id site)
{
	pending->bytes |= bytes;
	pending->is_mixed |= pending->site != site;
	pending->site = site;
	for (; bytes; bytes &= bytes - 1)
		pending->sites[__builtin_ctz(bytes)] = site;
}

/* Is @word of an earlier access to @bytes, and no others? */
static inline bool is_of_same_bytes(const struct thread *thread, uint64_t word, uint32_t bytes)
{
	return word && shadow_bytes(word) == bytes && is_before(thread, word);
}

/* The same of a cell, which has these bytes to itself: it becomes @mine.  False: there is no such
 * cell, or one word would be enough. */
static bool renew_cell(const struct part *part, uint64_t old)
{
	struct cells cells = cells_of(old);
	uint32_t at = cells.capacity;
	uint64_t next = cells_next(old);
	uint32_t bytes = part->bytes; /* of the epoch of @mine */

	for (uint32_t i = 0; i < cells.capacity; i++) {
		/* relaxed: they are of the record as @old names it, or it is not taken. */
		uint64_t word = load_relaxed(&cells.words[i]);

		if (is_of_same_bytes(part->thread, word, part->bytes))
			at = i;
		else if (shadow_is_same_epoch(word, part->mine))
			bytes |= shadow_bytes(word);
	}
	if (at == cells.capacity || bytes == SHADOW_ALL_BYTES ||
	    !cells_take(part->detector, part->place, old, next))
		return false;
	/* relaxed: the word is busy */
	store_relaxed(&cells.words[at], part->mine);
	store_relaxed(&cells.origins[at], part->origin);
	store_release(part->place, next); /* pairs with cells_load() */
	return true;
}

/* What was accessed by itself before is replaced at once: it is a field that no other
 * is beside, as a rule.  False: it was left as it is. */
static bool renew_part(const struct part *part, site_id site)
{
	struct shadow shadow = shadow_places(part->granule);
	uint64_t *other = part->is_write ? shadow.read : shadow.write;
	uint64_t old = load_acquire(part->place);
	uint64_t beside = load_acquire(other);
	uint64_t found;

	if (!cells_are(old) && !is_of_same_bytes(part->thread, old, part->bytes))
		return false;
	if (!is_all_clear(part->thread, other, beside, part->bytes))
		return false;
	if (cells_are(old) ? !renew_cell(part, old)
			   : !exchange_word(part->detector, part->place, part->origin_place, old,
					    part->mine, part->origin))
		return false;
	/* acquire: as in record_whole().  The same word names the same cells. */
	found = claim_ask(other);
	if (UNLIKELY(found != beside && !is_all_clear(part->thread, other, found, part->bytes)))
		check_runs(part->detector, part->thread, part->granule, part->bytes, part->is_write,
			   site, false);
	return true;
}

static bool keep_pending(struct detector *detector, struct thread *thread, uintptr_t address,
			 uint32_t bytes, bool is_write, site_id site)
{
	uintptr_t granule = address & ~(uintptr_t)(SHADOW_GRANULE - 1);
	struct pending_granule *set = pending_set(thread, address, is_write);
	struct shadow shadow = shadow_places(granule);
	struct part part = {
		.detector = detector,
		.thread = thread,
		.granule = granule,
		.bytes = bytes,
		.is_write = is_write,
		.origin = origin_of_site(site),
		.mine = (*thread->clocks.current & ~(uint64_t)SHADOW_ALL_BYTES) | bytes,
		.place = is_write ? shadow.write : shadow.read,
		.origin_place = is_write ? &shadow.origins->write : &shadow.origins->read,
	};
	struct pending_granule *pending;

	for (uint32_t way = 0; way < PENDING_WAYS; way++) {
		if (set[way].granule != granule)
			continue;
		note_touch(&set[way], bytes, site);
		flush_if_whole(detector, thread, &set[way], is_write);
		return true;
	}
	if (is_recorded(granule, bytes, is_write, *thread->clocks.current))
		return true;
	if (renew_part(&part, site))
		return true;
	pending = choose_victim(thread, set);
	if (pending->granule)
		flush_granule(detector, thread, pending, is_write);
	/* Flushing may have classified a race, which may end the epoch. */
	if (!thread->clocks.has_recorded || !is_quiet(thread, granule, bytes, is_write))
		return false;
	/* It will be stored to when the granule is flushed. */
	__builtin_prefetch(shadow.origins, 1);
	thread->accesses.pending_places |= place_bit(thread, pending);
	thread->accesses.has_pending = 1;
	pending->granule = granule;
	pending->bytes = 0;
	pending->is_mixed = 0;
	pending->site = site;
	note_touch(pending, bytes, site);
	return true;
}

bool record_granule(struct detector *detector, struct thread *thread, uintptr_t address,
		    uint32_t size_bytes, bool is_write, site_id site)
{
	uint32_t bytes = ((1u << size_bytes) - 1) << address % SHADOW_GRANULE;
	uint64_t word;

	/* The granule before may have been classified. */
	if (UNLIKELY(!thread->clocks.has_recorded))
		return false;
	word = load_acquire(shadow_places(address).write);
	if (UNLIKELY(shadow_form(word) == SHADOW_ATOMIC))
		return is_write ? atomic_store_again(detector, thread, word, bytes)
				: atomic_load(detector, thread, word, bytes,
					      site_get(&detector->sites, site));
	if (!is_write && record_line(detector, thread, address, size_bytes, site))
		return true;
	if (size_bytes == SHADOW_GRANULE)
		return record_whole(detector, thread, address, is_write, site);
	return keep_pending(detector, thread, address, bytes, is_write, site);
}

bool record_span(struct detector *detector, struct thread *thread, uintptr_t address,
		 uint32_t size_bytes, bool is_write, site_id site)
{
	while (size_bytes) {
		uint32_t here = SHADOW_GRANULE - address % SHADOW_GRANULE;

		if (here > size_bytes)
			here = size_bytes;
		if (!record_granule(detector, thread, address, here, is_write, site))
			return false;
		address += here;
		size_bytes -= here;
	}
	return true;
}
