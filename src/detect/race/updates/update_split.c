/*
 * Findings about split sections, and what could have come between: places that are
 * updated in split sections are remembered, by address.
 *
 * What could have come between: an update by another thread that no hand-over
 * (an edge of anything but mutexes) puts before the read or after the write, and
 * that no lock held from the read to the write keeps out.
 */
#include "base/hash.h"
#include "detect/base/held_locks.h"
#include "detect/base/memory_block.h"
#include "detect/base/thread.h"
#include "detect/race/record_fast.h"
#include "detect/race/race.h"
#include "detect/base/report.h"
#include "detect/race/updates/update.h"

/* A place that somebody updates in split sections. */
struct split_update {
	uintptr_t address; /* 0: none */
	thread_id thread;
	uint32_t slot;
	uint64_t hand_over; /* epoch of the thread at the write */
	enum finding_kind kind;
	site_id site;
	origin_id origin;
	struct stale_read stale;
	uint32_t kept_count; /* locks that were held from the read to the write */
	lock_id kept[STALE_READ_LOCKS];
};

/* --- Findings -------------------------------------------------------------- */

/* If the value stored was read in the earlier section, too, the update is lost;
 * if only the decision was made there, it is a decision that was too old. */
static enum finding_kind kind_of(const struct stale_read *stale, const struct access *access)
{
	bool is_value = !stale->decides || (access->flags & SITE_UPDATE &&
					    !(access->flags & SITE_READ) && !stale->is_reread);

	return is_value ? FINDING_LOST_UPDATE : FINDING_CHECK_THEN_ACT;
}

static uint64_t key_of(const struct stale_read *stale, site_id site)
{
	return hash_append(hash_append(2, stale->site), site);
}

static uint64_t predicted_key(uint64_t key)
{
	return hash_append(key, DETAIL_PREDICTED);
}

static void add_stale_read(struct detector *detector, struct finding *finding, thread_id thread,
			   const struct stale_read *stale, uintptr_t address)
{
	struct finding_event *event =
		report_access(finding, thread, ACTION_READ, origin_stack(detector, stale->origin),
			  address, stale->size_bytes);

	if (!event)
		return;
	event->value = stale->value;
	event->has_value = stale->has_value;
	stale_read_tell_holds(detector, stale, event);
}

static enum finding_action action_of(const struct detector *detector, site_id id)
{
	const struct site *site = site_get(&detector->sites, id);

	return site && site->flags & SITE_UPDATE ? ACTION_UPDATE : ACTION_WRITE;
}

static void add_other(struct detector *detector, struct finding *finding,
		      const struct access *access, const struct cell *other)
{
	struct finding_event *event = report_access(
		finding, slot_thread_id_of(detector, other->word),
		action_of(detector, origin_site(detector, other->origin)),
		origin_stack(detector, other->origin), access->address, access->size_bytes);

	if (event)
		origin_tell_holds(detector, other->origin, event);
}

static void add_mine(struct finding *finding, const struct thread *thread,
		     const struct access *access, enum finding_action action, stack_id stack)
{
	struct finding_event *event = report_access(finding, thread->id, action, stack,
						access->address, access->size_bytes);

	if (!event)
		return;
	event->value = access->value;
	event->has_value = access->has_value;
	report_holds(event, thread);
}

static void report_seen(struct detector *detector, const struct thread *thread,
			const struct late_act *act, enum finding_kind kind, uint32_t details)
{
	const struct stale_read *stale = &act->stale;
	const struct access *access = &act->access;
	uint64_t key = key_of(stale, access->site);
	struct finding *finding;

	site_suspect(&detector->sites, stale->site);
	site_suspect(&detector->sites, access->site);
	runtime_lock(&detector->lock);
	finding = report_begin(detector, kind);
	finding->details = DETAIL_SPLIT | details;
	if (stale_read_is_overwritten(stale, access))
		finding->details |= DETAIL_VALUE_SEEN;
	finding->replaces =
		report_number(detector, kind_of(stale, access), predicted_key(key));
	memory_block_report(detector, finding, access->address);
	add_stale_read(detector, finding, thread->id, stale, access->address);
	add_other(detector, finding, access, &act->last);
	add_mine(finding, thread, access, ACTION_WRITE, act->stack & ~STACK_ID_IN_HANDLER);
	report_emit(detector, finding, key);
	runtime_unlock(&detector->lock);
}

