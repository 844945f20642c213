/*
 * Findings about memory: two accesses, and the block that they are to.
 */
#include "detect/access_fast.h"
#include "detect/chain.h"
#include "detect/memory_block.h"
#include "detect/race.h"
#include "detect/report.h"

/* A reported race, for who takes it back. */
struct race_record {
	uintptr_t granule;
	uint64_t key;
	enum finding_kind kind;
	uint32_t number;
	struct race_record *next;
};

/* The same two places in the code make the same finding, in either order. */
static uint64_t key_of(const struct race_step *step)
{
	uint64_t mine = step->access->site;
	uint64_t other = origin_site(step->detector, step->other_what);

	return mine < other ? chain_mix(chain_mix(3, mine), other)
			    : chain_mix(chain_mix(3, other), mine);
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

static void add_block(struct race_step *step, struct finding *finding)
{
	struct memory_block block;
	struct finding_event *event;

	if (!step->detector->hooks->block_of ||
	    !step->detector->hooks->block_of(step->detector, step->access->address, &block))
		return;
	event = report_event(finding, block.thread, ACTION_ALLOCATE, NULL, block.stack);
	if (!event)
		return;
	event->address = block.start;
	event->size_bytes = block.size_bytes;
}

static enum finding_action action_of(bool is_write, bool is_update)
{
	if (!is_write)
		return ACTION_READ;
	return is_update ? ACTION_UPDATE : ACTION_WRITE;
}

static void add_other(struct race_step *step, struct finding *finding)
{
	const struct site *site = site_get(&step->detector->sites,
					   origin_site(step->detector, step->other_what));
	bool is_update = site && site->flags & SITE_UPDATE;
	uint32_t bytes = shadow_bytes(step->other);
	struct finding_event *event;

	if (!step->other_what)
		detector_count(step->detector, LOST_ORIGINS);
	event = report_event(finding, race_thread_of(step->detector, step->other),
			     step->other_is_freed ? ACTION_FREE
						  : action_of(step->other_is_write, is_update),
			     NULL, origin_stack(step->detector, step->other_what));
	if (!event)
		return;
	event->address = step->granule + (bytes ? (uint32_t)__builtin_ctz(bytes) : 0);
	event->size_bytes = site && site->size_bytes ? site->size_bytes
						     : (uint32_t)__builtin_popcount(bytes);
	event->target = stack_owner(step->detector, event->address);
}

static void add_mine(struct race_step *step, struct finding *finding, stack_id stack)
{
	const struct access *access = step->access;
	struct finding_event *event =
		report_event(finding, step->thread->id,
			     step->is_freeing
				     ? ACTION_FREE
				     : action_of(step->is_write, access->flags & SITE_UPDATE),
			     NULL, stack & ~STACK_ID_IN_HANDLER);

	if (!event)
		return;
	event->address = access->address;
	event->size_bytes = access->size_bytes;
	event->value = access->value;
	event->has_value = access->has_value;
	event->target = stack_owner(step->detector, access->address);
	report_holds(event, step->thread);
}

static void suspect(struct race_step *step)
{
	access_suspect(&step->detector->sites, step->access->site);
	access_suspect(&step->detector->sites, origin_site(step->detector, step->other_what));
}

static void keep_record(struct race_step *step, enum finding_kind kind, uint64_t key,
			uint32_t number)
{
	struct race_record *record = arena_alloc(&step->detector->arena, sizeof(*record));

	if (!record)
		return;
	*record = (struct race_record){step->granule, key, kind, number, step->detector->races};
	/* release: pairs with race_retract(). */
	store_release(&step->detector->races, record);
}

static uint32_t emit(struct race_step *step, const struct race_verdict *verdict, uint64_t key,
		     stack_id stack)
{
	struct finding *finding;
	uint32_t number = report_number(step->detector, verdict->kind, key);

	if (number) {
		step->detector->hooks->count(step->detector, number);
		return number;
	}
	finding = report_begin(step->detector, verdict->kind);
	finding->severity = verdict->severity;
	finding->details = verdict->details;
	finding->is_provisional = verdict->severity != SEVERITY_ERROR;
	add_block(step, finding);
	add_other(step, finding);
	add_mine(step, finding, stack);
	number = report_emit(step->detector, finding, key);
	keep_record(step, verdict->kind, key, number);
	return number;
}

void race_report(struct race_step *step, const struct race_verdict *verdict)
{
	uint64_t key = key_of(step);
	uint64_t quick = chain_mix(key, verdict->kind);
	struct thread_race *met = &step->thread->races[quick % THREAD_RACES];
	stack_id stack;

	if (met->key == quick) {
		step->detector->hooks->count(step->detector, met->finding);
		return;
	}
	suspect(step);
	stack = origin_stack_of_access(step->detector, step->thread, step->access);
	runtime_lock(&step->detector->lock);
	met->finding = emit(step, verdict, key, stack);
	met->key = quick;
	runtime_unlock(&step->detector->lock);
}

static void forget_met(struct detector *detector, uint32_t number)
{
	for (thread_id id = 1; id <= detector->threads.last; id++) {
		struct thread *thread = detector_thread(detector, id);

		for (uint32_t i = 0; thread && i < THREAD_RACES; i++)
			if (thread->races[i].finding == number)
				store_relaxed(&thread->races[i].key, 0); /* relaxed: a cache */
	}
}

void race_retract(struct detector *detector, uintptr_t granule)
{
	/* acquire: pairs with keep_record(). */
	if (LIKELY(!load_acquire(&detector->races)))
		return;
	runtime_lock(&detector->lock);
	for (struct race_record *record = detector->races; record; record = record->next) {
		if (record->granule != granule || !record->number)
			continue;
		report_forget(detector, record->kind, record->key);
		report_retract(detector, record->number);
		forget_met(detector, record->number);
		record->number = 0;
	}
	runtime_unlock(&detector->lock);
}
