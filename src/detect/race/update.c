#include "detect/race/update.h"

#include "detect/base/held_locks.h"
#include "detect/base/thread.h"
#include "detect/race/access_fast.h"
#include "detect/race/race.h"
#include "detect/base/slot.h"

#define KEPT (UPDATE_BASES - 1) /* the last one is for the basis in use */

/* --- What is remembered of reads ------------------------------------------- */

static bool overlaps(const struct basis *basis, uintptr_t start, size_t size_bytes)
{
	/* relaxed: others look, too (update_life_changes()). */
	uintptr_t address = load_relaxed(&basis->address);

	return address && address < start + size_bytes && start < address + basis->size_bytes;
}

static void clear_filter(struct thread *thread)
{
	for (uint32_t i = 0; i < THREAD_FILTER; i++)
		thread->basis_filter[i] = 0;
}

static void forget(struct thread *thread, struct basis *basis)
{
	store_relaxed(&basis->address, 0); /* relaxed: who looks late marks it in vain */
	if (--thread->basis_count == 0)
		clear_filter(thread);
}

/* The thread will not write what it read in a race, so what it read may have
 * told it something. */
static void learn(struct detector *detector, struct thread *thread, struct basis *basis)
{
	if (!basis->is_raced || basis->has_learnt)
		return;
	basis->has_learnt = true;
	memory_assume_acquire(detector, thread, basis->last.word);
}

bool update_rests_on(const struct thread *thread, uintptr_t address)
{
	for (uint32_t i = 0; i < KEPT; i++)
		if (overlaps(&thread->bases[i], address & ~(uintptr_t)(SHADOW_GRANULE - 1),
			     SHADOW_GRANULE))
			return true;
	return false;
}

/* Anew, as what is forgotten leaves its bit. */
static void make_filter(struct thread *thread)
{
	clear_filter(thread);
	for (uint32_t i = 0; i < KEPT; i++) {
		uintptr_t granule = thread->bases[i].address / SHADOW_GRANULE;

		if (granule)
			thread->basis_filter[granule % THREAD_FILTER] = 1;
	}
}

void update_learn(struct detector *detector, struct thread *thread)
{
	for (uint32_t i = 0; thread->basis_count && i < KEPT; i++)
		if (thread->bases[i].address)
			learn(detector, thread, &thread->bases[i]);
}

void update_expire(struct detector *detector, struct thread *thread)
{
	for (uint32_t i = 0; thread->basis_count && i < KEPT; i++) {
		if (!thread->bases[i].address)
			continue;
		learn(detector, thread, &thread->bases[i]);
		forget(thread, &thread->bases[i]);
	}
}

/*
 * A read of a place makes older reads of it irrelevant: what is written rests on
 * what was read last.  Only a decision outlives a read that decides nothing, as
 * the one in `stock--` after `if (stock > 0)`.
 */
static void forget_older(struct thread *thread, const struct access *access,
			 const struct site *site)
{
	bool is_value = site && site->slice && !(access->flags & SITE_DECIDES);

	for (uint32_t i = 0; thread->basis_count && i < KEPT; i++) {
		struct basis *basis = &thread->bases[i];

		if (!overlaps(basis, access->address, access->size_bytes))
			continue;
		if (is_value && basis->decides && basis->slice == site->slice)
			basis->is_reread = true;
		else
			forget(thread, basis);
	}
}

/* A free place, else the one in turn. */
static struct basis *take_place(struct detector *detector, struct thread *thread, uint32_t turn)
{
	struct basis *bases = thread->bases;

	if (!bases) {
		thread->basis_bytes = UPDATE_BASES * sizeof(*bases);
		bases = arena_alloc(&thread->memory->arena, thread->basis_bytes);
		store_release(&thread->bases, bases); /* pairs with change_life() */
	}
	if (!bases)
		return NULL;
	for (uint32_t i = 0; i < KEPT; i++)
		if (!bases[i].address)
			return &bases[i];
	learn(detector, thread, &bases[turn % KEPT]);
	forget(thread, &bases[turn % KEPT]);
	return &bases[turn % KEPT];
}

/* Of @access, which may be one of several that share @step's check. */
static origin_id origin_of(struct race_step *step, const struct access *access)
{
	return access->site == step->access->site
		       ? race_origin(step)
		       : origin_of_access(step->detector, step->thread, access);
}

static void mark(struct detector *detector, uintptr_t address);

static struct basis *remember(struct race_step *step, const struct access *access,
			      const struct site *site, const struct cell *last, bool is_raced)
{
	struct thread *thread = step->thread;
	origin_id what = origin_of(step, access);
	struct basis *basis = take_place(step->detector, thread, access->site);

	if (!basis)
		return NULL;
	*basis = (struct basis){
		.size_bytes = (uint32_t)access->size_bytes,
		.slice = site->slice,
		.site = access->site,
		.what = what,
		.decides = access->flags & SITE_DECIDES && !(access->flags & SITE_BASIS),
		.is_raced = is_raced,
		.has_value = access->has_value,
		.value = access->value,
		.held_count = thread->held_count,
		.last = *last,
		.known = last->word ? vclock_get(&thread->hand_over, shadow_slot(last->word)) : 0,
	};
	basis->lock_count = lockset_note(thread, basis->locks, UPDATE_LOCKS);
	thread->basis_age = 0;
	thread->basis_count++;
	store_release(&basis->address, access->address); /* pairs with change_life() */
	make_filter(thread);
	mark(step->detector, access->address);
	return basis;
}

