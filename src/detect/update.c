#include "detect/update.h"

#include "detect/chain.h"
#include "detect/origin.h"
#include "detect/race.h"
#include "detect/report.h"

/* --- What is remembered of reads ------------------------------------------- */

static bool overlaps(const struct basis *basis, const struct access *access)
{
	return basis->address && basis->address < access->address + access->size_bytes &&
	       access->address < basis->address + basis->size_bytes;
}

static void forget(struct thread *thread, struct basis *basis)
{
	basis->address = 0;
	thread->basis_count--;
}

/*
 * A read of a place makes older reads of it irrelevant: what is written rests on
 * what was read last.  Only a decision outlives a read that decides nothing, as
 * the one in `stock--` after `if (stock > 0)`.
 */
static void forget_older(struct thread *thread, const struct access *access,
			 const struct site *site)
{
	bool is_value = site && site->slice && !(site->flags & SITE_DECIDES);

	for (uint32_t i = 0; thread->basis_count && i < UPDATE_BASES; i++) {
		struct basis *basis = &thread->bases[i];

		if (overlaps(basis, access) &&
		    !(is_value && basis->decides && basis->slice == site->slice))
			forget(thread, basis);
	}
}

/* A free place, else the one in turn. */
static struct basis *take_place(struct thread *thread, uint32_t turn)
{
	if (!thread->bases)
		thread->bases = arena_alloc(&thread->memory->arena,
					    UPDATE_BASES * sizeof(*thread->bases));
	if (!thread->bases)
		return NULL;
	for (uint32_t i = 0; i < UPDATE_BASES; i++)
		if (!thread->bases[i].address)
			return &thread->bases[i];
	thread->basis_count--;
	return &thread->bases[turn % UPDATE_BASES];
}

static void note_locks(struct basis *basis, const struct thread *thread)
{
	uint32_t first = thread->held_count > UPDATE_LOCKS ? thread->held_count - UPDATE_LOCKS : 0;

	basis->lock_count = 0;
	for (uint32_t i = first; i < thread->held_count; i++) {
		const struct held_lock *held = &thread->held[i];

		if (held->object->info)
			basis->locks[basis->lock_count++] = (struct finding_hold){
				.lock = held->object->info->id,
				.mode = held->mode == LOCK_EXCLUSIVE ? HOLD_EXCLUSIVE : HOLD_SHARED,
				.stack = held->stack,
			};
	}
}

void update_read(struct detector *detector, struct thread *thread, const struct access *access,
		 uint64_t last_write)
{
	const struct site *site = site_get(&detector->sites, access->site);
	struct basis *basis;

	if (thread->basis_count)
		forget_older(thread, access, site);
	if (!site || !site->slice || !(site->flags & (SITE_BASIS | SITE_DECIDES)) ||
	    thread->held_count == 0)
		return;
	basis = take_place(thread, access->site);
	if (!basis)
		return;
	*basis = (struct basis){
		.address = access->address,
		.size_bytes = (uint32_t)access->size_bytes,
		.slice = site->slice,
		.site = access->site,
		.decides = site->flags & SITE_DECIDES,
		.has_value = access->has_value,
		.value = access->value,
		.last_write = last_write,
		.stack = origin_stack_of_access(detector, thread, access),
	};
	note_locks(basis, thread);
	thread->basis_count++;
}

void update_split(struct thread *thread, lock_id lock)
{
	for (uint32_t i = 0; i < UPDATE_BASES; i++) {
		struct basis *basis = &thread->bases[i];

		for (uint32_t k = 0; basis->address && k < basis->lock_count; k++)
			if (basis->locks[k].lock == lock)
				basis->is_split = true;
	}
}

/* --- What a write finds ---------------------------------------------------- */

/* Does @thread hold one of the locks under which @basis was read? */
static bool is_under_same_lock(const struct thread *thread, const struct basis *basis)
{
	for (uint32_t i = 0; i < thread->held_count; i++) {
		const struct sync_info *info = thread->held[i].object->info;

		for (uint32_t k = 0; info && k < basis->lock_count; k++)
			if (basis->locks[k].lock == info->id)
				return true;
	}
	return false;
}

