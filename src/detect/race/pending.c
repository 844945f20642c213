/* Pending granules: what a thread has noted in itself of its accesses to parts. */
#include "detect/race/record_part.h"

#include "detect/base/thread.h"

/* Of what waits in the thread. */
static inline origin_id origin_of_pending(struct detector *detector, struct thread *thread,
					  const struct pending_granule *pending)
{
	return pending->is_mixed ? origin_of_sites(detector, thread, pending->sites, pending->bytes)
				 : origin_of_site(pending->site);
}

/* Passes all of @pending, recorded or not, to the whole engine. */
static void check_pending(struct detector *detector, struct thread *thread,
			  struct pending_granule pending, bool is_write)
{
	while (pending.bytes) {
		uint32_t bytes = origin_bytes_alike(pending.sites, pending.bytes);
		site_id site = pending.sites[__builtin_ctz(pending.bytes)];

		record_runs_again(detector, thread, pending.granule, bytes, is_write, site, true);
		pending.bytes &= ~bytes;
	}
}

static void record_pending(struct detector *detector, struct thread *thread,
			   const struct pending_granule *pending, bool is_write)
{
	struct part part = part_of(detector, thread, pending->granule, shadow_of(pending->granule),
				   pending->bytes, is_write,
				   origin_of_pending(detector, thread, pending));

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

	if (!record_is_before(thread, old) || shadow_bytes(old) & ~pending->bytes ||
	    !record_exchange(detector, own,
			     is_write ? &shadow.origins->write : &shadow.origins->read, old, mine,
			     origin_of_pending(detector, thread, pending)))
		return NOT_RECORDED;
	/* acquire: as in record_whole() */
	return record_is_all_clear(thread, other, claim_ask(other), pending->bytes)
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

/* What a thunk has noted that was interrupted by a handler, which has ended the epoch, belongs to
 * the next one.  False, and counted: there is none. */
static bool has_epoch(struct detector *detector, struct thread *thread)
{
	memory_before_record(detector, thread);
	if (UNLIKELY(!thread->clocks.has_recorded))
		detector_count(detector, LOST_ACCESSES);
	return thread->clocks.has_recorded;
}

static void flush_granule(struct detector *detector, struct thread *thread,
			  struct pending_granule *place, bool is_write)
{
	enum recorded recorded = has_epoch(detector, thread)
					 ? record_alone(detector, thread, place, is_write)
					 : RECORDED;

	if (LIKELY(recorded == RECORDED))
		place->granule = 0;
	else
		flush_among_others(detector, thread, place, is_write,
				   recorded == RECORDED_WITH_OTHERS);
}

/* Is nothing on its way to shadow memory that still belongs to the epoch? */
static inline bool is_end_due(const struct thread *thread)
{
	return thread->accesses.ends_epoch && !thread->accesses.under_way[0].granule &&
	       !thread->accesses.under_way[1].granule;
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
	if (UNLIKELY(is_end_due(thread))) {
		thread->accesses.ends_epoch = false;
		clock_end_epoch((struct clock_releaser){thread});
	}
}

void record_flush_interrupted(struct detector *detector, struct thread *thread)
{
	record_flush(detector, thread);
	/* It may have set its bit before, and stores the granule now. */
	thread->accesses.pending_places = UINT32_MAX;
	thread->accesses.has_pending = 1;
}

static void flush_alone(struct detector *detector, struct thread *thread,
			struct pending_granule *place, bool is_write)
{
	flush_granule(detector, thread, place, is_write);
	if (UNLIKELY(is_end_due(thread)))
		record_flush(detector, thread);
}

/* From then on checks find its word. */
static void flush_if_whole(struct detector *detector, struct thread *thread,
			   struct pending_granule *pending, bool is_write)
{
	if (pending->bytes == SHADOW_ALL_BYTES)
		flush_alone(detector, thread, pending, is_write);
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

	return record_is_all_clear(thread, shadow.write, load_acquire(shadow.write), bytes) &&
	       (!is_write ||
		record_is_all_clear(thread, shadow.read, load_acquire(shadow.read), bytes));
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

bool record_not_pending(struct detector *detector, struct thread *thread, uintptr_t address,
			uint32_t bytes, bool is_write, site_id site)
{
	uintptr_t granule = address & ~(uintptr_t)(SHADOW_GRANULE - 1);
	struct part part = part_of(detector, thread, granule, shadow_of(granule), bytes, is_write,
				   origin_of_site(site));

	if (is_recorded(granule, bytes, is_write, *thread->clocks.current) ||
	    record_at_once(&part, site))
		return true;
	if (!is_quiet(thread, granule, bytes, is_write))
		return false;
	if (!record_part(&part))
		record_runs_again(detector, thread, granule, bytes, is_write, site, false);
	return true;
}

bool record_keep_pending(struct detector *detector, struct thread *thread, uintptr_t address,
			 uint32_t bytes, bool is_write, site_id site)
{
	uintptr_t granule = address & ~(uintptr_t)(SHADOW_GRANULE - 1);
	struct pending_granule *set = pending_set(thread, address, is_write);
	struct shadow shadow = shadow_places(granule);
	struct part part = part_of(detector, thread, granule, shadow, bytes, is_write,
				   origin_of_site(site));
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
	if (record_at_once(&part, site))
		return true;
	pending = choose_victim(thread, set);
	if (pending->granule)
		flush_alone(detector, thread, pending, is_write);
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
