#include "detect/race/record_fast.h"

#include "detect/race/atomics/asleep.h"
#include "detect/race/record_part.h"
#include "detect/shadow/read_lines.h"

bool record_are_clear(const struct thread *thread, const uint64_t *place, uint64_t word,
		      uint32_t bytes)
{
	struct cells cells;

	if (!cells_are(word))
		return false;
	cells = cells_of(word);
	for (uint32_t i = 0; i < cells.capacity; i++)
		if (!record_is_clear(thread, load_relaxed(&cells.words[i]), bytes))
			return false;
	fence_acquire();
	return load_relaxed(place) == word; /* relaxed: the fence orders it */
}

bool record_is_all_mine(const struct thread *thread, const uint64_t *place, uint64_t word)
{
	struct cells cells;

	if (!word || (shadow_form(word) == SHADOW_PLAIN && shadow_slot(word) == thread->slot))
		return true;
	if (!cells_are(word))
		return false;
	cells = cells_of(word);
	for (uint32_t i = 0; i < cells.capacity; i++) {
		uint64_t cell = load_relaxed(&cells.words[i]);

		if (cell && (shadow_form(cell) != SHADOW_PLAIN ||
			     shadow_slot(cell) != thread->slot))
			return false;
	}
	fence_acquire();
	return load_relaxed(place) == word; /* relaxed: the fence orders it */
}

/* Callers of a silent site are in no report; but its first store may be a flag's (race.c). */
static bool is_first_of_silent(struct thread *thread, struct site *site)
{
	/* relaxed: a count that need not be exact */
	uint32_t count = load_relaxed(&site->first_count);

	if (!thread->accesses.sample)
		thread->accesses.sample = ORIGIN_CALLERS_EVERY - 1;
	if (count < ORIGIN_FIRST_CALLERS)
		store_relaxed(&site->first_count, count ? ORIGIN_FIRST_CALLERS : 1);
	return !count;
}

static bool choose_callers(struct detector *detector, struct thread *thread, struct site *site,
			   enum access_callers *callers)
{
	*callers = CALLERS_DROPPED;
	if (site->flags & SITE_SILENT)
		return is_first_of_silent(thread, site);
	*callers = origin_choose_callers(detector, thread, site);
	if (*callers == CALLERS_SAMPLED && thread->accesses.stale_read_count &&
	    ++thread->accesses.stale_read_age > STALE_READ_SAMPLES)
		stale_reads_expire(detector, thread);
	return *callers != CALLERS_DROPPED;
}

static enum site_attention quiet_attention(const struct site *site, bool is_of_update)
{
	if (site->flags & SITE_SILENT)
		return SITE_QUIET_SILENT;
	return is_of_update ? SITE_QUIET_UNLOCKED : SITE_QUIET;
}

bool record_is_wanted_by_row(struct detector *detector, struct thread *thread, site_id id,
			     uintptr_t address, uint32_t size_bytes, bool is_write,
			     enum access_callers *callers)
{
	struct site *site = site_row(&detector->sites, id);
	bool is_of_update;

	if (UNLIKELY(choose_callers(detector, thread, site, callers)))
		return true;
	/* relaxed: a hint */
	if (site->flags & SITE_SPIN || load_relaxed(&site_attention[id]) == SITE_ORDERING)
		return true;
	if (stale_filter_may_have(&thread->accesses, address, size_bytes) &&
	    stale_reads_touch(thread, address, size_bytes))
		return true;
	is_of_update = is_write ? site->update_group != 0 : site->flags & SITE_MAY_BE_SPLIT;
	if (site->flags & SITE_SILENT) {
		if (is_of_update)
			return true;
		memory_end_assumed_epoch(detector, thread);
	}
	/* relaxed: a hint.  All threads look at it, so it is stored once only. */
	if (load_relaxed(&site_attention[id]) == SITE_WANTED)
		store_relaxed(&site_attention[id],
			      (uint8_t)quiet_attention(site, is_of_update));
	if (LIKELY(!is_of_update))
		return false;
	return update_may_be_split(detector, thread, address, size_bytes, is_write);
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
	if (!record_is_all_clear(thread, shadow.write, load_acquire(shadow.write), bytes) ||
	    !read_line_note(detector, shadow.read, word, current, bytes, origin_of_site(site)))
		return false;
	*thread->clocks.shared = read_line_shared(word, current);
	/* acquire: as in record_whole() */
	if (UNLIKELY(!record_is_all_clear(thread, shadow.write, claim_ask(shadow.write), bytes)))
		record_again(detector, thread, address, size_bytes, false, site, false);
	return true;
}

