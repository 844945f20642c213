#include "detect/base/clock.h"

#include "base/hash.h"
#include "detect/base/held_locks.h"
#include "detect/base/slot.h"
#include "detect/base/detector.h"
#include "detect/base/thread.h"
#include "detect/data/shadow_word.h"

static uint64_t own_epoch(const struct vclock *clock, const struct thread *thread)
{
	return vclock_get(clock, thread->slot);
}

static void advance_clock(struct vclock *clock, struct thread *thread)
{
	vclock_set(clock, &thread->memory->arena, thread->slot, own_epoch(clock, thread) + 1);
}

void clock_rechain(struct detector *detector, struct thread *thread)
{
	uint64_t structural = own_epoch(&thread->clocks.structural, thread);
	uint64_t base = hash_append(hash_append(1, thread->id), structural);

	if (detector->is_refining)
		base = hash_append(base, own_epoch(&thread->clocks.hand_over, thread));
	held_locks_rehash(&thread->held, base);
}

static bool begin_at(struct thread *thread, uint64_t first)
{
	struct arena *arena = &thread->memory->arena;

	thread->clocks.stamp = (uint64_t)thread->slot << 48 | first;
	thread->clocks.echo = 0;
	if (thread->clocks.predicts && !vclock_set(&thread->clocks.all, arena, thread->slot, first))
		return false;
	return vclock_set(&thread->clocks.full, arena, thread->slot, first) &&
	       vclock_set(&thread->clocks.structural, arena, thread->slot, first) &&
	       vclock_set(&thread->clocks.hand_over, arena, thread->slot, first);
}

bool clock_init(struct thread *thread, uint64_t first)
{
	thread->clocks.own_current = thread->clocks.own_shared = SHADOW_NO_EPOCH;
	thread->clocks.current = &thread->clocks.own_current;
	thread->clocks.shared = &thread->clocks.own_shared;
	thread->clocks.ahead = &thread->clocks.own_ahead;
	return begin_at(thread, first);
}

uint64_t clock_free(struct thread *thread)
{
	struct arena *arena = &thread->memory->arena;
	struct vclock *clocks[] = {&thread->clocks.full, &thread->clocks.structural,
				   &thread->clocks.hand_over};
	uint64_t above = thread->clocks.stamp & 0xffffffffffffull;

	for (unsigned i = 0; i < ARRAY_LENGTH(clocks); i++) {
		if (above < own_epoch(clocks[i], thread))
			above = own_epoch(clocks[i], thread);
		vclock_free(clocks[i], arena);
	}
	vclock_free(&thread->clocks.given, arena);
	vclock_free(&thread->clocks.all, arena);
	return above;
}

/* Records up to which epoch a hand-over covers, for other threads to read. */
static void note_hand_over(struct thread *thread)
{
	uint32_t count = thread->clocks.give_count;
	struct thread_give *give = &thread->clocks.gives[count % THREAD_GIVES];

	/* relaxed: only predictions rest on them: update_split.c */
	store_relaxed(&give->hand_over, own_epoch(&thread->clocks.hand_over, thread));
	store_relaxed(&give->epoch, own_epoch(&thread->clocks.full, thread));
	store_relaxed(&thread->clocks.give_count, count + 1);
}

void clock_tick_hand_over(struct detector *detector, struct thread *thread)
{
	/* relaxed, and first: who learns of the old epoch after this costs another one. */
	store_relaxed(&thread->clocks.is_learnt, 0u);
	note_hand_over(thread);
	advance_clock(&thread->clocks.hand_over, thread);
	if (detector->is_refining)
		clock_rechain(detector, thread);
}

void clock_tick_structural(struct detector *detector, struct thread *thread)
{
	note_hand_over(thread);
	advance_clock(&thread->clocks.structural, thread);
	advance_clock(&thread->clocks.hand_over, thread);
	clock_rechain(detector, thread);
}

void clock_end_epoch(struct clock_releaser by)
{
	by.thread->clocks.has_recorded = false;
	by.thread->clocks.has_first_store = false;
	*by.thread->clocks.current = SHADOW_NO_EPOCH;
	*by.thread->clocks.shared = SHADOW_NO_EPOCH;
	*by.thread->clocks.ahead = 0;
}

