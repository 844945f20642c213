/*
 * Pending releases: stores over what another thread has read.
 *
 * If the location is an atomic one, such a store is a release, and the reader that sees
 * its value acquires.  But a reader that waits for it may not have looked again when the
 * writer finds its earlier read.  So the writer leaves a pending release with each
 * reader, which acquires it before it calls anything an error.  A release is a plain
 * word without its bytes: whose, and when.  Of each writer the last one is kept.
 *
 * In libraries that are watched for synchronisation only (SITE_SILENT) there is no doubt
 * that it was one: such a release is acquired before any access is found to race.
 */
#include "detect/base/assumed.h"
#include "detect/base/detector.h"
#include "detect/base/slot.h"
#include "detect/base/thread.h"
#include "detect/race/atomics/atomic_location.h"
#include "detect/race/memory.h"
#include "detect/race/race.h"
#include "detect/shadow/read_set.h"

#define IS_SILENT 1u /* in a release, in place of bytes */

/* The upper bits of the product are a good hash, too, of flags that lie lines apart. */
static struct overwritten_place *place_of(struct thread *reader, uintptr_t granule)
{
	uint32_t number = (uint32_t)(granule * 0x9e3779b97f4a7c15ull >> 59);

	_Static_assert(OVERWRITTEN_PLACES == 1u << (64 - 59), "as many as the bits tell apart");
	return &reader->accesses.overwritten[number];
}

static void leave_place(struct thread *reader, uint64_t read, uintptr_t granule, uint32_t pair,
			origin_id origin)
{
	struct overwritten_place *place = place_of(reader, granule);

	/* release: pairs with acquire_overwritten(), which asks for the granule twice. */
	store_release(&place->granule, (uintptr_t)0);
	store_release(&place->read_when, shadow_epoch(read));
	store_release(&place->pair, pair);
	store_release(&place->origin, origin);
	store_release(&place->bytes, shadow_bytes(read));
	store_release(&place->granule, granule);
}

/* Leaves @release, a store to @granule (0: of atomics), with the thread of @read. */
static void leave_with(struct detector *detector, uint64_t read, uint64_t release,
		       uintptr_t granule, uint32_t pair, bool is_silent)
{
	struct thread *reader;

	runtime_lock(&detector->lock);
	reader = slot_thread(detector, shadow_slot(read));
	if (reader) {
		uint32_t at = shadow_slot(release) % PENDING_RELEASES;
		uint64_t *place = &reader->accesses.releases[at];
		uint64_t old = load_relaxed(place); /* relaxed: only a hint of its own */

		if (is_silent || (old & IS_SILENT && shadow_slot(old) == shadow_slot(release)))
			release |= IS_SILENT;
		/* release: pairs with pending_release_acquire(), which finds one of the two,
		 * and in between no pair. */
		store_release(&reader->accesses.release_pairs[at], 0u);
		store_release(place, release);
		store_release(&reader->accesses.release_pairs[at], pair);
		if (granule)
			leave_place(reader, read, granule, pair, 0);
	}
	runtime_unlock(&detector->lock);
}

void pending_release_leave(struct race_step *step, uint32_t pair, bool is_silent)
{
	/* A thread that acquires it must find recorded what came before. */
	if (!step->access->is_late)
		memory_flush(step->detector, step->thread);
	leave_with(step->detector, step->other, race_base(step->mine), step->granule, pair,
		   is_silent);
}

static void leave_known(struct race_step *step, const struct cell *read)
{
	struct thread *reader;

	if (!read->origin || shadow_form(read->word) != SHADOW_PLAIN ||
	    !(shadow_bytes(read->word) & step->bytes) ||
	    shadow_slot(read->word) == step->thread->slot ||
	    !race_is_certain_order(step->thread, read->word))
		return;
	runtime_lock(&step->detector->lock);
	reader = slot_thread(step->detector, shadow_slot(read->word));
	/* relaxed: as in assume_acquire() */
	if (reader && load_relaxed(&reader->clocks.assumed_epoch) == shadow_epoch(read->word))
		leave_place(reader, read->word, step->granule, 0, read->origin);
	runtime_unlock(&step->detector->lock);
}

/* The same with each reader of a set: one of them may be the storing thread itself. */
static void leave_all_known(struct race_step *step, const struct cell *read)
{
	uint32_t bytes = shadow_bytes(read->word), next = 0;
	uint64_t member;

	if (shadow_form(read->word) != SHADOW_SET) {
		leave_known(step, read);
		return;
	}
	while ((member = read_set_unordered(step->detector, NULL, read->word, &next)) != 0) {
		struct origin_part part = origin_part_at(step->detector, read->origin,
							 shadow_slot(member), bytes);

		leave_known(step, &(struct cell){member | bytes, part.origin});
	}
}

