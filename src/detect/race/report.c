/*
 * Findings about memory: two accesses, and the block that they are to.
 */
#include "base/hash.h"
#include "detect/base/thread.h"
#include "detect/shadow/benign.h"
#include "detect/race/record_fast.h"
#include "detect/base/memory_block.h"
#include "detect/race/race.h"
#include "detect/base/report.h"

/* A reported race, for who takes it back. */
struct race_record {
	uintptr_t granule;
	uint32_t bytes; /* of the granule, that both access */
	uint64_t key;
	uint64_t updates; /* key_of_updates() */
	enum finding_kind kind;
	bool is_proven;	  /* DETAIL_VALUE_SEEN */
	bool is_of_plain; /* it does not hold for atomics */
	bool has_callers; /* of the earlier access */
	bool is_held_back;
	site_id writer;
	struct memory_block block; /* that it is in */
	uint32_t number; /* 0: it was taken back */
	struct race_record *next;
};

static bool is_held_back(const struct race_verdict *verdict)
{
	return verdict->rests_on.numbers[0];
}

/* Nothing that comes later replaces such a finding, or takes it back. */
static bool is_beside_atomic(const struct race_verdict *verdict)
{
	return verdict->kind == FINDING_DATA_RACE && verdict->severity == SEVERITY_NOTE;
}

/* The same two places in the code make the same finding, in either order. */
static uint64_t key_of(const struct race_step *step)
{
	uint64_t mine = step->site;
	uint64_t other = step->other_site;

	return mine < other ? hash_append(hash_append(3, mine), other)
			    : hash_append(hash_append(3, other), mine);
}

/* Load and store of one update are one. */
static uint64_t update_of(const struct detector *detector, site_id id)
{
	const struct site *site = site_get(&detector->sites, id);

	return site && site->update_group ? 1ull << 32 | site->update_group : id;
}

/* The same two updates make the same finding, whichever halves of them meet. */
static uint64_t key_of_updates(const struct race_step *step)
{
	uint64_t mine = update_of(step->detector, step->site);
	uint64_t other = update_of(step->detector, step->other_site);

	return mine < other ? hash_append(hash_append(4, mine), other)
			    : hash_append(hash_append(4, other), mine);
}

/* Whose stack @address is on, or 0. */
static thread_id stack_owner(const struct detector *detector, uintptr_t address)
{
	for (thread_id id = 1; id <= detector->threads.last; id++) {
		const struct thread *thread = detector_thread(detector, id);

		if (thread && thread->memory && address >= thread->stack_start &&
		    address < thread->stack_end)
			return id;
	}
	return 0;
}

static enum finding_action action_of(bool is_write, bool is_update)
{
	if (!is_write)
		return ACTION_READ;
	return is_update ? ACTION_UPDATE : ACTION_WRITE;
}

/* Bytes of a granule in a row. */
struct run {
	uint32_t first;
	uint32_t length;
};

/* The run in @bytes that has the first of @shared: of one access of @site, where
 * several of them would look the same as one. */
static struct run run_of(const struct site *site, uint32_t bytes, uint32_t shared)
{
	uint32_t first = shared ? (uint32_t)__builtin_ctz(shared) : 0;
	uint32_t size = site ? site->size_bytes : 0;
	uint32_t length;

	bytes |= 1u << first;
	if (size && size < SHADOW_GRANULE && !(size & (size - 1))) {
		uint32_t block = ((1u << size) - 1) << (first & ~(size - 1));

		if ((bytes & block) == block)
			return (struct run){first & ~(size - 1), size};
	}
	while (first > 0 && bytes >> (first - 1) & 1)
		first--;
	length = (uint32_t)__builtin_ctz(~(bytes >> first));
	return (struct run){first, length};
}