void clock_end_epoch_after_first(struct clock_releaser by)
{
	clock_end_epoch(by);
	by.thread->clocks.has_first_store = true;
}

/* The epochs of a slot are used up: @thread goes on in another one. */
static void change_slot(struct detector *detector, struct thread *thread)
{
	uint64_t first;

	runtime_lock(&detector->lock);
	slot_give(detector, thread, SHADOW_EPOCH_MAX);
	first = slot_take(detector, thread, thread);
	if (first && begin_at(thread, first))
		clock_rechain(detector, thread);
	runtime_unlock(&detector->lock);
}

/* Threads beyond what shadow words can name are not recorded: access_check()
 * looks at *current. */
void clock_begin_epoch(struct detector *detector, struct thread *thread)
{
	uint64_t epoch = own_epoch(&thread->clocks.full, thread) + 1;

	if (UNLIKELY(epoch > SHADOW_EPOCH_MAX)) {
		change_slot(detector, thread);
		epoch = own_epoch(&thread->clocks.full, thread) + 1;
	}
	if (UNLIKELY(thread->slot > SHADOW_SLOT_MAX || epoch > SHADOW_EPOCH_MAX))
		return;
	vclock_advance(&thread->clocks.full, &thread->memory->arena, thread->slot, epoch);
	if (UNLIKELY(thread->clocks.predicts))
		vclock_advance(&thread->clocks.all, &thread->memory->arena, thread->slot, epoch);
	if (!thread->clocks.has_first_store) {
		store_relaxed(&thread->clocks.began_before, thread->clocks.began);
		store_relaxed(&thread->clocks.began, epoch);
	}
	thread->clocks.has_first_store = false;
	thread->clocks.stamp++;
	store_relaxed(&thread->clocks.recorded_epoch, epoch); /* relaxed: see clock_assume() */
	thread->clocks.has_recorded = true;
	*thread->clocks.current = shadow_plain(thread->slot, epoch, SHADOW_ALL_BYTES);
}

/* The epochs of @slot up to @epoch came before, for certain. */
static bool raise_clocks(struct thread *thread, uint32_t slot, uint64_t epoch)
{
	struct arena *arena = &thread->memory->arena;
	bool has_changed = vclock_raise(&thread->clocks.full, arena, slot, epoch);

	if (UNLIKELY(thread->clocks.predicts))
		has_changed |= vclock_raise(&thread->clocks.all, arena, slot, epoch);
	return has_changed;
}

/* Does the thread learn of others from @entries? */
static bool learns_from(const struct thread *thread, const uint64_t *entries, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		if (i != thread->slot &&
		    load_relaxed(&entries[i]) > vclock_get(&thread->clocks.full, i))
			return true;
	return false;
}

/*
 * @thread is about to join @entries, and @learns what they do not say.  Those that it learns of
 * may know of epochs of its own.  relaxed: words that only grow
 */
static void note_echo(struct thread *thread, const uint64_t *entries, uint32_t count, bool learns)
{
	uint64_t epoch = thread->slot < count ? load_relaxed(&entries[thread->slot]) : 0;

	if (epoch <= thread->clocks.echo || (!learns && !learns_from(thread, entries, count)))
		return;
	store_relaxed(&thread->clocks.echo, epoch);
	fence_release(); /* pairs with clock_echo(): who sees what is learnt sees the echo */
}

static void note_echo_of(struct thread *thread, const struct vclock_snapshot *from, bool learns)
{
	if (from)
		note_echo(thread, from->entries, from->count, learns);
}

/* The same of what @clock tells, which nobody changes meanwhile. */
static bool join_clocks(struct thread *thread, const struct vclock *clock)
{
	struct arena *arena = &thread->memory->arena;
	bool has_changed;

	note_echo(thread, clock->entries, clock->count, false);
	has_changed = vclock_join_clock(&thread->clocks.full, arena, clock);

	if (UNLIKELY(thread->clocks.predicts))
		has_changed |= vclock_join_clock(&thread->clocks.all, arena, clock);
	return has_changed;
}