/* Was the word written by another thread, in a life that it is not ordered
 * with by the thread's creation? */
static bool is_foreign(const struct thread *thread, uint64_t word)
{
	enum shadow_form form = shadow_form(word);

	if (!word || form != SHADOW_PLAIN || shadow_slot(word) == thread->slot)
		return false;
	return snapshot_get(thread->birth, shadow_slot(word)) < shadow_epoch(word);
}

static void add_access(struct finding *finding, thread_id thread, enum finding_action action,
		       const struct access *access, stack_id stack)
{
	struct finding_event *event = report_event(finding, thread, action, NULL, stack);

	if (!event)
		return;
	event->address = access->address;
	event->size_bytes = access->size_bytes;
	event->value = access->value;
	event->has_value = access->has_value;
}

static void add_basis(struct finding *finding, thread_id thread, const struct basis *basis)
{
	struct finding_event *event =
		report_event(finding, thread, ACTION_READ, NULL, basis->stack);

	if (!event)
		return;
	event->address = basis->address;
	event->size_bytes = basis->size_bytes;
	event->value = basis->value;
	event->has_value = basis->has_value;
	event->hold_count = basis->lock_count;
	for (uint32_t i = 0; i < basis->lock_count; i++)
		event->holds[i] = basis->locks[i];
}

static void add_other(struct detector *detector, struct finding *finding,
		      const struct access *access, uint64_t word)
{
	struct access other = *access;

	other.has_value = false;
	add_access(finding, race_thread_of(detector, word), ACTION_WRITE, &other,
		   origin_stack_of_write(detector, access->address, word));
}

static void add_write(struct detector *detector, struct finding *finding, struct thread *thread,
		      const struct access *access, stack_id stack)
{
	(void)detector;
	add_access(finding, thread->id, ACTION_WRITE, access, stack);
	if (finding->event_count)
		report_holds(&finding->events[finding->event_count - 1], thread);
}

/* @thread's write rests on @basis, and @word's write came between. */
static void report_seen(struct detector *detector, struct thread *thread,
			const struct access *access, const struct basis *basis, uint64_t word)
{
	enum finding_kind kind = basis->decides ? FINDING_CHECK_THEN_ACT : FINDING_LOST_UPDATE;
	stack_id stack = origin_stack_of_access(detector, thread, access);
	struct finding *finding;

	runtime_lock(&detector->lock);
	finding = report_begin(detector, kind);
	finding->details = DETAIL_SPLIT;
	if (basis->has_value && access->has_value)
		finding->details |= DETAIL_VALUE_SEEN;
	add_basis(finding, thread->id, basis);
	add_other(detector, finding, access, word);
	add_write(detector, finding, thread, access, stack);
	report_emit(detector, finding, chain_mix(chain_mix(2, basis->site), access->site));
	runtime_unlock(&detector->lock);
}

/* The same, but @word's write, by another thread, came before: it could have
 * come between. */
static void report_possible(struct detector *detector, struct thread *thread,
			    const struct access *access, const struct basis *basis, uint64_t word)
{
	enum finding_kind kind = basis->decides ? FINDING_CHECK_THEN_ACT : FINDING_LOST_UPDATE;
	stack_id stack = origin_stack_of_access(detector, thread, access);
	uint64_t key = chain_mix(chain_mix(2, basis->site), access->site);
	struct finding *finding;

	runtime_lock(&detector->lock);
	if (!report_is_known(detector, kind, key)) {
		finding = report_begin(detector, kind);
		finding->severity = SEVERITY_WARNING;
		finding->details = DETAIL_SPLIT | DETAIL_PREDICTED;
		add_other(detector, finding, access, word);
		add_basis(finding, thread->id, basis);
		add_write(detector, finding, thread, access, stack);
		report_emit(detector, finding, chain_mix(key, DETAIL_PREDICTED));
	}
	runtime_unlock(&detector->lock);
}

/* --- Places that are updated in split sections ------------------------------ */