static void add_other(struct race_step *step, struct finding *finding)
{
	const struct site *site = site_get(&step->detector->sites, step->other_site);
	bool is_update = site && site->flags & SITE_UPDATE;
	struct run run = run_of(site, shadow_bytes(step->other), step->shared_bytes);
	struct finding_event *event;

	if (!step->other_origin)
		detector_count(step->detector, LOST_ORIGINS);
	event = report_access(
		finding, slot_thread_id_of(step->detector, step->other),
		step->other_is_freed ? ACTION_FREE : action_of(step->other_is_write, is_update),
		origin_stack_at(step->detector, origin_stack(step->detector, step->other_origin),
				step->other_site),
		step->granule + run.first, run.length);
	if (!event)
		return;
	event->target = stack_owner(step->detector, event->address);
	origin_tell_holds(step->detector, step->other_origin, event);
}

/* The part of the access that is @step->site's. */
static struct run my_run(const struct race_step *step)
{
	const struct site *head = site_get(&step->detector->sites, step->access->site);
	const struct site *site = site_get(&step->detector->sites, step->site);

	if (!site || !head || !head->next_member)
		return (struct run){0, (uint32_t)step->access->size_bytes};
	return (struct run){site->member_offset, site->size_bytes};
}

static void add_mine(struct race_step *step, struct finding *finding, stack_id stack)
{
	const struct access *access = step->access;
	const struct site *site = site_get(&step->detector->sites, step->site);
	uint32_t flags = site ? site->flags : access->flags;
	struct run run = my_run(step);
	struct finding_event *event =
		report_access(finding, step->thread->id,
			      step->is_freeing
				      ? ACTION_FREE
				      : action_of(step->is_write, flags & SITE_UPDATE),
			      origin_stack_at(step->detector, stack, step->site),
			      access->address + run.first, run.length);

	if (!event)
		return;
	event->value = (run.first < sizeof(access->value) ? access->value : access->upper) >>
		       run.first % sizeof(access->value) * 8;
	if (run.length < sizeof(access->value))
		event->value &= (1ull << run.length * 8) - 1;
	event->has_value = access->has_value &&
			   run.first % sizeof(access->value) + run.length <= sizeof(access->value);
	event->target = stack_owner(step->detector, event->address);
	if (access->is_late)
		event->holds_are_unknown = true;
	else
		report_holds(event, step->thread);
}

static void suspect_sites(struct race_step *step)
{
	site_suspect(&step->detector->sites, step->access->site);
	site_suspect(&step->detector->sites, origin_site(step->detector, step->other_origin));
}

/* Where the value that was overwritten had been read. */
static void add_stale_read(struct race_step *step, struct finding *finding)
{
	const struct stale_read *stale = step->stale;
	struct finding_event *event =
		report_access(finding, step->thread->id, ACTION_READ,
			      origin_stack(step->detector, stale->origin), step->access->address,
			      stale->size_bytes);

	if (!event)
		return;
	event->value = stale->value;
	event->has_value = stale->has_value;
	event->target = stack_owner(step->detector, step->access->address);
	stale_read_tell_holds(step->detector, stale, event);
}

static void keep_record(struct race_step *step, const struct race_verdict *verdict, uint64_t key,
			uint32_t number)
{
	struct race_record *record = arena_alloc(&step->detector->arena, sizeof(*record));

	if (!record)
		return;
	*record = (struct race_record){
		.granule = step->granule,
		.bytes = step->shared_bytes,
		.key = key,
		.updates = key_of_updates(step),
		.kind = verdict->kind,
		.is_proven = verdict->details & DETAIL_VALUE_SEEN,
		.is_of_plain = verdict->kind != FINDING_LOST_UPDATE &&
			       !(verdict->details & DETAIL_FREED),
		.has_callers = origin_has_callers(step->other_origin),
		.is_held_back = is_held_back(verdict),
		.writer = step->is_write ? step->site : step->other_site,
		.block = memory_block_find(step->detector, step->granule),
		.number = number,
		.next = step->detector->races,
	};
	/* release: pairs with race_retract(). */
	store_release(&step->detector->races, record);
}