static bool is_trusted(const struct thread *thread, const struct assumed_acquire *assumed)
{
	return vclock_get(clock_all(&thread->clocks), shadow_slot(assumed->word)) >=
	       shadow_epoch(assumed->word);
}

/* Joins the epochs of @other's assumed acquires into @thread's clocks.  True: they have
 * grown. */
static bool raise_to_assumed(struct thread *thread, const struct thread *other)
{
	bool has_changed = false;

	for (uint32_t i = 0; i < ASSUMED_ACQUIRES; i++) {
		uint64_t word = other->clocks.assumed[i].word;

		if (word)
			has_changed |= raise_clocks(thread, shadow_slot(word), shadow_epoch(word));
	}
	return has_changed;
}

/* @thread's clock with its assumed acquires, which those who acquire it take as certain. */
static struct vclock *given_with_assumed(struct thread *thread)
{
	struct vclock *given = &thread->clocks.given;
	struct arena *arena = &thread->memory->arena;

	vclock_join_living(given, arena, clock_all(&thread->clocks), UINT32_MAX);
	for (uint32_t i = 0; i < ASSUMED_ACQUIRES; i++) {
		uint64_t word = thread->clocks.assumed[i].word;

		if (word)
			vclock_raise(given, arena, shadow_slot(word), shadow_epoch(word));
	}
	return given;
}

/* The clock that @thread's releases pass on. */
static struct vclock *clock_to_give(struct thread *thread)
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

struct vclock_snapshot *clock_snapshot(struct clock_releaser by)
{
	return vclock_snapshot(clock_to_give(by.thread), &by.thread->memory->arena);
}

struct vclock_snapshot *clock_at_end(struct thread *thread)
{
	return vclock_snapshot(clock_to_give(thread), &thread->memory->arena);
}

struct vclock_snapshot *clock_base(struct clock_releaser by, bool is_exact, uint64_t *epoch)
{
	struct arena *arena = &by.thread->memory->arena;
	struct vclock *clock = clock_to_give(by.thread);

	*epoch = own_epoch(&by.thread->clocks.full, by.thread);
	if (is_exact)
		vclock_catch_up(clock, arena);
	return vclock_base(clock, arena);
}

void clock_merge_into(struct vclock_snapshot **into, struct clock_releaser by)
{
	snapshot_merge_clock(into, clock_to_give(by.thread), &by.thread->memory->arena);
}

void clock_inherit(struct thread *child, struct clock_releaser by)
{
	const struct thread_clocks *parent = &by.thread->clocks;
	struct arena *arena = &child->memory->arena;

	join_clocks(child, clock_all(parent));
	raise_to_assumed(child, by.thread);
	vclock_join_clock(&child->clocks.structural, arena, &parent->structural);
	vclock_join_clock(&child->clocks.hand_over, arena, &parent->hand_over);
}

const struct assumed_acquire *clock_find_assumed(const struct thread *thread, uint64_t word)
{
	const struct assumed_acquire *assumed =
		&thread->clocks.assumed[shadow_slot(word) % ASSUMED_ACQUIRES];

	return shadow_slot(assumed->word) == shadow_slot(word) &&
			       shadow_epoch(assumed->word) >= shadow_epoch(word)
		       ? assumed
		       : NULL;
}

/* The stamp stays: the thread's releases have passed this on already. */
void clock_trust(struct thread *thread, uint32_t slot)
{
	struct assumed_acquire *assumed = &thread->clocks.assumed[slot % ASSUMED_ACQUIRES];

	if (shadow_slot(assumed->word) == slot)
		raise_clocks(thread, slot, shadow_epoch(assumed->word));
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
	bool has_changed = !clock_find_assumed(thread, word);

	if (place->word && (shadow_slot(place->word) != slot || is_trusted(thread, place))) {
		clock_trust(thread, shadow_slot(place->word));
		place->pairs = (struct finding_pairs){{0}};
	}
	if (has_changed) {
		place->word = word;
		place->since = thread->clocks.recorded_epoch + !thread->clocks.has_recorded;
	}
	thread->clocks.has_assumed = true;
	if (!pair || !add_pair(place, pair))
		clock_trust(thread, slot);
	return has_changed;
}

