#include "detect/base/clock.h"

#include "base/hash.h"
#include "detect/base/assumed.h"
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

void clock_mark_epochs(struct detector *detector, struct thread *thread, uint32_t marks)
{
	thread->clocks.marks = marks;
	if (LIKELY(thread->clocks.has_marks) || !marks)
		return;
	runtime_lock(&detector->lock);
	store_relaxed(&thread->clocks.has_marks, true);
	slot_begin_marks(detector, thread, own_epoch(&thread->clocks.full, thread));
	runtime_unlock(&detector->lock);
}

static uint64_t next_epoch(const struct thread *thread)
{
	uint64_t present = own_epoch(&thread->clocks.full, thread);

	if (LIKELY(!thread->clocks.has_marks))
		return present + 1;
	return (present | SHADOW_EPOCH_MARKS) + 1 + thread->clocks.marks;
}

static bool advance_full(struct thread *thread, uint64_t epoch)
{
	struct arena *arena = &thread->memory->arena;

	return (LIKELY(!thread->clocks.predicts) ||
		vclock_advance(&thread->clocks.all, arena, thread->slot, epoch)) &&
	       vclock_advance(&thread->clocks.full, arena, thread->slot, epoch);
}

/* Threads beyond what shadow words can name are not recorded: access_check()
 * looks at *current. */
void clock_begin_epoch(struct detector *detector, struct thread *thread)
{
	uint64_t epoch = next_epoch(thread);

	if (UNLIKELY(epoch > SHADOW_EPOCH_MAX)) {
		change_slot(detector, thread);
		epoch = next_epoch(thread);
	}
	if (UNLIKELY(thread->slot > SHADOW_SLOT_MAX || epoch > SHADOW_EPOCH_MAX))
		return;
	if (!advance_full(thread, epoch)) {
		detector_count(detector, LOST_MEMORY);
		return;
	}
	if (!thread->clocks.has_first_store) {
		store_relaxed(&thread->clocks.began_before, thread->clocks.began);
		store_relaxed(&thread->clocks.began, epoch);
	}
	thread->clocks.has_first_store = false;
	thread->clocks.stamp++;
	store_relaxed(&thread->clocks.recorded_epoch, epoch); /* relaxed: see assume_acquire() */
	thread->clocks.has_recorded = true;
	*thread->clocks.current = shadow_plain(thread->slot, epoch, SHADOW_ALL_BYTES);
}

bool clock_raise(struct thread *thread, uint32_t slot, uint64_t epoch)
{
	struct arena *arena = &thread->memory->arena;
	bool has_changed = vclock_raise(&thread->clocks.full, arena, slot, epoch);

	if (UNLIKELY(thread->clocks.predicts))
		has_changed |= vclock_raise(&thread->clocks.all, arena, slot, epoch);
	return has_changed;
}

void clock_note_echo(struct thread *thread, uint64_t epoch)
{
	if (epoch <= thread->clocks.echo)
		return;
	store_relaxed(&thread->clocks.echo, epoch); /* relaxed: a word that only grows */
	fence_release(); /* pairs with assumed_echo(): who sees what is learnt sees the echo */
}

/* @thread is about to join @from, and @learns of others what that does not say. */
static void note_echo_of(struct thread *thread, struct vclock_snapshot *from, bool learns)
{
	uint64_t epoch = snapshot_get(from, thread->slot);

	if (epoch > thread->clocks.echo && (learns || !vclock_covers(&thread->clocks.full, from)))
		clock_note_echo(thread, epoch);
}

/* Joins what @clock tells, which nobody changes meanwhile. */
static bool join_clocks(struct thread *thread, const struct vclock *clock)
{
	struct arena *arena = &thread->memory->arena;
	bool has_changed;

	if (!vclock_covers_clock(&thread->clocks.full, clock))
		clock_note_echo(thread, vclock_get(clock, thread->slot));
	has_changed = vclock_join_clock(&thread->clocks.full, arena, clock);

	if (UNLIKELY(thread->clocks.predicts))
		has_changed |= vclock_join_clock(&thread->clocks.all, arena, clock);
	return has_changed;
}

struct vclock_snapshot *clock_snapshot(struct clock_releaser by)
{
	return vclock_snapshot(assumed_to_give(by.thread), &by.thread->memory->arena);
}

struct vclock_snapshot *clock_at_end(struct thread *thread)
{
	return vclock_snapshot(assumed_to_give(thread), &thread->memory->arena);
}

struct vclock_snapshot *clock_base(struct clock_releaser by, bool is_exact, uint64_t *epoch)
{
	struct arena *arena = &by.thread->memory->arena;
	struct vclock *clock = assumed_to_give(by.thread);

	*epoch = own_epoch(&by.thread->clocks.full, by.thread);
	if (is_exact)
		vclock_catch_up(clock, arena);
	return vclock_base(clock, arena);
}

void clock_merge_into(struct vclock_snapshot **into, struct clock_releaser by)
{
	snapshot_merge_clock(into, assumed_to_give(by.thread), &by.thread->memory->arena);
}

void clock_inherit(struct thread *child, struct clock_releaser by)
{
	const struct thread_clocks *parent = &by.thread->clocks;
	struct arena *arena = &child->memory->arena;

	join_clocks(child, clock_all(parent));
	assumed_join(child, by.thread);
	vclock_join_clock(&child->clocks.structural, arena, &parent->structural);
	vclock_join_clock(&child->clocks.hand_over, arena, &parent->hand_over);
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

void clock_join(struct clock_joiner by, struct vclock_snapshot *from)
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

static bool join_base(struct vclock *clock, struct arena *arena, struct vclock_snapshot *from,
		      uint32_t slot, uint64_t epoch)
{
	bool has_changed = vclock_join(clock, arena, from);

	return vclock_raise(clock, arena, slot, epoch) || has_changed;
}

void clock_join_base(struct clock_joiner by, struct vclock_snapshot *from, uint32_t slot,
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
	has_changed |= assumed_join(thread, target);
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
			has_changed |= clock_raise(survivor, slot, last);
	}
	if (has_changed)
		survivor->clocks.stamp++;
}