void pending_release_leave_known(struct race_step *step, struct race_place place, uint64_t word)
{
	struct cell_list list = {.count = 1, .cells = {{word, 0}}};

	if (!cells_are(word))
		race_has_origin(place, word, &list.cells[0].origin);
	else if (!cells_read(place.word, word, &list))
		return;
	for (uint32_t i = 0; i < list.count; i++)
		leave_all_known(step, &list.cells[i]);
}

site_id pending_release_find_known(const struct race_step *step, uint64_t *epoch)
{
	const struct overwritten_place *place = place_of(step->thread, step->granule);
	origin_id origin = load_acquire(&place->origin);

	*epoch = load_acquire(&place->read_when);
	return load_acquire(&place->granule) == step->granule ? origin_site(step->detector, origin)
							      : 0;
}

/* --- With all readers ------------------------------------------------------- */

/* Has another thread made an assumed acquire from the thread of @read in the same epoch?  Then
 * the read may seem ordered, and have come after that. */
static bool is_assumed_amid(struct detector *detector, uint64_t read)
{
	const struct thread *reader;
	bool is_amid;

	runtime_lock(&detector->lock);
	reader = slot_thread(detector, shadow_slot(read));
	/* relaxed: as in assume_acquire() */
	is_amid = reader && load_relaxed(&reader->clocks.assumed_epoch) == shadow_epoch(read);
	runtime_unlock(&detector->lock);
	return is_amid;
}

static void leave_with_reader(struct detector *detector, struct thread *thread,
			      uintptr_t granule, uint64_t read)
{
	uint64_t epoch = vclock_get(&thread->clocks.full, thread->slot);

	if (shadow_slot(read) != thread->slot &&
	    (!race_is_ordered(thread, read) || is_assumed_amid(detector, read)))
		leave_with(detector, read, shadow_plain(thread->slot, epoch, 0), granule, 0,
			   false);
}

static void leave_with_readers(struct detector *detector, struct thread *thread,
			       uintptr_t granule, uint64_t word, uint32_t bytes)
{
	uint32_t next = 0;
	uint64_t member;

	if (!(shadow_bytes(word) & bytes))
		return;
	if (shadow_form(word) == SHADOW_PLAIN)
		leave_with_reader(detector, thread, granule, word);
	while (shadow_form(word) == SHADOW_SET &&
	       (member = read_set_unordered(detector, NULL, word, &next)) != 0)
		leave_with_reader(detector, thread, granule, member);
}

void pending_release_leave_all(struct detector *detector, struct thread *thread,
			       uintptr_t granule, const uint64_t *place, uint32_t bytes)
{
	uint64_t word = load_acquire(place);
	struct cell_list list;

	if (!cells_are(word)) {
		leave_with_readers(detector, thread, granule, word, bytes);
		return;
	}
	if (!cells_read(place, word, &list))
		return;
	for (uint32_t i = 0; i < list.count; i++)
		leave_with_readers(detector, thread, granule, list.cells[i].word, bytes);
}

/* --- Acquiring -------------------------------------------------------------- */

/* Has the thread recorded no read of @bytes of @granule since a store took the place of one? */
static bool has_not_read_again(const struct thread *thread, uintptr_t granule, uint32_t bytes)
{
	uint64_t read = load_acquire(shadow_of(granule).read);

	return !read || shadow_form(read) != SHADOW_PLAIN || shadow_slot(read) != thread->slot ||
	       !(shadow_bytes(read) & bytes);
}

#define EPOCHS_LATELY 64u

/* Who has read the index of a queue goes through what it tells of, and may count it by a locked
 * instruction at each step, so the read of epoch @when may lie some epochs back. */
static bool is_lately(const struct thread_clocks *clocks, uint64_t when)
{
	return clock_is_recent(clocks, when) ||
	       clock_epochs_since(clocks, when) <= EPOCHS_LATELY;
}

bool pending_release_may_be_seen(const struct thread *thread, uintptr_t granule, uint32_t bytes,
				 uint64_t when)
{
	return is_lately(&thread->clocks, when) && has_not_read_again(thread, granule, bytes);
}

/* Does the access that step->other stands for come before the store @word?  Its thread has
 * made that, or knows of it. */
static bool is_before_store(const struct race_step *step, uint64_t word)
{
	struct detector *detector = step->detector;
	bool is_before;

	if (shadow_slot(word) == shadow_slot(step->other))
		return shadow_epoch(word) >= shadow_epoch(step->other);
	if (shadow_slot(word) == step->thread->slot || race_is_ordered(step->thread, word))
		return false;
	runtime_lock(&detector->lock);
	is_before = assumed_knows_of(detector, word, step->other);
	runtime_unlock(&detector->lock);
	return is_before;
}