/*
 * @thread has joined what @other, in @slot, knows of third threads, perhaps since the epoch that
 * it has assumed.  Who knows of these knows what they knew of @other, as certainly: else what they
 * store would seem known, and what came before it, or tells of it, not.
 */
static bool join_echo(struct thread *thread, const struct thread *other, uint32_t slot)
{
	return raise_clocks(thread, slot, clock_echo(&other->clocks));
}

/* All that @other, in @slot, knows by now, but of its own epochs only what comes with that. */
static bool join_living(struct thread *thread, const struct thread *other, uint32_t slot)
{
	struct arena *arena = &thread->memory->arena;
	const struct vclock *from = clock_all(&other->clocks);
	uint32_t count = load_acquire(&from->count); /* acquire: as in vclock_join_living() */
	bool has_changed;

	note_echo(thread, load_acquire(&from->entries), count, true);
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

	note_echo_of(thread, known, true);
	for (uint32_t i = 0; i < known->count; i++)
		if (i != slot)
			has_changed |= raise_clocks(thread, i, known->entries[i]);
	return join_echo(thread, ended, slot) || has_changed;
}

bool clock_knows_of(const struct detector *detector, uint64_t by, uint64_t word)
{
	uint32_t slot = shadow_slot(word);
	uint64_t epoch = shadow_epoch(word);
	const struct thread *ended = find_ended(detector, shadow_slot(by), shadow_epoch(by));
	const struct thread *thread = slot_thread(detector, shadow_slot(by));

	if (ended)
		return snapshot_get(ended->known, slot) >= epoch;
	return thread && thread->memory &&
	       (vclock_get_living(clock_all(&thread->clocks), slot) >= epoch ||
		clock_find_assumed(thread, word));
}

void clock_assume(struct detector *detector, struct clock_joiner by, uint32_t slot, uint64_t epoch,
		  uint32_t pair)
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
			has_changed |= raise_to_assumed(thread, other);
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
	struct thread *other =
		place->word ? slot_thread(detector, shadow_slot(place->word)) : NULL;
	uint64_t epoch = shadow_epoch(place->word);

	/* relaxed: as in clock_assume() */
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