/* Without a lock only what is part of a race matters: the first accesses of a site,
 * and those of one that was part of a race, are kept for what they read. */
static bool may_race(const struct site *site, uint32_t flags)
{
	/* relaxed: hints. */
	return flags & SITE_BASIS && (load_relaxed(&site->is_suspect) ||
				      load_relaxed(&site->slow_count) < ACCESS_STACKS_FIRST);
}

const struct basis *update_read(struct race_step *step, const struct access *access,
				const struct cell *last)
{
	const struct site *site = site_get(&step->detector->sites, access->site);
	struct thread *thread = step->thread;
	bool is_raced = last->word && !(access->flags & SITE_SPIN) &&
			!race_is_ordered(thread, last->word) &&
			!race_is_silently_ordered(step, last->word);
	const struct basis *basis;

	if (thread->basis_count)
		forget_older(thread, access, site);
	if (!site || !site->slice || !(access->flags & (SITE_BASIS | SITE_DECIDES)))
		return NULL;
	is_raced = is_raced && access->flags & SITE_BASIS;
	if (!thread->held_count && !is_raced && !may_race(site, access->flags))
		return NULL;
	basis = remember(step, access, site, last, is_raced);
	return is_raced ? basis : NULL;
}

const struct basis *update_meet(struct race_step *step)
{
	struct thread *thread = step->thread;
	struct cell last = {race_base(step->other), step->other_what};

	for (uint32_t i = 0; thread->basis_count && i < KEPT; i++) {
		struct basis *basis = &thread->bases[i];

		if (!overlaps(basis, step->granule, SHADOW_GRANULE) || basis->site != step->site ||
		    basis->decides || basis->is_raced)
			continue;
		basis->is_raced = true;
		basis->last = last;
		basis->known = vclock_get(&thread->hand_over, shadow_slot(last.word));
		return basis;
	}
	return NULL;
}

void update_split(struct thread *thread, lock_id lock)
{
	for (uint32_t i = 0; thread->basis_count && i < KEPT; i++) {
		struct basis *basis = &thread->bases[i];

		if (!basis->address)
			continue;
		for (uint32_t k = 0; k < basis->lock_count; k++) {
			if (basis->locks[k].lock == lock) {
				basis->is_split = true;
				basis->given_up |= (uint8_t)(1u << k);
			}
		}
		if (++basis->release_count > UPDATE_RELEASES)
			forget(thread, basis);
	}
}

/* --- Lives of memory ------------------------------------------------------- */

/*
 * Whose memory begins or ends a life does not know who rests on what was read
 * there.  A filter of bits, by pieces of 16 bytes, says where somebody may.
 */
#define MARK_SHIFT 4
#define MARK_WORDS UPDATE_MARK_WORDS
#define MARK_BITS (MARK_WORDS * 64u)

static uint64_t *mark_word(struct detector *detector, uintptr_t piece)
{
	return &detector->basis_marks[piece / 64 % MARK_WORDS];
}

static void mark(struct detector *detector, uintptr_t address)
{
	uint64_t *word = mark_word(detector, address >> MARK_SHIFT);
	uint64_t bit = 1ull << (address >> MARK_SHIFT) % 64;

	if (!(load_relaxed(word) & bit))
		fetch_or_acq_rel(word, bit);
}

/* Is one of the pieces [first, last] marked?  Marks of their words are taken
 * back if @takes. */
static bool find_marks(struct detector *detector, uintptr_t first, uintptr_t last, bool takes)
{
	bool is_found = false;

	if (last - first >= MARK_BITS)
		last = first + MARK_BITS - 1;
	while (first <= last) {
		uint64_t *word = mark_word(detector, first);
		uint64_t mask = ~0ull << first % 64;

		if (last / 64 == first / 64)
			mask &= ~0ull >> (63 - last % 64);
		/* relaxed: who rests on this memory while it is given back is wrong anyway. */
		if (load_relaxed(word) & mask) {
			is_found = true;
			if (takes)
				exchange_acq_rel(word, 0);
		}
		first = (first / 64 + 1) * 64;
	}
	return is_found;
}

/* Bases of @thread, which may be another one, in the memory are void; the others'
 * marks are made anew. */
static void change_life(struct detector *detector, struct thread *thread, uintptr_t start,
			size_t size_bytes)
{
	struct basis *bases = load_acquire(&thread->bases);

	for (uint32_t i = 0; bases && i < KEPT; i++) {
		uintptr_t address = load_acquire(&bases[i].address);

		if (overlaps(&bases[i], start, size_bytes))
			store_relaxed(&bases[i].is_over, true); /* relaxed: see find_marks() */
		else if (address)
			mark(detector, address);
	}
}