struct cell pending_release_find_store(const struct race_step *step, uintptr_t granule,
				       uint32_t bytes)
{
	struct shadow shadow = shadow_of(granule);
	uint64_t word = load_acquire(shadow.write);
	struct cell_list list = {.count = 1};
	struct cell last = {0, 0};

	if (granule == step->granule && bytes & step->shared_bytes)
		return last;
	/* Beside an atomic, as in a lock of tickets. */
	if (shadow_form(word) == SHADOW_ATOMIC &&
	    atomic_find_rest(step->detector, word, bytes, &shadow))
		word = load_acquire(shadow.write);
	list.cells[0].word = word;
	if (shadow_form(word) == SHADOW_PLAIN)
		race_has_origin(race_place(shadow, granule, true), word, &list.cells[0].origin);
	else if (!cells_are(word) || !cells_read(shadow.write, word, &list))
		return last;
	for (uint32_t i = 0; i < list.count; i++)
		if (shadow_form(list.cells[i].word) == SHADOW_PLAIN &&
		    shadow_bytes(list.cells[i].word) & bytes &&
		    is_before_store(step, list.cells[i].word))
			last = list.cells[i];
	return last;
}

/* May the thread's read of @place have seen @store, and acquired?  If the storing thread took
 * the read for known, the two have not been looked at. */
static bool may_have_acquired(const struct race_step *step, const struct overwritten_place *place,
			      const struct cell *store)
{
	const struct site_table *sites = &step->detector->sites;
	origin_id origin = load_acquire(&place->origin);
	const struct site *read = site_get(sites, origin_site(step->detector, origin));
	const struct site *write = site_get(sites, origin_site(step->detector, store->origin));

	return !origin || (read && write && read->flags & write->flags & SITE_PLAIN_MOVE);
}

/* The place has become an atomic since the read, which others may have stored to after the first
 * one that showed it. */
static bool acquire_atomic(struct race_step *step, uintptr_t granule)
{
	uint64_t word = load_acquire(shadow_of(granule).write);

	if (step->access->is_late || granule == step->granule ||
	    shadow_form(word) != SHADOW_ATOMIC)
		return false;
	atomic_acquire_late(step->detector, step->thread, word);
	return race_is_ordered(step->thread, step->other);
}

/*
 * A read is recorded before it is made.  A thread that loses its processor in between may
 * see what was stored later: that leaves nothing, as the first store has taken the place of
 * the read.  So the thread looks again at what others have stored to.
 */
static bool acquire_overwritten(struct race_step *step)
{
	struct thread *thread = step->thread;

	for (uint32_t i = 0; i < OVERWRITTEN_PLACES; i++) {
		const struct overwritten_place *place = &thread->accesses.overwritten[i];
		uintptr_t granule = load_acquire(&place->granule);
		uint64_t when = load_acquire(&place->read_when);
		uint32_t pair = load_acquire(&place->pair);
		uint32_t bytes = load_acquire(&place->bytes);
		struct cell store;

		if (!granule || load_acquire(&place->granule) != granule ||
		    !pending_release_may_be_seen(thread, granule, bytes, when))
			continue;
		if (acquire_atomic(step, granule))
			return true;
		store = pending_release_find_store(step, granule, bytes);
		if (store.word && may_have_acquired(step, place, &store)) {
			ordering_note(step->detector, thread, granule, &store);
			memory_assume_acquired(step->detector, thread, race_base(store.word), pair);
			return true;
		}
	}
	return false;
}

bool pending_release_acquire(struct race_step *step)
{
	struct thread_accesses *accesses = &step->thread->accesses;
	uint32_t slot = shadow_slot(step->other);
	uint32_t at = slot % PENDING_RELEASES;
	uint64_t release = load_acquire(&accesses->releases[at]);
	uint32_t pair = load_acquire(&accesses->release_pairs[at]);

	if (!release || shadow_slot(release) != slot ||
	    shadow_epoch(release) < shadow_epoch(step->other))
		return acquire_overwritten(step);
	/* If a later release has taken the place, 'pair' may belong to that one. */
	if (load_acquire(&accesses->releases[at]) != release)
		pair = 0;
	memory_assume_acquired(step->detector, step->thread, release, pair);
	return true;
}

bool pending_release_acquire_silent(struct race_step *step, uint64_t word)
{
	struct thread *thread = step->thread;

	for (unsigned i = 0; i < PENDING_RELEASES; i++) {
		uint64_t release = load_acquire(&thread->accesses.releases[i]);

		if (!(release & IS_SILENT))
			continue;
		memory_assume_acquired(step->detector, thread, release, 0);
		/* Once; unless there is a newer one. */
		compare_exchange_acq_rel(&thread->accesses.releases[i], &release,
					 release & ~(uint64_t)IS_SILENT);
	}
	return race_is_ordered(thread, word);
}