void clock_assume_again(struct detector *detector, struct clock_joiner by)
{
	struct thread *thread = by.thread, *chain[CHAIN_MOST] = {thread};
	uint32_t count = 1;
	bool has_changed = false;

	runtime_lock(&detector->lock);
	for (uint32_t i = 0; i < count; i++)
		count = add_growing(detector, chain[i], chain, count);
	for (uint32_t i = 1; i < count; i++) {
		has_changed |= join_living(thread, chain[i], chain[i]->slot);
		has_changed |= raise_to_assumed(thread, chain[i]);
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

bool clock_is_assumed(struct detector *detector, const struct thread *thread, uint32_t slot,
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

/* Under detector.lock. */
static void learn_from(struct detector *detector, struct thread *thread, uint32_t slot)
{
	struct arena *arena = &thread->memory->arena;
	struct thread *other = slot_thread(detector, slot);

	if (other == thread)
		return;
	if (!other || !other->memory) {
		vclock_raise(&thread->clocks.hand_over, arena, slot,
			     slot_last_epoch(detector, slot));
		return;
	}
	vclock_join_living(&thread->clocks.hand_over, arena, &other->clocks.hand_over, UINT32_MAX);
	if (load_relaxed(&other->clocks.is_learnt)) /* relaxed: read under the same lock */
		return;
	store_relaxed(&other->clocks.is_learnt, 1u);
	if (detector->is_refining)
		detector->salt = hash_append(detector->salt, slot + 1ul);
}

void clock_learn(struct detector *detector, struct thread *thread, uint32_t slot)
{
	uint32_t first = slot == CLOCK_ANY_SLOT ? 0 : slot;
	uint32_t end;

	runtime_lock(&detector->lock);
	end = slot == CLOCK_ANY_SLOT ? detector->next_slot : slot + 1;
	for (uint32_t i = first; i < end; i++)
		learn_from(detector, thread, i);
	if (detector->is_refining)
		clock_rechain(detector, thread);
	runtime_unlock(&detector->lock);
}

uint64_t clock_tell(const struct detector *detector, struct thread *thread)
{
	/* relaxed: who stores has not recorded later than it did so itself; and if others have,
	 * they have told it, too. */
	if (!load_relaxed(&detector->moment_count))
		return 0;
	/* Else clock_learn() does, and has known lock orders recorded again. */
	if (!detector->is_refining)
		store_relaxed(&thread->clocks.is_learnt, 1u);
	return own_epoch(&thread->clocks.hand_over, thread);
}

void clock_be_told(struct detector *detector, struct thread *thread, uint32_t slot, uint64_t told)
{
	if (vclock_get(&thread->clocks.hand_over, slot) >= told)
		return;
	if (detector->is_refining)
		clock_learn(detector, thread, slot);
	else
		vclock_raise(&thread->clocks.hand_over, &thread->memory->arena, slot, told);
}

void clock_end_learnt(struct detector *detector, struct thread *thread)
{
	if (load_relaxed(&thread->clocks.is_learnt)) /* relaxed: written under the same lock */
		clock_tick_hand_over(detector, thread);
}

void clock_join(struct clock_joiner by, const struct vclock_snapshot *from)
{
	struct thread *thread = by.thread;
	struct arena *arena = &thread->memory->arena;
	bool has_changed;

	note_echo_of(thread, from, false);
	has_changed = vclock_join(&thread->clocks.full, arena, from);
	if (UNLIKELY(thread->clocks.predicts))
		has_changed |= vclock_join(&thread->clocks.all, arena, from);
	if (has_changed)
		thread->clocks.stamp++;
}

static bool join_base(struct vclock *clock, struct arena *arena, const struct vclock_snapshot *from,
		      uint32_t slot, uint64_t epoch)
{
	bool has_changed = vclock_join(clock, arena, from);

	return vclock_raise(clock, arena, slot, epoch) || has_changed;
}

void clock_join_base(struct clock_joiner by, const struct vclock_snapshot *from, uint32_t slot,
		     uint64_t epoch, bool is_certain)
{
	struct thread_clocks *clocks = &by.thread->clocks;
	struct arena *arena = &by.thread->memory->arena;
	bool has_changed = false;

	note_echo_of(by.thread, from, epoch > vclock_get(&clocks->full, slot));
	if (is_certain || LIKELY(!clocks->predicts))
		has_changed = join_base(&clocks->full, arena, from, slot, epoch);
	if (UNLIKELY(clocks->predicts))
		has_changed |= join_base(&clocks->all, arena, from, slot, epoch);
	if (has_changed)
		clocks->stamp++;
}

void clock_join_ended(struct detector *detector, struct clock_joiner by, struct thread *target)
{
	struct thread *thread = by.thread;
	struct arena *arena = &thread->memory->arena;

	bool has_changed;

	note_hand_over(target); /* all that it did */
	has_changed = join_clocks(thread, clock_all(&target->clocks));
	has_changed |= raise_to_assumed(thread, target);
	if (has_changed)
		thread->clocks.stamp++;
	vclock_join_clock(&thread->clocks.structural, arena, &target->clocks.structural);
	vclock_join_clock(&thread->clocks.hand_over, arena, &target->clocks.hand_over);
	clock_rechain(detector, thread);
}

void clock_join_all(struct detector *detector, struct clock_joiner by)
{
	struct thread *survivor = by.thread;
	bool has_changed = false;

	for (uint32_t slot = 0; slot < detector->next_slot; slot++) {
		uint64_t last = slot_last_epoch(detector, slot);

		if (slot != survivor->slot && last)
			has_changed |= raise_clocks(survivor, slot, last);
	}
	if (has_changed)
		survivor->clocks.stamp++;
}
