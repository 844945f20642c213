#include "detect/base/held_locks.h"
#include "detect/base/slot.h"
#include "detect/predicate/predicate.h"
#include "detect/race/atomics/atomic_location.h"
#include "detect/race/memory.h"
#include "detect/race/race.h"
#include "detect/race/updates/update.h"

bool stale_read_overlaps(const struct stale_read *stale, uintptr_t start, size_t size_bytes)
{
	/* relaxed: others look, too (stale_reads_life_changes()). */
	uintptr_t address = load_relaxed(&stale->address);

	return address && address < start + size_bytes && start < address + stale->size_bytes;
}

/* --- The filter of a thread ------------------------------------------------ */

static void clear_filter(struct thread *thread)
{
	for (uint32_t i = 0; i < STALE_READ_FILTER; i++)
		thread->accesses.stale_read_filter[i] = 0;
}

/* What is there is forgotten, but others may have the same places in the filter. */
static void take_from_filter(struct thread *thread, uintptr_t address, size_t size_bytes)
{
	const struct stale_read *reads = thread->accesses.stale_reads;

	*stale_filter_place(&thread->accesses, address) = 0;
	*stale_filter_place(&thread->accesses, address + size_bytes - 1) = 0;
	EACH_STALE_READ(i, thread)
		stale_filter_put(&thread->accesses, reads[i].address, reads[i].size_bytes);
	predicate_filter(thread);
}

bool stale_reads_touch(const struct thread *thread, uintptr_t address, size_t size_bytes)
{
	const struct stale_read *reads = thread->accesses.stale_reads;
	uintptr_t start = address & ~(uintptr_t)(SHADOW_GRANULE - 1);
	size_t bytes = (address + size_bytes - start + SHADOW_GRANULE - 1) &
		       ~(size_t)(SHADOW_GRANULE - 1);

	EACH_STALE_READ(i, thread)
		if (stale_read_overlaps(&reads[i], start, bytes))
			return true;
	return predicate_touches(thread, start, bytes);
}

/* --- Forgetting ------------------------------------------------------------ */

void stale_read_forget(struct thread *thread, struct stale_read *stale)
{
	uintptr_t address = stale->address;

	store_relaxed(&stale->address, 0); /* relaxed: who still sees it marks it in vain */
	thread->accesses.stale_read_places &= ~stale_read_place(thread, stale);
	if (--thread->accesses.stale_read_count == 0)
		clear_filter(thread);
	else
		take_from_filter(thread, address, stale->size_bytes);
}

void stale_reads_overwrite(struct thread *thread, uintptr_t start, size_t size_bytes)
{
	EACH_STALE_READ(i, thread)
		if (stale_read_overlaps(&thread->accesses.stale_reads[i], start, size_bytes))
			stale_read_forget(thread, &thread->accesses.stale_reads[i]);
}

void stale_read_acquire(struct detector *detector, struct thread *thread, struct stale_read *stale)
{
	if (!stale->is_raced || stale->has_acquired)
		return;
	stale->has_acquired = true;
	memory_assume_acquire(detector, thread, stale->last.word, stale->pair);
}

/*
 * A read is noted before it is made, and others may write in between.  If the value read
 * decides a branch, the thread may have seen that write: the last write is looked up again
 * after the load.
 */
static void settle_read(struct detector *detector, struct thread *thread, struct stale_read *stale)
{
	uintptr_t granule = stale->address & ~(uintptr_t)(SHADOW_GRANULE - 1);
	uint64_t word = load_acquire(shadow_of(granule).write);

	if (!stale->is_examined || stale->is_settled)
		return;
	stale->is_settled = true;
	/* What makes it an atomic comes after the load. */
	if (shadow_form(word) != SHADOW_ATOMIC)
		return;
	stale->last = atomic_last_write(detector, thread, word,
					race_bytes_in(granule, stale->address,
						      stale->address + stale->size_bytes));
	stale->has_value = false;
}

