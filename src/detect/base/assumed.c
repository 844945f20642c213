#include "detect/base/assumed.h"

#include "detect/base/detector.h"
#include "detect/base/slot.h"
#include "detect/base/thread.h"
#include "detect/data/shadow_word.h"

static bool is_trusted(const struct thread *thread, const struct assumed_acquire *assumed)
{
	return vclock_get(clock_all(&thread->clocks), shadow_slot(assumed->word)) >=
	       shadow_epoch(assumed->word);
}

bool assumed_join(struct thread *thread, const struct thread *other)
{
	bool has_changed = false;

	for (uint32_t i = 0; i < ASSUMED_ACQUIRES; i++) {
		uint64_t word = other->clocks.assumed[i].word;

		if (word)
			has_changed |= clock_raise(thread, shadow_slot(word), shadow_epoch(word));
	}
	return has_changed;
}

/* @thread's clock with its assumed acquires, which those who acquire it take as certain. */
static struct vclock *given_with_assumed(struct thread *thread)
{
	struct vclock *given = &thread->clocks.given;
	struct arena *arena = &thread->memory->arena;

	vclock_join_clock(given, arena, clock_all(&thread->clocks));
	for (uint32_t i = 0; i < ASSUMED_ACQUIRES; i++) {
		uint64_t word = thread->clocks.assumed[i].word;

		if (word)
			vclock_raise(given, arena, shadow_slot(word), shadow_epoch(word));
	}
	return given;
}

struct vclock *assumed_to_give(struct thread *thread)
{
	if (UNLIKELY(thread->clocks.has_assumed)) {
		thread->clocks.has_assumed = false;
		for (uint32_t i = 0; i < ASSUMED_ACQUIRES; i++)
			thread->clocks.has_assumed |=
				!is_trusted(thread, &thread->clocks.assumed[i]);
	}
	if (UNLIKELY(thread->clocks.has_assumed))
		return given_with_assumed(thread);
	return UNLIKELY(thread->clocks.predicts) ? &thread->clocks.all : &thread->clocks.full;
}

const struct assumed_acquire *assumed_find(const struct thread *thread, uint64_t word)
{
	const struct assumed_acquire *assumed =
		&thread->clocks.assumed[shadow_slot(word) % ASSUMED_ACQUIRES];

	return shadow_slot(assumed->word) == shadow_slot(word) &&
			       shadow_epoch(assumed->word) >= shadow_epoch(word)
		       ? assumed
		       : NULL;
}

/* The stamp stays: the thread's releases have passed this on already. */
void assumed_trust(struct thread *thread, uint32_t slot)
{
	struct assumed_acquire *assumed = &thread->clocks.assumed[slot % ASSUMED_ACQUIRES];

	if (shadow_slot(assumed->word) == slot)
		clock_raise(thread, slot, shadow_epoch(assumed->word));
}

/* Whether @thread has joined a release after @other's @epoch.  False if a thread assumed
 * an acquire from within that epoch: then the clock may have a part of it only. */
static bool is_given(const struct thread *thread, const struct thread *other, uint32_t slot,
		     uint64_t epoch)
{
	return vclock_get(&thread->clocks.full, slot) >= epoch &&
	       !(other && load_relaxed(&other->clocks.assumed_epoch) == epoch);
}

/* Adds @pair to what @assumed rests on.  False: there is no room. */
static bool add_pair(struct assumed_acquire *assumed, uint32_t pair)
{
	for (uint32_t i = 0; i < FINDING_PAIRS_MAX; i++) {
		uint32_t *number = &assumed->pairs.numbers[i];

		if (*number && *number != pair)
			continue;
		*number = pair;
		return true;
	}
	return false;
}

/*
 * Under detector.lock.  Notes an assumed acquire from the thread in @slot.  What @thread
 * has already recorded in its present epoch came before it, but counts as later.  An
 * earlier note about the same thread is kept with this one: it may order accesses even
 * if this one turns out not to.
 */