static void forget_met(struct detector *detector, uint32_t number)
{
	for (thread_id id = 1; id <= detector->threads.last; id++) {
		struct thread *thread = detector_thread(detector, id);

		for (uint32_t i = 0; thread && i < MET_RACES; i++)
			if (thread->accesses.races[i].finding == number)
				store_relaxed(&thread->accesses.races[i].key,
					      0); /* relaxed: a cache */
	}
}

/* --- What one finding says better than others -------------------------------- */

static void take_back(struct detector *detector, struct race_record *record)
{
	report_forget(detector, record->kind, record->key);
	forget_met(detector, record->number);
	record->number = 0;
}

/* Two updates' halves had met before, or the same is now known with the value that
 * was overwritten: one of these findings is replaced, the others are taken back. */
static uint32_t replace_halves(struct race_step *step)
{
	struct detector *detector = step->detector;
	uint64_t updates = key_of_updates(step);
	uint32_t replaced = 0;

	for (struct race_record *record = detector->races; record; record = record->next) {
		uint32_t number = record->number;

		if (!number || record->updates != updates ||
		    (record->kind != FINDING_DATA_RACE && record->kind != FINDING_LOST_UPDATE))
			continue;
		take_back(detector, record);
		if (replaced)
			report_retract(detector, number);
		else
			replaced = number;
	}
	return replaced;
}

static struct race_record *find_record(const struct detector *detector, uint32_t number)
{
	struct race_record *record = detector->races;

	while (record && record->number != number)
		record = record->next;
	return record;
}

static bool is_proven(const struct detector *detector, uint32_t number)
{
	const struct race_record *record = find_record(detector, number);

	return !record || record->is_proven;
}

static uint32_t find_known_update(const struct race_step *step)
{
	uint32_t number = report_number(step->detector, FINDING_LOST_UPDATE, key_of_updates(step));
	const struct race_record *record = number ? find_record(step->detector, number) : NULL;

	return record && record->is_held_back ? 0 : number;
}

/* The finding that says it already, or 0. */
static uint32_t find_known(struct race_step *step, const struct race_verdict *verdict, uint64_t key)
{
	struct detector *detector = step->detector;
	uint32_t number = report_number(detector, verdict->kind, key);

	/* Halves of updates that are known to meet. */
	if (!number && verdict->kind == FINDING_DATA_RACE && !(verdict->details & DETAIL_FREED))
		number = find_known_update(step);
	if (number && verdict->details & DETAIL_VALUE_SEEN && !is_proven(detector, number))
		return 0;
	return number;
}

/* Is finding @number to be replaced by this occurrence?  If it did not know the callers of
 * the earlier access, or was held back, and this one does, or is not. */
static bool is_better_known(struct race_step *step, const struct race_verdict *verdict,
			    uint64_t key, uint32_t number)
{
	struct race_record *record = find_record(step->detector, number);
	bool has_callers = origin_has_callers(step->other_origin);

	if (!record || record->kind != verdict->kind || record->key != key ||
	    is_held_back(verdict) ||
	    !(record->is_held_back || (has_callers && !record->has_callers)))
		return false;
	take_back(step->detector, record);
	return true;
}

/* --- Reports ----------------------------------------------------------------- */