/* Was the value read compared with the one to be stored, and can that be read from memory
 * after the store? */
static bool is_for_later(struct detector *detector, const struct late_act *act)
{
	const struct site *site = site_get(&detector->sites, act->stale.site);

	return detector->hooks->value_at && act->stale.decides && site &&
	       site->flags & (SITE_COMPARES | SITE_EQUATES) && act->stale.has_value &&
	       act->access.has_value;
}

void update_report_seen(struct race_step *step, const struct access *access,
			const struct stale_read *stale, const struct cell *last)
{
	struct detector *detector = step->detector;
	struct thread *thread = step->thread;
	struct late_act *late = stale_reads_late_act(thread->accesses.stale_reads);
	struct late_act act = {
		.stale = *stale,
		.access = *access,
		.last = *last,
		.stack = origin_stack_of_access(detector, thread, access),
	};

	act.access.context = NULL;
	if (is_for_later(detector, &act) && !late->is_waiting) {
		*late = act;
		late->is_waiting = true;
		/* So that memory_is_late() is true at the next release. */
		thread->accesses.stale_read_count++;
		return;
	}
	report_seen(detector, thread, &act, kind_of(stale, access), 0);
}

static int compare_signed(uint64_t a, uint64_t b, size_t size_bytes)
{
	unsigned shift = 64 - 8 * (unsigned)size_bytes;
	int64_t first = (int64_t)(a << shift);
	int64_t second = (int64_t)(b << shift);

	return (first > second) - (first < second);
}