static struct split_update *split_place(struct detector *detector, uintptr_t address)
{
	return &detector->splits[(address >> 2) % UPDATE_SPLITS];
}

static void note_split(struct detector *detector, struct thread *thread,
		       const struct access *access, const struct basis *basis)
{
	struct split_update *split;

	runtime_lock(&detector->lock);
	if (!detector->splits)
		detector->splits = arena_alloc(&detector->arena,
					       UPDATE_SPLITS * sizeof(*detector->splits));
	if (detector->splits) {
		split = split_place(detector, access->address);
		*split = (struct split_update){
			.address = access->address,
			.thread = thread->id,
			.site = access->site,
			.last_write = race_word_of(thread),
			.basis = *basis,
			.stack = origin_stack_of_access(detector, thread, access),
		};
		store_release(&detector->split_count, 1u); /* pairs with update_concerns() */
	}
	runtime_unlock(&detector->lock);
}

static void report_split_of_other(struct detector *detector, struct thread *thread,
				  const struct access *access, const struct split_update *split)
{
	enum finding_kind kind =
		split->basis.decides ? FINDING_CHECK_THEN_ACT : FINDING_LOST_UPDATE;
	uint64_t key = chain_mix(chain_mix(2, split->basis.site), split->site);
	stack_id stack = origin_stack_of_access(detector, thread, access);
	struct finding *finding;
	struct access write = *access;

	if (report_is_known(detector, kind, key))
		return;
	finding = report_begin(detector, kind);
	finding->severity = SEVERITY_WARNING;
	finding->details = DETAIL_SPLIT | DETAIL_PREDICTED;
	add_basis(finding, split->thread, &split->basis);
	write.has_value = false;
	add_access(finding, split->thread, ACTION_WRITE, &write, split->stack);
	add_write(detector, finding, thread, access, stack);
	report_emit(detector, finding, chain_mix(key, DETAIL_PREDICTED));
}

/* @thread updates a place that another thread has updated in split sections. */
static void check_splits(struct detector *detector, struct thread *thread,
			 const struct access *access, uint64_t last_write)
{
	const struct split_update *split;

	runtime_lock(&detector->lock);
	split = split_place(detector, access->address);
	if (split->address == access->address && split->thread != thread->id &&
	    split->last_write == last_write && is_foreign(thread, last_write) &&
	    is_under_same_lock(thread, &split->basis))
		report_split_of_other(detector, thread, access, split);
	runtime_unlock(&detector->lock);
}

/* --- Writes ---------------------------------------------------------------- */

static bool is_other_update(struct detector *detector, uintptr_t address, uint64_t word)
{
	const struct site *site = site_get(&detector->sites,
					   origin_site_of_write(detector, address, word));

	return site && site->flags & SITE_UPDATE;
}

static void judge(struct detector *detector, struct thread *thread, const struct access *access,
		  const struct basis *basis, uint64_t last_write)
{
	if (!basis->is_split || !is_under_same_lock(thread, basis))
		return;
	if (last_write != basis->last_write && is_foreign(thread, last_write)) {
		if (!basis->has_value || !access->has_value || basis->value != access->value)
			report_seen(detector, thread, access, basis, last_write);
		return;
	}
	if (is_foreign(thread, last_write) && is_other_update(detector, access->address, last_write))
		report_possible(detector, thread, access, basis, last_write);
	note_split(detector, thread, access, basis);
}

void update_write(struct detector *detector, struct thread *thread, const struct access *access,
		  uint64_t last_write)
{
	const struct site *site = site_get(&detector->sites, access->site);

	/* acquire: pairs with note_split(). */
	if (load_acquire(&detector->split_count) && site && site->flags & SITE_UPDATE)
		check_splits(detector, thread, access, last_write);
	for (uint32_t i = 0; thread->basis_count && i < UPDATE_BASES; i++) {
		struct basis *basis = &thread->bases[i];

		if (!overlaps(basis, access))
			continue;
		if (site && site->slice == basis->slice && basis->address == access->address)
			judge(detector, thread, access, basis, last_write);
		forget(thread, basis);
	}
}