static uint32_t emit_race(struct race_step *step, const struct race_verdict *verdict, uint64_t key,
			  stack_id stack)
{
	struct detector *detector = step->detector;
	struct finding *finding;
	uint32_t number = find_known(step, verdict, key);
	uint32_t replaced = 0;

	if (number && is_better_known(step, verdict, key, number)) {
		replaced = number;
	} else if (number) {
		if (!is_held_back(verdict))
			detector->hooks->count(detector, number);
		return number;
	} else if (verdict->kind == FINDING_LOST_UPDATE && !is_held_back(verdict)) {
		replaced = replace_halves(step);
	}
	finding = report_begin(detector, verdict->kind);
	finding->severity = verdict->severity;
	finding->details = verdict->details;
	finding->replaces = replaced;
	finding->rests_on = verdict->rests_on;
	if (is_held_back(verdict))
		finding->details |= DETAIL_HELD_BACK;
	finding->is_provisional = verdict->severity != SEVERITY_ERROR || is_held_back(verdict);
	memory_block_report(detector, finding, step->access->address);
	if (verdict->details & DETAIL_VALUE_SEEN)
		add_stale_read(step, finding);
	add_other(step, finding);
	add_mine(step, finding, stack);
	number = report_emit(detector, finding, key);
	if (!is_beside_atomic(verdict))
		keep_record(step, verdict, key, number);
	return number;
}

/* Both threads held the same lock exclusively, and code that is not observed has released
 * and taken it in between: then it has ordered them. */
static bool is_excluded(const struct race_step *step)
{
	/* relaxed: as in classify.c */
	return load_relaxed(&step->detector->has_unseen_order) && !step->access->is_late &&
	       origin_shares_lock(step->detector, step->other_origin, step->thread);
}

uint32_t race_report(struct race_step *step, const struct race_verdict *verdict)
{
	uint64_t key = verdict->kind == FINDING_LOST_UPDATE ? key_of_updates(step) : key_of(step);
	uint64_t known =
		(verdict->details & DETAIL_VALUE_SEEN) | origin_has_callers(step->other_origin) |
		(uint64_t)is_held_back(verdict) << 1;
	uint64_t quick = hash_append(key, (uint64_t)verdict->kind << 32 | known);
	struct met_race *met = &step->thread->accesses.races[quick % MET_RACES];
	stack_id stack;

	if (benign_has_region(step->detector, step->mine, step->is_write) ||
	    benign_has_region(step->detector, step->other, step->other_is_write))
		return 0;
	if (is_excluded(step) || benign_has(step->detector, step->access->address))
		return 0;
	if (met->key == quick) {
		if (!is_held_back(verdict))
			step->detector->hooks->count(step->detector, met->finding);
		return met->finding;
	}
	suspect_sites(step);
	stack = origin_stack_of_access(step->detector, step->thread, step->access);
	if (!stack) /* it is classified late: its place is known, its callers are not */
		stack = origin_stack(step->detector, origin_of_site(step->access->site));
	runtime_lock(&step->detector->lock);
	met->finding = emit_race(step, verdict, key, stack);
	met->key = quick;
	runtime_unlock(&step->detector->lock);
	return met->finding;
}

/* Is the block there the one that the race was in, or of its kind? */
static bool is_in_same_block(struct detector *detector, const struct race_record *record)
{
	struct memory_block block = memory_block_find(detector, record->granule);

	return memory_block_is_same(&record->block, &block);
}

/* Is it one of those that are told beside atomics? */
static bool may_be_beside(const struct detector *detector, const struct race_record *record)
{
	struct site *writer = site_get(&detector->sites, record->writer);

	return record->kind == FINDING_DATA_RACE && !record->is_held_back && writer &&
	       race_tells_beside(writer);
}

void race_retract(struct detector *detector, uintptr_t granule, uint32_t bytes)
{
	/* acquire: pairs with keep_record(). */
	if (LIKELY(!load_acquire(&detector->races)))
		return;
	runtime_lock(&detector->lock);
	for (struct race_record *record = detector->races; record; record = record->next) {
		if (record->granule != granule || !(record->bytes & bytes) || !record->number ||
		    !record->is_of_plain || !is_in_same_block(detector, record))
			continue;
		if (may_be_beside(detector, record))
			report_lower(detector, record->number);
		else
			report_retract(detector, record->number);
		take_back(detector, record);
	}
	runtime_unlock(&detector->lock);
}