static int compare_unsigned(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

/* @value is in memory now.  Does it lie between the value read and the other thread's, which
 * it has replaced?  Then it was right to store it over the former, and wrong over the
 * latter. */
static bool is_outdone(const struct late_act *act, uint64_t value)
{
	size_t size_bytes = act->access.size_bytes;
	int before = compare_signed(value, act->stale.value, size_bytes);
	int after = compare_signed(value, act->access.value, size_bytes);

	return before && after == -before &&
	       before == compare_unsigned(value, act->stale.value) &&
	       after == compare_unsigned(value, act->access.value);
}

/* @value is in memory now, as it was or was not when it was looked for.  Would the thread have
 * found the same in the place of the other thread's value? */
static bool is_found_again(const struct late_act *act, uint64_t value)
{
	size_t size_bytes = act->access.size_bytes;

	return !compare_signed(value, act->stale.value, size_bytes) ==
	       !compare_signed(value, act->access.value, size_bytes);
}

/* @value is what the act has stored. */
static void settle_late(struct detector *detector, struct thread *thread,
			const struct late_act *act, uint64_t value)
{
	const struct site *site = site_get(&detector->sites, act->stale.site);
	enum finding_kind kind = kind_of(&act->stale, &act->access);

	if (site && site->flags & SITE_EQUATES) {
		if (!is_found_again(act, value))
			report_seen(detector, thread, act, kind, 0);
	} else if (is_outdone(act, value)) {
		report_seen(detector, thread, act, FINDING_LOST_UPDATE, DETAIL_OUTDONE);
	} else {
		report_seen(detector, thread, act, kind, 0);
	}
}

void update_report_late(struct detector *detector, struct thread *thread)
{
	struct late_act *act = stale_reads_late_act(thread->accesses.stale_reads);

	if (!act->is_waiting)
		return;
	/* relaxed: see stale_reads_life_changes(). */
	if (load_relaxed(&act->stale.is_over))
		report_seen(detector, thread, act, kind_of(&act->stale, &act->access), 0);
	else
		settle_late(detector, thread, act,
			    detector->hooks->value_at(act->access.address,
						      act->access.size_bytes));
	act->is_waiting = false;
	act->stale.address = 0;
	thread->accesses.stale_read_count--;
}

/* An empty prediction, or NULL: it, or the same as seen to happen, is known. */
static struct finding *begin_prediction(struct detector *detector, enum finding_kind kind,
					uint64_t key)
{
	uint32_t number = report_number(detector, kind, predicted_key(key));
	struct finding *finding;

	if (number)
		detector->hooks->count(detector, number);
	if (number || report_is_known(detector, kind, key))
		return NULL;
	finding = report_begin(detector, kind);
	finding->severity = SEVERITY_WARNING;
	finding->details = DETAIL_SPLIT | DETAIL_PREDICTED;
	finding->is_provisional = true;
	return finding;
}

/* --- What came before the read ---------------------------------------------- */

/* Has the thread that wrote stale->last given away, by a hand-over that was known
 * at the read, what it knew after that write?  Yes if that is forgotten. */
static bool was_handed_over(struct detector *detector, const struct stale_read *stale)
{
	const struct thread *writer =
		detector_thread(detector, slot_thread_id_of(detector, stale->last.word));
	uint64_t epoch = shadow_epoch(stale->last.word);
	uint32_t count = writer ? load_relaxed(&writer->clocks.give_count) : 0;

	if (!writer)
		return true;
	for (uint32_t i = 0; i < count && i < THREAD_GIVES; i++) {
		const struct thread_give *give = &writer->clocks.gives[i];

		/* relaxed: a prediction; the worst is that none is made. */
		if (load_relaxed(&give->hand_over) <= stale->known &&
		    load_relaxed(&give->epoch) >= epoch)
			return true;
	}
	/* Were all that came after the write looked at? */
	return count > THREAD_GIVES &&
	       load_relaxed(&writer->clocks.gives[count % THREAD_GIVES].epoch) >= epoch;
}

/* Locks that were held all the time from the read to now. */
static uint32_t kept_locks(const struct thread *thread, const struct stale_read *stale,
			   lock_id *kept)
{
	uint32_t count = 0;

	for (uint32_t k = 0; k < stale->lock_count; k++) {
		if (stale->given_up & 1u << k)
			continue;
		for (uint32_t i = 0; i < thread->held.count; i++) {
			const struct sync_info *info = thread->held.locks[i].object->info;

			if (info && info->id == stale->locks[k].lock) {
				kept[count++] = info->id;
				break;
			}
		}
	}
	return count;
}

/* An update that came before the read could have come after it. */
static void predict_later(struct race_step *step, const struct access *access,
			  const struct stale_read *stale, enum finding_kind kind, stack_id stack)
{
	struct detector *detector = step->detector;
	uint64_t key = key_of(stale, access->site);
	struct finding *finding;

	if (action_of(detector, origin_site(detector, stale->last.origin)) != ACTION_UPDATE ||
	    was_handed_over(detector, stale))
		return;
	finding = begin_prediction(detector, kind, key);
	if (!finding)
		return;
	memory_block_report(detector, finding, access->address);
	add_other(detector, finding, access, &stale->last);
	add_stale_read(detector, finding, step->thread->id, stale, access->address);
	add_mine(finding, step->thread, access, ACTION_WRITE, stack);
	report_emit(detector, finding, predicted_key(key));
}

/* --- Places that are updated in split sections ------------------------------ */

static struct split_update *split_place(struct detector *detector, uintptr_t address)
{
	return &detector->splits[(address >> 2) % UPDATE_SPLITS];
}

/* Called with detector.lock held. */
static void keep_split(struct race_step *step, const struct access *access,
		       const struct split_update *split)
{
	struct detector *detector = step->detector;
	struct split_update *place;

	if (!detector->splits)
		detector->splits = arena_alloc(&detector->arena,
					       UPDATE_SPLITS * sizeof(*detector->splits));
	if (!detector->splits)
		return;
	place = split_place(detector, access->address);
	if (!place->address)
		/* release: pairs with update_check_splits(). */
		store_release(&detector->split_count, detector->split_count + 1);
	*place = *split;
	marks_put(&detector->split_marks, access->address);
}

void update_note_split(struct race_step *step, const struct access *access,
		       const struct stale_read *stale)
{
	struct detector *detector = step->detector;
	struct thread *thread = step->thread;
	bool is_others = stale->last.word && shadow_slot(stale->last.word) != thread->slot;
	stack_id stack = origin_stack_of_access(detector, thread, access) & ~STACK_ID_IN_HANDLER;
	struct split_update split = {
		.address = access->address,
		.thread = thread->id,
		.slot = thread->slot,
		.hand_over = vclock_get(&thread->clocks.hand_over, thread->slot),
		.kind = kind_of(stale, access),
		.site = access->site,
		.origin = origin_of_access(detector, thread, access, true),
		.stale = *stale,
	};

	site_suspect(&detector->sites, stale->site);
	site_suspect(&detector->sites, access->site);
	split.kept_count = kept_locks(thread, stale, split.kept);
	runtime_lock(&detector->lock);
	if (is_others && !split.kept_count)
		predict_later(step, access, stale, split.kind, stack);
	keep_split(step, access, &split);
	runtime_unlock(&detector->lock);
}

void update_forget_splits(struct detector *detector, uintptr_t start, uintptr_t end)
{
	/* A section that splits while its memory is freed is a race anyway. */
	if (LIKELY(!marks_find(&detector->split_marks, start, end - start)))
		return;
	runtime_lock(&detector->lock);
	marks_take(&detector->split_marks, start, end - start);
	for (uint32_t i = 0; detector->splits && i < UPDATE_SPLITS; i++) {
		struct split_update *split = &detector->splits[i];

		if (!split->address)
			continue;
		if (split->address < start || split->address >= end) {
			marks_put(&detector->split_marks, split->address);
			continue;
		}
		split->address = 0;
		store_release(&detector->split_count, detector->split_count - 1);
	}
	runtime_unlock(&detector->lock);
}

/* Is one of the locks held from @split's read to its write held by @thread, too? */
static bool is_kept_out(const struct thread *thread, const struct split_update *split)
{
	for (uint32_t i = 0; i < thread->held.count; i++) {
		const struct sync_info *info = thread->held.locks[i].object->info;

		for (uint32_t k = 0; info && k < split->kept_count; k++)
			if (split->kept[k] == info->id)
				return true;
	}
	return false;
}

/* Could @thread's update, now, have come between the halves of @split? */
static bool could_come_between(const struct thread *thread, const struct split_update *split)
{
	return split->thread != thread->id &&
	       vclock_get(&thread->clocks.hand_over, split->slot) < split->hand_over &&
	       stale_read_is_under_same_lock(thread, &split->stale) && !is_kept_out(thread, split);
}

static void predict_between(struct race_step *step, const struct access *access,
			    const struct split_update *split, stack_id stack)
{
	struct detector *detector = step->detector;
	uint64_t key = key_of(&split->stale, split->site);
	struct finding *finding = begin_prediction(detector, split->kind, key);
	struct finding_event *event;

	if (!finding)
		return;
	memory_block_report(detector, finding, access->address);
	add_stale_read(detector, finding, split->thread, &split->stale, access->address);
	event = report_access(finding, split->thread, ACTION_WRITE,
			  origin_stack(detector, split->origin), access->address,
			  access->size_bytes);
	if (event)
		origin_tell_holds(detector, split->origin, event);
	add_mine(finding, step->thread, access, ACTION_UPDATE, stack);
	report_emit(detector, finding, predicted_key(key));
}

void update_check_splits(struct race_step *step, const struct access *access)
{
	struct detector *detector = step->detector;
	const struct split_update *split = split_place(detector, access->address);
	stack_id stack;

	/* relaxed: looked at again, with the lock. */
	if (load_relaxed(&split->address) != access->address ||
	    load_relaxed(&split->thread) == step->thread->id)
		return;
	stack = origin_stack_of_access(detector, step->thread, access) & ~STACK_ID_IN_HANDLER;
	runtime_lock(&detector->lock);
	if (split->address == access->address && could_come_between(step->thread, split))
		predict_between(step, access, split, stack);
	runtime_unlock(&detector->lock);
}