void stale_reads_acquire(struct detector *detector, struct thread *thread)
{
	EACH_STALE_READ(i, thread) {
		struct stale_read *stale = &thread->accesses.stale_reads[i];

		if (stale == thread->accesses.stale_under_way)
			continue;
		stale_read_acquire(detector, thread, stale);
		settle_read(detector, thread, stale);
	}
}

void stale_reads_order(struct thread *thread, const struct access *access)
{
	EACH_STALE_READ(i, thread) {
		struct stale_read *stale = &thread->accesses.stale_reads[i];

		if (stale->is_raced && !stale->has_acquired &&
		    stale_read_overlaps(stale, access->address, access->size_bytes) &&
		    race_is_ordered(thread, stale->last.word))
			stale->is_raced = false;
	}
}

void stale_reads_expire(struct detector *detector, struct thread *thread)
{
	EACH_STALE_READ(i, thread) {
		stale_read_acquire(detector, thread, &thread->accesses.stale_reads[i]);
		stale_read_forget(thread, &thread->accesses.stale_reads[i]);
	}
}

/* What is written rests on the last read.  But a decision stays old after a read that decides
 * nothing, as in `if (stock > 0) stock--`. */
void stale_reads_renew(struct thread *thread, const struct access *access, uint32_t update_group)
{
	bool is_value = update_group && !(access->flags & (SITE_DECIDES | SITE_AWAITS));

	EACH_STALE_READ(i, thread) {
		struct stale_read *stale = &thread->accesses.stale_reads[i];

		if (!stale_read_overlaps(stale, access->address, access->size_bytes))
			continue;
		if (is_value && stale->decides && stale->update_group == update_group)
			stale->is_reread = true;
		else
			stale_read_forget(thread, stale);
	}
}

/* A store that no call can come before rests on a later load, which need not have been seen. */
void stale_reads_split(struct thread *thread, lock_id lock)
{
	EACH_STALE_READ(i, thread) {
		struct stale_read *stale = &thread->accesses.stale_reads[i];

		for (uint32_t k = 0; k < stale->lock_count; k++) {
			if (stale->locks[k].lock == lock && stale->may_be_split) {
				stale->is_split = true;
				stale->given_up |= (uint8_t)(1u << k);
			}
		}
		if (++stale->release_count > STALE_READ_RELEASES)
			stale_read_forget(thread, stale);
	}
}

/* --- Lives of memory ------------------------------------------------------- */

/* Ends the stale reads of @thread (not the calling one, perhaps) in the memory, and marks
 * the places of the others again. */
static void end_reads(struct detector *detector, struct thread *thread, uintptr_t start,
		      size_t size_bytes)
{
	struct stale_read *reads = load_acquire(&thread->accesses.stale_reads);

	for (uint32_t i = 0; reads && i < STALE_READS_KEPT; i++) {
		uintptr_t address = load_acquire(&reads[i].address);

		if (stale_read_overlaps(&reads[i], start, size_bytes))
			/* relaxed: see stale_reads_life_changes(). */
			store_relaxed(&reads[i].is_over, true);
		else if (address)
			marks_put(&detector->stale_read_marks, address);
	}
	if (reads && stale_read_overlaps(&stale_reads_late_act(reads)->stale, start, size_bytes))
		store_relaxed(&stale_reads_late_act(reads)->stale.is_over, true);
	else if (reads && stale_reads_late_act(reads)->stale.address)
		marks_put(&detector->stale_read_marks,
			  stale_reads_late_act(reads)->stale.address);
}

void stale_reads_life_changes(struct detector *detector, uintptr_t start, size_t size_bytes)
{
	/* A read that is noted while its memory is freed is a race anyway. */
	if (LIKELY(!marks_find(&detector->stale_read_marks, start, size_bytes)))
		return;
	runtime_lock(&detector->lock);
	marks_take(&detector->stale_read_marks, start, size_bytes);
	for (uint32_t slot = 0; slot < detector->next_slot; slot++) {
		struct thread *thread = slot_thread(detector, slot);

		if (thread)
			end_reads(detector, thread, start, size_bytes);
	}
	runtime_unlock(&detector->lock);
}

/* --- Remembering ----------------------------------------------------------- */