/* Others have read all of it, too, in no order with this read. */
static bool join_whole(struct detector *detector, struct thread *thread, uintptr_t granule,
		       uint64_t old, site_id site)
{
	struct part part = part_of(detector, thread, granule, shadow_places(granule),
				   SHADOW_ALL_BYTES, false, origin_of_site(site));

	return shadow_bytes(old) == SHADOW_ALL_BYTES && !cells_are(old) && record_join(&part, old);
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
	if (!record_is_all_clear(thread, other, load_acquire(other), SHADOW_ALL_BYTES) ||
	    (!is_write && UNLIKELY(record_may_wait(thread, granule, old))))
		return false;
	if (record_is_all_clear(thread, own, old, SHADOW_ALL_BYTES)) {
		if (!record_exchange(detector, own, origin_place, old, current,
				     origin_of_site(site)))
			return false;
		cells_free(thread, old);
	} else if (is_write || !join_whole(detector, thread, granule, old, site)) {
		return false;
	}
	/* acquire, after the exchange: pairs with the other side's exchange and look. */
	if (UNLIKELY(!record_is_all_clear(thread, other, claim_ask(other), SHADOW_ALL_BYTES)))
		record_again(detector, thread, granule, SHADOW_GRANULE, is_write, site, false);
	return true;
}

/* Of quiet sites no row is looked at. */
static inline bool is_silent(const struct detector *detector, site_id id)
{
	/* relaxed: a hint */
	const struct site *site = load_relaxed(&site_attention[id]) < SITE_QUIET
					  ? site_get(&detector->sites, id)
					  : NULL;

	return site && site->flags & SITE_SILENT;
}

/*
 * A part of a granule, or all of it, by a quiet site of a silent module.  Who has read what is
 * stored to may wait for it, and has to be told if it acquires; so the whole engine has stores
 * over the reads of others, ordered or not (race_forget_readers()).
 */
static bool record_silently(struct detector *detector, struct thread *thread, uintptr_t address,
			    uint32_t size_bytes, bool is_write, site_id site)
{
	const uint64_t *read = shadow_places(address).read;

	if (is_write && !record_is_all_mine(thread, read, load_acquire(read)))
		return false;
	if (size_bytes == SHADOW_GRANULE)
		return record_whole(detector, thread, address, is_write, site);
	return record_not_pending(detector, thread, address,
				  ((1u << size_bytes) - 1) << address % SHADOW_GRANULE, is_write,
				  site);
}

bool record_granule(struct detector *detector, struct thread *thread, uintptr_t address,
		    uint32_t size_bytes, bool is_write, site_id site)
{
	uint32_t bytes = ((1u << size_bytes) - 1) << address % SHADOW_GRANULE;
	struct shadow shadow = shadow_places(address);
	uint64_t word, read;

	/* The granule before may have been classified. */
	if (UNLIKELY(!thread->clocks.has_recorded))
		return false;
	word = load_acquire(shadow.write);
	read = load_acquire(shadow.read);
	if (UNLIKELY(shadow_form(read) == SHADOW_ASLEEP))
		return atomic_pass_asleep(detector, thread, shadow, read, bytes, is_write,
					  site);
	if (UNLIKELY(shadow_form(word) == SHADOW_ATOMIC))
		return is_write ? atomic_store_again(detector, thread, word, bytes, site)
				: atomic_load(detector, thread, word, bytes,
					      site_get(&detector->sites, site));
	if (!is_write && record_line(detector, thread, address, size_bytes, site))
		return true;
	if (UNLIKELY(is_silent(detector, site)))
		return record_silently(detector, thread, address, size_bytes, is_write, site);
	if (size_bytes == SHADOW_GRANULE)
		return record_whole(detector, thread, address, is_write, site);
	return record_keep_pending(detector, thread, address, bytes, is_write, site);
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