void update_life_changes(struct detector *detector, uintptr_t start, size_t size_bytes)
{
	uintptr_t first = start >> MARK_SHIFT;
	uintptr_t last = (start + size_bytes - 1) >> MARK_SHIFT;

	/* relaxed: a hint. */
	if (UNLIKELY(load_relaxed(&detector->split_count)))
		update_forget_splits(detector, start, start + size_bytes);
	if (LIKELY(!find_marks(detector, first, last, false)))
		return;
	runtime_lock(&detector->lock);
	find_marks(detector, first, last, true);
	for (uint32_t slot = 0; slot < detector->next_slot; slot++) {
		struct thread *thread = slot_thread(detector, slot);

		if (thread)
			change_life(detector, thread, start, size_bytes);
	}
	runtime_unlock(&detector->lock);
}

/* --- What a write finds ---------------------------------------------------- */

bool update_is_under_same_lock(const struct thread *thread, const struct basis *basis)
{
	for (uint32_t i = 0; i < thread->held_count; i++) {
		const struct sync_info *info = thread->held[i].object->info;

		for (uint32_t k = 0; info && k < basis->lock_count; k++)
			if (basis->locks[k].lock == info->id)
				return true;
	}
	return false;
}

void update_tell_holds(struct detector *detector, const struct basis *basis,
		       struct finding_event *event)
{
	if (basis->held_count == basis->lock_count)
		lockset_tell(detector, event, basis->locks, basis->lock_count,
			     basis->lock_count);
	else
		origin_tell_holds(detector, basis->what, event);
}

bool update_is_value_seen(const struct basis *basis, const struct access *access)
{
	return basis->has_value && access->has_value && basis->size_bytes == access->size_bytes &&
	       basis->value != access->value;
}

/* The value there may be the one that was read, for all that is known. */
static bool may_be_equal(const struct basis *basis, const struct access *access)
{
	return basis->has_value && access->has_value && !update_is_value_seen(basis, access);
}

static bool is_update(struct detector *detector, const struct cell *write)
{
	const struct site *site = site_get(&detector->sites, origin_site(detector, write->what));

	return site && site->flags & SITE_UPDATE;
}

/* The read was in a race with a write: of another update, both are one finding;
 * else the read was not the first half of anything. */
static void settle_race(struct race_step *step, const struct access *access, struct basis *basis)
{
	if (!basis->is_raced)
		return;
	if (!is_update(step->detector, &basis->last))
		learn(step->detector, step->thread, basis);
	else if (basis->has_learnt)
		race_lost_update(step, access, basis);
}

static void judge(struct race_step *step, const struct access *access, struct basis *basis,
		  const struct cell *last)
{
	bool is_others = last->word && shadow_slot(last->word) != step->thread->slot;

	settle_race(step, access, basis);
	if (!basis->is_split || !update_is_under_same_lock(step->thread, basis) ||
	    (last->word && !race_is_ordered(step->thread, last->word)))
		return;
	if (!is_others || last->word == basis->last.word) {
		if (access->flags & SITE_UPDATE)
			update_note_split(step, access, basis);
	} else if (!may_be_equal(basis, access)) {
		update_report_seen(step, access, basis, last);
	}
}

/* What rests on a decision alone is not a matter of what is stored. */
static bool concerns_decision(const struct basis *basis, const struct access *access)
{
	return basis->decides && !(access->flags & (SITE_DECIDES | SITE_CONSTANT));
}

/* The basis in the thread's slice that @access writes from: of its value, or of its
 * decision. */
static struct basis *find_basis(struct thread *thread, const struct access *access, uint32_t slice,
				bool decides)
{
	for (uint32_t i = 0; thread->basis_count && i < KEPT; i++) {
		struct basis *basis = &thread->bases[i];

		if (basis->address == access->address && basis->slice == slice &&
		    basis->decides == decides && !load_relaxed(&basis->is_over))
			return basis;
	}
	return NULL;
}

const struct basis *update_write(struct race_step *step, const struct access *access,
				 const struct cell *last)
{
	const struct site *site = site_get(&step->detector->sites, access->site);
	struct thread *thread = step->thread;
	uint32_t slice = site ? site->slice : 0;
	struct basis *value = NULL;
	struct basis *decision;

	/* What reads again as it writes, or just before, rests on no older value. */
	if (slice && thread->basis_count && !(access->flags & SITE_READ))
		value = find_basis(thread, access, slice, false);
	if (value)
		judge(step, access, value, last);
	decision = slice && thread->basis_count ? find_basis(thread, access, slice, true) : NULL;
	if (decision && concerns_decision(decision, access) && !(value && value->is_split))
		judge(step, access, decision, last);
	/* acquire: pairs with update_note_split(). */
	if (load_acquire(&step->detector->split_count) && access->flags & SITE_UPDATE &&
	    (!last->word || race_is_ordered(thread, last->word)))
		update_check_splits(step, access);
	if (value) {
		thread->bases[KEPT] = *value;
		value = &thread->bases[KEPT];
	}
	for (uint32_t i = 0; thread->basis_count && i < KEPT; i++)
		if (overlaps(&thread->bases[i], access->address, access->size_bytes))
			forget(thread, &thread->bases[i]);
	return value;
}