bool stale_reads_make(struct thread *thread)
{
	struct stale_read *reads = thread->accesses.stale_reads;

	if (LIKELY(reads))
		return true;
	thread->accesses.stale_read_bytes =
		(STALE_READS_KEPT + 1) * sizeof(*reads) + sizeof(struct late_act);
	reads = arena_alloc(&thread->memory->arena, thread->accesses.stale_read_bytes);
	store_release(&thread->accesses.stale_reads, reads); /* pairs with end_reads() */
	return reads;
}

/* A free place, else one that is forgotten for it. */
static struct stale_read *take_place(struct detector *detector, struct thread *thread,
				     uint32_t turn)
{
	uint32_t unused = ~thread->accesses.stale_read_places & ((1u << STALE_READS_KEPT) - 1);
	struct stale_read *reads;

	if (!stale_reads_make(thread))
		return NULL;
	reads = thread->accesses.stale_reads;
	if (unused)
		return &reads[__builtin_ctz(unused)];
	stale_read_acquire(detector, thread, &reads[turn % STALE_READS_KEPT]);
	stale_read_forget(thread, &reads[turn % STALE_READS_KEPT]);
	return &reads[turn % STALE_READS_KEPT];
}

/* Of @access, which may be one of several that share @step's check. */
static origin_id origin_of(struct race_step *step, const struct access *access)
{
	return access->site == step->access->site ? race_origin(step)
						  : origin_of_access(step->detector, step->thread,
								     access, step->keeps_callers);
}

struct stale_read *stale_read_add(struct race_step *step, const struct access *access,
				  const struct cell *last, bool is_raced)
{
	const struct site *site = site_get(&step->detector->sites, access->site);
	struct thread *thread = step->thread;
	origin_id origin = origin_of(step, access);
	struct stale_read *stale = take_place(step->detector, thread, access->site);

	if (!stale)
		return NULL;
	*stale = (struct stale_read){
		.size_bytes = (uint32_t)access->size_bytes,
		.update_group = update_group_of(step->detector, access, site),
		.site = access->site,
		.origin = origin,
		.decides = access->flags & SITE_DECIDES && !(access->flags & SITE_MAY_BE_STALE),
		.matches = access->flags & SITE_MATCHES,
		.may_be_split = access->flags & SITE_MAY_BE_SPLIT,
		.is_raced = is_raced,
		.is_examined = access->flags & SITE_DECIDES,
		.has_value = access->has_value,
		.value = access->value,
		.held_count = thread->held.count,
		.last = *last,
		.known = last->word ? vclock_get(&thread->clocks.hand_over, shadow_slot(last->word))
				    : 0,
	};
	stale->lock_count = lockset_note(thread, stale->locks, STALE_READ_LOCKS);
	thread->accesses.stale_read_age = 0;
	thread->accesses.stale_read_count++;
	thread->accesses.stale_read_places |= stale_read_place(thread, stale);
	store_release(&stale->address, access->address); /* pairs with end_reads() */
	stale_filter_put(&thread->accesses, access->address, access->size_bytes);
	marks_put(&step->detector->stale_read_marks, access->address);
	return stale;
}

/* --- What a write or a report asks ------------------------------------------ */

bool stale_read_is_overwritten(const struct stale_read *stale, const struct access *access)
{
	return stale->has_value && access->has_value && stale->size_bytes == access->size_bytes &&
	       stale->value != access->value;
}

bool stale_read_is_under_same_lock(const struct thread *thread, const struct stale_read *stale)
{
	for (uint32_t i = 0; i < thread->held.count; i++) {
		const struct sync_info *info = thread->held.locks[i].object->info;

		for (uint32_t k = 0; info && k < stale->lock_count; k++)
			if (stale->locks[k].lock == info->id)
				return true;
	}
	return false;
}

void stale_read_tell_holds(struct detector *detector, const struct stale_read *stale,
			   struct finding_event *event)
{
	if (stale->held_count == stale->lock_count)
		lockset_tell(detector, event, stale->locks, stale->lock_count, stale->lock_count);
	else
		origin_tell_holds(detector, stale->origin, event);
}