static bool note_assumed(struct thread *thread, uint32_t slot, uint64_t epoch, uint32_t pair)
{
	struct assumed_acquire *place = &thread->clocks.assumed[slot % ASSUMED_ACQUIRES];
	uint64_t word = shadow_plain(slot, epoch, 0);
	bool has_changed = !assumed_find(thread, word);

	if (place->word && (shadow_slot(place->word) != slot || is_trusted(thread, place))) {
		assumed_trust(thread, shadow_slot(place->word));
		place->pairs = (struct finding_pairs){{0}};
	}
	if (has_changed) {
		place->word = word;
		place->since = thread->clocks.recorded_epoch + !thread->clocks.has_recorded;
	}
	thread->clocks.has_assumed = true;
	if (!pair || !add_pair(place, pair))
		assumed_trust(thread, slot);
	return has_changed;
}

/*
 * @thread has joined what @other, in @slot, knows of third threads, perhaps since the epoch that
 * it has assumed.  Who knows of these knows what they knew of @other, as certainly: else what they
 * store would seem known, and what came before it, or tells of it, not.
 */
static bool join_echo(struct thread *thread, const struct thread *other, uint32_t slot)
{
	return clock_raise(thread, slot, assumed_echo(&other->clocks));
}

/* All that @other, in @slot, knows by now, but of its own epochs only what comes with that. */
static bool join_living(struct thread *thread, const struct thread *other, uint32_t slot)
{
	struct arena *arena = &thread->memory->arena;
	const struct vclock *from = clock_all(&other->clocks);
	bool has_changed;

	clock_note_echo(thread, vclock_get_living(from, thread->slot));
	has_changed = vclock_join_living(&thread->clocks.full, arena, from, slot);
	if (UNLIKELY(thread->clocks.predicts))
		has_changed |= vclock_join_living(&thread->clocks.all, arena, from, slot);
	return join_echo(thread, other, slot) || has_changed;
}

/* Under detector.lock.  The thread that was in @slot in @epoch, if it has ended and it is known
 * what it knew; or NULL. */
static const struct thread *find_ended(const struct detector *detector, uint32_t slot,
				       uint64_t epoch)
{
	const struct thread *thread =
		id_table_get(&detector->threads, slot_thread_id(detector, slot, epoch));

	return thread && thread->known ? thread : NULL;
}

/* The same as join_living() of @ended. */
static bool join_known(struct thread *thread, const struct thread *ended, uint32_t slot)
{
	const struct vclock_snapshot *known = ended->known;
	bool has_changed = false;

	clock_note_echo(thread, snapshot_get(known, thread->slot));
	for (uint32_t i = 0; i < known->count; i++)
		if (i != slot)
			has_changed |= clock_raise(thread, i, snapshot_get(known, i));
	return join_echo(thread, ended, slot) || has_changed;
}

bool assumed_knows_of(const struct detector *detector, uint64_t by, uint64_t word)
{
	uint32_t slot = shadow_slot(word);
	uint64_t epoch = shadow_epoch(word);
	const struct thread *ended = find_ended(detector, shadow_slot(by), shadow_epoch(by));
	const struct thread *thread = slot_thread(detector, shadow_slot(by));

	if (ended)
		return snapshot_get(ended->known, slot) >= epoch;
	return thread && thread->memory &&
	       (vclock_get_living(clock_all(&thread->clocks), slot) >= epoch ||
		assumed_find(thread, word));
}

void assume_acquire(struct detector *detector, struct clock_joiner by, uint32_t slot,
		    uint64_t epoch, uint32_t pair)
{
	struct thread *thread = by.thread;
	const struct thread *ended;
	struct thread *other;
	bool has_changed = false;

	runtime_lock(&detector->lock);
	other = slot_thread(detector, slot);
	ended = find_ended(detector, slot, epoch);
	if (!is_given(thread, other, slot, epoch)) {
		/* relaxed: a later value covers more. */
		if (other && load_relaxed(&other->clocks.recorded_epoch) == epoch)
			store_relaxed(&other->clocks.assumed_epoch, epoch);
		has_changed = note_assumed(thread, slot, epoch, pair);
		if (other && other != thread && other->memory) {
			has_changed |= join_living(thread, other, slot);
			has_changed |= assumed_join(thread, other);
		}
		if (ended)
			has_changed |= join_known(thread, ended, slot);
	}
	runtime_unlock(&detector->lock);
	if (has_changed)
		thread->clocks.stamp++;
}

/*
 * Under detector.lock.  The thread that @place is about, if it has acquired since, and stored
 * again to what was read: within the epoch that the reader knows, so that nobody sees it.
 */
static struct thread *find_growing(const struct detector *detector,
				   const struct assumed_acquire *place)
{
	struct thread *other = place->word ? slot_thread(detector, shadow_slot(place->word)) : NULL;
	uint64_t epoch = shadow_epoch(place->word);

	/* relaxed: as in assume_acquire() */
	return other && other->memory &&
			       (load_relaxed(&other->clocks.assumed_epoch) == epoch ||
				load_relaxed(&other->clocks.began) <= epoch) &&
			       clock_is_recent(&other->clocks, epoch)
		       ? other
		       : NULL;
}

/* Threads further down a chain are not asked: what they have acquired since orders nothing. */
#define CHAIN_MOST 16u

/* Under detector.lock.  Adds to @chain, of @count threads, what @thread has acquired from so. */
static uint32_t add_growing(const struct detector *detector, const struct thread *thread,
			    struct thread **chain, uint32_t count)
{
	for (uint32_t i = 0; i < ASSUMED_ACQUIRES && count < CHAIN_MOST; i++) {
		struct thread *other = find_growing(detector, &thread->clocks.assumed[i]);
		uint32_t at = 0;

		while (at < count && chain[at] != other)
			at++;
		if (other && at == count)
			chain[count++] = other;
	}
	return count;
}

void assume_again(struct detector *detector, struct clock_joiner by)
{
	struct thread *thread = by.thread, *chain[CHAIN_MOST] = {thread};
	uint32_t count = 1;
	bool has_changed = false;

	runtime_lock(&detector->lock);
	for (uint32_t i = 0; i < count; i++)
		count = add_growing(detector, chain[i], chain, count);
	for (uint32_t i = 1; i < count; i++) {
		has_changed |= join_living(thread, chain[i], chain[i]->slot);
		has_changed |= assumed_join(thread, chain[i]);
	}
	runtime_unlock(&detector->lock);
	if (has_changed)
		thread->clocks.stamp++;
}

/* Under detector.lock. */
static bool knows_at(const struct thread *other, uint32_t slot, uint64_t present, uint64_t epoch,
		     struct finding_pairs *pairs)
{
	const struct assumed_acquire *assumed = &other->clocks.assumed[slot % ASSUMED_ACQUIRES];

	if (assumed->word != shadow_plain(slot, present, 0))
		return vclock_get_living(clock_all(&other->clocks), slot) >= present;
	*pairs = assumed->pairs;
	return epoch >= assumed->since;
}

bool assumed_is_known(struct detector *detector, const struct thread *thread, uint32_t slot,
		      uint64_t epoch, struct finding_pairs *pairs)
{
	uint64_t present = thread->clocks.recorded_epoch;
	const struct thread *other;
	bool is_known;

	*pairs = (struct finding_pairs){{0}};
	/* relaxed: what is compared was seen in a shadow word, after it was stored. */
	if (load_relaxed(&thread->clocks.assumed_epoch) != present)
		return false;
	runtime_lock(&detector->lock);
	other = slot_thread(detector, slot);
	is_known = !other || slot_thread_id(detector, slot, epoch) != other->id ||
		   knows_at(other, thread->slot, present, epoch, pairs);
	runtime_unlock(&detector->lock);
	return is_known;
}
